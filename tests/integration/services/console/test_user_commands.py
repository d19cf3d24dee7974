"""``liandan user`` against a real database; what it makes can log in."""

import asyncio
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra.local.stack import LocalStack
from services.cli.main import app
from tests.integration.services.console.console_served import Served

PASSWORD = "correct horse battery"


class Desk:
    """Runs ``liandan user``; commands have an event loop of their own."""

    def __init__(self, stack: LocalStack, folder: Path) -> None:
        self.env = {"LIANDAN_HOME": str(stack.home), "COLUMNS": "200"}
        self.file = folder / "password"
        self.file.write_text(PASSWORD + "\n")

    async def run(self, *words: str | Path, stdin: str | None = None) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, app, ["user", *map(str, words)], env=self.env, input=stdin
        )


@pytest.fixture
def desk(stack: LocalStack, tmp_path: Path) -> Desk:
    return Desk(stack, tmp_path)


async def test_an_account_from_a_file_or_stdin_can_log_in(served: Served, desk: Desk) -> None:
    done = await desk.run(
        "add", "zhang.san", "--name", "张三", "--region", "13", "--region", "3701",
        "--password-file", desk.file,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    done = await desk.run(
        "add", "li.si", "--name", "李四", "--nationwide", "--role", "admin", "--password-file", "-",
        stdin=PASSWORD,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for login in ("zhang.san", "li.si"):
        assert (await served.browser().log_in(login, PASSWORD)).status_code == 303
    listed = (await desk.run("list")).stdout
    assert "张三" in listed
    assert "河北省 13、济南市 3701" in listed
    assert "全国" in listed
    assert "argon2" not in listed


async def test_a_password_is_changed_and_an_account_closed_and_opened(
    served: Served, desk: Desk
) -> None:
    await desk.run(
        "add", "wang.wu", "--name", "王五", "--region", "54", "--password-file", desk.file
    )
    desk.file.write_text("another good password")
    assert (await desk.run("passwd", "wang.wu", "--password-file", desk.file)).exit_code == 0
    assert (await served.browser().log_in("wang.wu", PASSWORD)).status_code == 401
    assert (await served.browser().log_in("wang.wu", "another good password")).status_code == 303
    assert (await desk.run("disable", "wang.wu")).exit_code == 0
    assert (await served.browser().log_in("wang.wu", "another good password")).status_code == 401
    assert "停用" in (await desk.run("list")).stdout
    assert (await desk.run("enable", "wang.wu")).exit_code == 0
    assert (await served.browser().log_in("wang.wu", "another good password")).status_code == 303
    for command in (("disable", "nobody"), ("passwd", "nobody", "--password-file", desk.file)):
        done = await desk.run(*command)
        assert done.exit_code == 1
        assert "nobody" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "x", "--name", "甲"), "--region"),
        (("add", "x", "--name", "甲", "--nationwide", "--region", "13"), "--nationwide"),
        (("add", "X!", "--name", "甲", "--region", "13"), "登录名"),
        (("add", "x", "--name", "甲", "--region", "99"), "行政区划代码"),
        (("add", "x", "--name", "甲", "--region", "130"), "行政区划代码"),
        (("add", "x", "--name", " ", "--region", "13"), "姓名"),
        (("add", "x", "--name", "甲", "--region", "13", "--role", "king"), "角色"),
    ],
)
async def test_what_is_not_valid_is_refused_in_both_languages(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    done = await desk.run(*words, "--password-file", desk.file)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.output


async def test_a_taken_login_and_a_short_password_are_refused(desk: Desk) -> None:
    words = ("add", "taken", "--name", "甲", "--region", "13", "--password-file", desk.file)
    assert (await desk.run(*words)).exit_code == 0
    done = await desk.run(*words)
    assert done.exit_code == 2
    assert "已存在" in done.stderr
    desk.file.write_text("short")
    assert "10" in (await desk.run("passwd", "taken", "--password-file", desk.file)).stderr


async def test_no_terminal_and_no_file_is_told_instead_of_asked(desk: Desk) -> None:
    done = await desk.run("add", "x", "--name", "甲", "--region", "13")
    assert done.exit_code == 2
    assert "--password-file" in done.stderr
