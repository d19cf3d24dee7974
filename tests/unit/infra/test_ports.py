"""Ports that are given out once, whoever asks."""

import random
import socket
import subprocess
import sys

import pytest

from infra.local import ports
from infra.local.ports import HOST, free_port

OTHER = "from infra.local.ports import free_port; print(free_port(), flush=True); input()"


def _choices(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    left = list(numbers)
    monkeypatch.setattr(random, "randint", lambda _first, _last: left.pop(0))


def test_what_another_process_was_given_is_not_given_again_before_it_listens(monkeypatch):
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        theirs = int(other.stdout.readline())
        ours = free_port()
        _choices(monkeypatch, theirs, ours, *range(theirs + 1, theirs + 20))
        assert free_port() not in (theirs, ours)
        other.communicate("\n")
    _choices(monkeypatch, theirs)
    assert free_port() == theirs


def test_a_port_on_which_somebody_listens_is_not_given(monkeypatch):
    with socket.create_server((HOST, 0)) as server:
        taken = server.getsockname()[1]
        other = free_port()
        ports._claims.clear()
        _choices(monkeypatch, taken, other)
        assert free_port() == other
