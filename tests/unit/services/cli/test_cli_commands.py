import os
import signal
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from infra.local.errors import NoJava
from services.cli.console import Failure
from services.cli.failures import reaching, served
from services.cli.foreground import INTERRUPTED, run_foreground
from services.cli.line_state import LineState
from services.cli.main import app

run = CliRunner()


def test_help_names_every_command_in_both_languages():
    done = run.invoke(app, ["--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    for name in (
        "demo",
        "up",
        "doctor",
        "migrate",
        "simulate",
        "post",
        "registry",
        "key",
        "judge",
        "alerts",
    ):
        assert name in done.stdout
    assert "接受" not in done.stdout, "options of sub-commands are their own pages"


def test_an_unknown_command_is_an_error_of_use():
    assert run.invoke(app, ["dmeo"]).exit_code == 2


def test_version_is_one_line():
    assert run.invoke(app, ["--version"]).stdout.startswith("liandan ")


@pytest.mark.parametrize("name", ["judge", "grade", "simulate"])
def test_commands_on_files_load_neither_servers_nor_drivers(name):
    code = f"import sys, services.cli.main, services.cli.{name}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(out.stdout.split())
    assert not loaded & {"asyncpg", "aiokafka", "fastapi", "faust", "httpx2", "uvicorn"}


def test_a_stack_that_cannot_start_is_told_with_its_cure(capsys):
    with pytest.raises(typer.Exit) as ended, served():
        raise NoJava(17)
    assert ended.value.exit_code == 2


def test_what_is_away_is_a_failure_with_a_cure():
    with pytest.raises(Failure, match="liandan doctor") as failed, reaching("Postgres"):
        raise ConnectionRefusedError(111, "refused")
    assert failed.value.code == 3


@pytest.mark.parametrize(
    "command",
    ["alerts", "offsets show", "offsets accept --consumer judge --partition 0 --from end"],
)
def test_stores_that_are_away_are_told_in_two_sentences_and_exit_code_3(command, tmp_path):
    nowhere = {
        "LIANDAN_HOME": str(tmp_path),
        "LIANDAN_DATABASE_READER": "postgresql://liandan_reader@127.0.0.1:1/liandan",
        "LIANDAN_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *command.split()],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert "无法使用" in done.stderr
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_work_tidily(sig):
    import asyncio

    tidied = []

    async def work() -> int:
        try:
            os.kill(os.getpid(), sig)
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0)
            tidied.append(True)
        return 0

    assert run_foreground(work()) == INTERRUPTED
    assert tidied == [True]


@pytest.mark.parametrize(
    "rest", [{"dirty": 1}, {"rejudge": 1}, {"due": 1}, {"registry_pager": 3}], ids=str
)
def test_the_line_is_settled_only_when_nothing_waits(rest):
    calm = dict.fromkeys(LineState.__dataclass_fields__, 0) | {"registry_head": 4}
    assert LineState(**calm | {"registry_pager": 4}).settled
    assert not LineState(**calm | {"registry_pager": 4} | rest).settled
