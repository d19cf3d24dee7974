"""``liandan play``: the world on a line that runs already, as one of containers does."""

import asyncio

import pytest

from infra.local.service import ARCHIVER, GATEWAY, MEDICAL_WORKER, TRACK_WORKER, worker
from tests.conftest import MakeStack
from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_a_world_is_posted_and_graded_once_and_can_be_graded_again(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack(
        [GATEWAY, ARCHIVER, MEDICAL_WORKER, TRACK_WORKER, worker()], deadline_settle_s=1
    )
    liandan = Cli(stack.home)
    # In a thread: the stack's supervisor runs on this loop.
    played = await asyncio.to_thread(liandan, "play", "--manifests", "300", timeout=180)
    assert played.returncode == 0, played.stdout + played.stderr
    last = played.stdout.splitlines()[-1]
    assert "0 false alarms" in last
    assert "/metrics" not in played.stdout, "no stack was started for it"

    graded = liandan("play", "--manifests", "300", "--grade-only")
    assert graded.returncode == 0, graded.stdout + graded.stderr
    assert graded.stdout.splitlines()[-1] == last

    other = liandan("play", "--manifests", "300", "--seed", "8", "--grade-only")
    assert other.returncode == 1, "another world's labels do not fit"

    again = liandan("play", "--manifests", "300")
    assert again.returncode == 2
    assert "--grade-only" in again.stderr
    assert "Traceback" not in again.stderr + other.stderr


def test_without_a_line_it_says_what_does_not_answer(liandan: Cli) -> None:
    told = liandan(
        "play", LIANDAN_DATABASE_READER="postgresql://liandan_reader@127.0.0.1:9/liandan"
    )
    assert told.returncode == 3
    assert "Postgres" in told.stderr
    assert "Traceback" not in told.stderr
