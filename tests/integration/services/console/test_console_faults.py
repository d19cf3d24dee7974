"""Postgres stopped, frozen and back; bugs; bodies of any size. No page shows a trace."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator

import pytest

from infra.local.ports import free_port
from infra.local.service import CONSOLE
from infra.local.stack import LocalStack
from services.console.account import create_account
from tests.integration.services.console.console_served import (
    PASSWORD,
    Browser,
    Served,
    connect,
    hidden,
    serving,
    words_on,
)
from tests.integration.services.console.judged import Judge, crossing, new_number

pytestmark = pytest.mark.chaos

REFERENCE = re.compile(r"编号 <code>([0-9a-f]{12})</code>")


@pytest.fixture
async def broken(make_stack) -> AsyncIterator[tuple[LocalStack, Served, Browser, str]]:
    stack = await make_stack()
    registry = await connect(stack.settings.database_registry)
    await create_account(registry, "officer", "示例人员", PASSWORD, ["54"], "officer")
    await registry.close()
    judge = await Judge.on(stack.settings.database_writer)
    decision = await judge.manifest(crossing("540100", "370100", new_number()))
    await judge.close()
    changed = {"console_port": free_port(), "console_poll_s": 0.05}
    async with serving(stack.settings.model_copy(update=changed)) as served:
        browser = await served.officer("officer")
        yield stack, served, browser, f"/alerts/{decision.alerts[0].alert.id}"


async def test_postgres_stopped_and_back(broken) -> None:
    stack, served, browser, path = broken
    form = hidden((await browser.get(path)).text, path) | {"note": "写好的说明"}
    after = re.search(r'data-after="(\d+)"', (await browser.get("/")).text)[1]
    async with browser.live(f"/live?after={after}") as stream:
        await stream.next("beat")
        await stack.stop_child("postgres")
        page = await browser.get("/?severity=high")
        assert page.status_code == 503
        assert page.headers["retry-after"]
        assert "数据库暂不可用" in page.text
        assert 'href="/?severity=high"' in page.text, "the retry leads to the same page"
        assert "Traceback" not in page.text
        await stream.next("away")
        answer = await browser.post(f"{path}/acknowledge", form)
        assert answer.status_code == 503
        assert "写好的说明</textarea>" in answer.text
        login = await served.browser().log_in("officer")
        assert login.status_code == 503
        assert 'value="officer"' in login.text
        health = await browser.get("/healthz")
        assert (health.status_code, health.json()["postgres"]) == (200, False)
        await stack.start_child("postgres")
        await stream.next("back", within_s=20)
        again = hidden(answer.text, path) | {"note": "写好的说明"}
        assert (await browser.post(f"{path}/acknowledge", again)).status_code == 303
        assert "写好的说明" in (await browser.get(path)).text
        assert (await served.browser().log_in("officer")).status_code == 303


async def test_a_frozen_postgres_is_told_within_seconds(broken, monkeypatch) -> None:
    stack, _, browser, path = broken
    monkeypatch.setattr("services.console.database.TIMEOUT_S", 1.0)
    stack.kill("postgres", signal.SIGSTOP)
    children = _children(stack.pid("postgres"))
    for child in children:
        child.suspend()
    try:
        async with asyncio.timeout(15):
            assert (await browser.get(path)).status_code == 503
    finally:
        for child in children:
            child.resume()
        stack.kill("postgres", signal.SIGCONT)
    async with asyncio.timeout(20):
        while (await browser.get(path)).status_code != 200:
            await asyncio.sleep(0.1)


async def test_a_bug_is_a_page_with_a_reference_that_stands_in_the_log(make_stack) -> None:
    stack = await make_stack([CONSOLE])
    registry = await connect(stack.settings.database_registry)
    await create_account(registry, "officer", "示例人员", PASSWORD, ["54"], "officer")
    await registry.close()
    browser = Browser(stack.settings.console_address)
    assert (await browser.log_in("officer")).status_code == 303
    migrator = await connect(stack.settings.database_migrator)
    await migrator.execute("ALTER VIEW console_alert RENAME TO lost_alert")
    await migrator.close()
    page = await browser.get("/?q=x")
    await browser.http.aclose()
    assert page.status_code == 500
    assert "系统出错" in page.text
    for told in ("Traceback", "Error", "console_alert", "SELECT", ".py"):
        assert told not in words_on(page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    (reference,) = REFERENCE.findall(page.text)
    logged = [json.loads(line) for line in stack.log("console").read_text().splitlines()]
    (failed,) = [entry for entry in logged if entry.get("reference") == reference]
    assert "UndefinedTableError" in failed["exception"]
    assert failed["route"] == "alerts"


async def test_what_is_not_there_is_told_alike_and_says_nothing(
    served: Served, new_officer, region
) -> None:
    browser = await served.officer(await new_officer(region))
    for path in (
        "/alerts/00000000-0000-0000-0000-000000000000",
        "/alerts/nonsense",
        "/manifests/20261301000001",
        "/manifests/nonsense",
        "/nowhere",
        "/assets/0/console.js",
        "/alerts/%00",
    ):
        page = await browser.get(path)
        assert page.status_code == 404, path
        assert REFERENCE.search(page.text), path
        assert "nonsense" not in words_on(page.text)
    assert (await browser.http.request("DELETE", "/")).status_code == 405


async def test_bodies_are_bounded_and_understood_or_refused(served: Served) -> None:
    browser = served.browser()
    headers = {"Origin": browser.base, "Content-Type": "application/x-www-form-urlencoded"}

    async def post(body: bytes, **more: str) -> int:
        answer = await browser.http.post("/login", content=body, headers=headers | more)
        assert "Traceback" not in answer.text
        return answer.status_code

    assert await post(b"x=" + b"a" * 40_000) == 413
    assert await post(b"&".join(b"a%d=1" % n for n in range(100))) == 400
    assert await post(b"a=%ff") == 400
    assert await post(b"\xff\xfe") == 400
    assert await post(b"{}", **{"Content-Type": "application/json"}) == 415


def _children(pid: int) -> list:
    import psutil

    return psutil.Process(pid).children(recursive=True)
