"""``liandan webhook`` and ``liandan channel`` as their users type them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console
from standardwebhooks import Webhook
from typer.testing import CliRunner

from infra.local.stack import LocalStack
from services.cli.check_courier import check_courier
from services.cli.checkup import Checkup
from services.cli.main import app
from tests.courier_rig import add, fed, on_loopback, put_many, rounds
from tests.http_sink import Reply, sink
from tests.smtp_sink import mail_sink

Run = Callable[..., Any]


@pytest.fixture
def run(stack: LocalStack, postgres: Any) -> Run:
    async def go(*words: Any, **more: str) -> Result:
        env = {
            "LIANDAN_HOME": str(stack.home),
            "LIANDAN_COURIER_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "LIANDAN_COURIER_WEBHOOK_PLAIN_HTTP": "true",
            "COLUMNS": "250",
            **more,
        }
        return await asyncio.to_thread(CliRunner().invoke, app, list(map(str, words)), env=env)

    return go


async def test_a_webhook_from_add_to_remove(run: Run, stack: LocalStack, postgres: Any) -> None:
    local = on_loopback(stack.settings)
    assert "No webhook" in (await run("webhook", "list")).stdout
    async with sink() as receiver:
        done = await run(
            "webhook", "add", receiver.url(), "--region", "33", "--region", "3401",
            "--severity", "high", "--finding", "violation", "--note", "市局",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        secret = done.stdout.split()[-1]
        endpoint = await postgres.fetchval("SELECT id FROM webhook_endpoint")
        row = await postgres.fetchrow("SELECT * FROM webhook_endpoint")
        assert row["regions"] == ["33", "3401"]
        assert (row["severities"], row["findings"], row["note"]) == (
            ["high"],
            ["violation"],
            "市局",
        )

        assert (await run("webhook", "test", endpoint)).exit_code == 0
        (request,) = receiver.requests
        assert Webhook(secret).verify(request.body, request.headers)["type"] == "test"

        await fed(postgres, 2)
        await rounds(local, postgres, 1)
        listed = (await run("webhook", "list")).stdout
        assert endpoint in listed
        assert "正常 ok" in listed
        assert secret not in listed
        log = (await run("webhook", "log", endpoint)).stdout
        assert log.count("204") == 3
        assert "测试 test" in log

        assert "2 条" in (await run("webhook", "replay", endpoint, "--from", 1)).stdout
        await rounds(local, postgres, 1)
        assert len(receiver.requests) == 5

        fresh = (await run("webhook", "rotate", endpoint)).stdout.split()[-1]
        await run("webhook", "test", endpoint)
        for each in (secret, fresh):
            request = receiver.requests[-1]
            assert Webhook(each).verify(request.body, request.headers)

        assert (await run("webhook", "remove", endpoint)).exit_code == 0
        assert (await run("webhook", "remove", endpoint)).exit_code == 1
        for words in (("test",), ("rotate",), ("replay", "--failed")):
            done = await run("webhook", words[0], endpoint, *words[1:])
            assert done.exit_code == 1
            assert "没有推送地址" in done.stderr


async def test_list_says_what_fails_and_what_is_disabled(
    run: Run, stack: LocalStack, postgres: Any
) -> None:
    local = on_loopback(stack.settings)
    async with sink(lambda _: Reply(503)) as receiver:
        await run("webhook", "add", receiver.url())
        await fed(postgres, 2)
        await rounds(local, postgres, 2)
        listed = (await run("webhook", "list")).stdout
        assert "失败 2 次" in listed
        assert "2（自" in listed
        endpoint = await postgres.fetchval("SELECT id FROM webhook_endpoint")
        done = await run("webhook", "test", endpoint)
        assert done.exit_code == 1
        assert "503" in done.stderr
        receiver.answer = lambda _: Reply(410)
        await rounds(local, postgres, 1)
        assert "已停用 disabled" in (await run("webhook", "list")).stdout
        assert (await run("webhook", "replay", endpoint, "--failed")).exit_code == 0
        assert "已停用" not in (await run("webhook", "list")).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("https://127.0.0.1/",), "loopback"),
        (("https://user:hidden@example.cn/",), "password"),
        (("ftp://example.cn/",), "https"),
        (("https://no-such-host.invalid/",), "host"),
        (("https://example.cn/", "--region", "3"), "--region"),
        (("https://example.cn/", "--region", "99"), "--region"),
        (("https://example.cn/", "--severity", "loud"), "--severity"),
        (("https://example.cn/", "--note", "x" * 201), "--note"),
    ],
)
async def test_what_cannot_be_registered_is_told_and_leaves_nothing(
    run: Run, postgres: Any, words: tuple[str, ...], told: str
) -> None:
    done = await run("webhook", "add", *words, LIANDAN_COURIER_WEBHOOK_NETWORKS="")
    assert done.exit_code in (2, 3)
    assert told in done.stderr
    assert "Traceback" not in done.output
    assert not await postgres.fetchval("SELECT count(*) FROM webhook_endpoint")


@pytest.mark.parametrize(
    "setting",
    [
        {"LIANDAN_COURIER_WEBHOOK_NETWORKS": "intranet"},
        {"LIANDAN_COURIER_WEBHOOK_KEY": "short"},
        {"LIANDAN_COURIER_WEBHOOK_CA": "/no/such/file.pem"},
        {"LIANDAN_COURIER_DIGEST_AT": "8.30"},
    ],
)
async def test_a_setting_that_is_wrong_is_told_by_its_name(
    run: Run, setting: dict[str, str]
) -> None:
    done = await run("webhook", "add", "http://127.0.0.1:9/", **setting)
    assert done.exit_code == 2
    assert "LIANDAN_COURIER" in done.stderr
    assert "Traceback" not in done.output


async def test_replay_wants_one_of_three(run: Run) -> None:
    assert (await run("webhook", "replay", "wh_1")).exit_code == 2
    assert (await run("webhook", "replay", "wh_1", "--failed", "--from", 3)).exit_code == 2


async def test_channels_are_listed_tested_paused_and_resumed_without_a_secret_shown(
    run: Run, postgres: Any, tmp_path: Path
) -> None:
    async with mail_sink() as box:
        file = tmp_path / "channels.toml"
        file.write_text(
            f'[[channel]]\nname = "duty"\nurl = "{box.url("&name=hidden-word")}"\nregions = ["33"]\n'
            '[[channel]]\nname = "group"\nurl = "wecombot://hidden-word"\n'
        )
        env = {"LIANDAN_COURIER_CHANNELS_FILE": str(file)}
        listed = await run("channel", "list", **env)
        assert listed.exit_code == 0, listed.output
        for text in ("duty", "group", "WeCom", "E-Mail", "33", "not seen yet"):
            assert text in listed.stdout
        assert "hidden-word" not in listed.output

        assert (await run("channel", "test", "duty", **env)).exit_code == 0
        assert box.texts[0].startswith("联单：测试")
        box.refuse = True
        failed = await run("channel", "test", "duty", **env)
        assert failed.exit_code == 1
        assert "hidden-word" not in failed.output
        assert (await run("channel", "test", "nobody", **env)).exit_code == 1

        assert (await run("channel", "pause", "duty", **env)).exit_code == 1, "not seen yet"
        await postgres.execute(
            "INSERT INTO courier_channel (name, told_seq, digest_seq, digest_at) "
            "VALUES ('duty', 0, 0, now())"
        )
        assert (await run("channel", "pause", "duty", **env)).exit_code == 0
        assert "已暂停" in (await run("channel", "list", **env)).stdout
        assert (await run("channel", "resume", "duty", **env)).exit_code == 0
        assert "正常 ok" in (await run("channel", "list", **env)).stdout


@pytest.mark.parametrize(
    "text", ["[[channel]", "[[channel]]\nname = 'a'\nurl = 'nosuch://hidden-word'\n"]
)
async def test_a_channels_file_that_is_wrong_is_told_without_its_secrets(
    run: Run, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text(text)
    done = await run("channel", "list", LIANDAN_COURIER_CHANNELS_FILE=str(file))
    assert done.exit_code == 2
    assert "courier_channels" in done.stderr
    assert "hidden-word" not in done.output


async def test_without_channels_list_says_so(run: Run) -> None:
    assert "No channel is set" in (await run("channel", "list")).stdout


async def test_replay_of_one_alert(run: Run, stack: LocalStack, postgres: Any) -> None:
    keys = await put_many(postgres, 2)
    await fed(postgres, 0)
    async with sink() as receiver:
        await run("webhook", "add", receiver.url())
        endpoint = await postgres.fetchval("SELECT id FROM webhook_endpoint")
        alert = keys[0].partition(":")[0]
        assert "1 条" in (await run("webhook", "replay", endpoint, "--alert", alert)).stdout
        await rounds(on_loopback(stack.settings), postgres, 1)
    assert receiver.ids == keys[:1]


async def test_the_doctor_names_what_the_courier_could_not_hand_on(
    stack: LocalStack, postgres: Any
) -> None:
    checkup = Checkup(Console(record=True, width=200, quiet=True))
    await check_courier(checkup, postgres)
    assert not checkup.wrong
    async with sink() as receiver:
        endpoint, _ = await add(on_loopback(stack.settings), receiver.url())
    await postgres.execute("UPDATE webhook_endpoint SET disabled_at = now()")
    await postgres.execute("INSERT INTO outbox (key, topic, payload) VALUES ('x', 'alerts', '{}')")
    await fed(postgres, 0)
    await check_courier(checkup, postgres)
    aside, disabled = checkup.wrong
    assert "outbox_set_aside" in aside.cure_en
    assert endpoint in disabled.en
    assert "liandan webhook replay" in disabled.cure_en
