"""The console under a nation's load: ``python -m bench.console [--copies 210] [--requests 200]``.

A world of 1,000 manifests, judged and copied by SQL to 200,000 manifests and 20,000 alerts. Then: the
bytes of a cold visit in Chromium, the time of each page as a client on the same machine sees it, the
queries behind each page, and the time from an alert's row to its line in 50 open lists, one of them
in Chromium.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import structlog
from playwright.async_api import Page

from bench.console_filling import multiply
from bench.durable import Cpu
from bench.machine import keep, machine_facts
from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import CONSOLE, COURIER
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from services.console.account import NATION, create_account
from services.simulator import build_world
from tests.e2e.console.chromium import MISSING, chromium, find_chromium
from tests.e2e.console.desk import Desk
from tests.e2e.console.judged_world import write_judged
from tests.integration.services.console.console_served import PASSWORD, Browser, connect, serving
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.integration.services.console.test_console_queries import Questions

WORLD = 1_000
CLIENTS = 50
TARGETS = {"first_page_kb": 100, "page_p95_ms": 100, "row_to_list_p99_s": 1.0}
_LOADS, _EVERY_S = 150, 0.2
_LISTS_BY_LOGIN = 8
_WATCH = """() => {
    window.seen = {};
    new MutationObserver(() => {
        for (const row of document.querySelectorAll("li.row")) window.seen[row.id.slice(6)] ??= Date.now();
    }).observe(document.body, { childList: true, subtree: true });
}"""


class QuietJudge(Judge):
    """Leaves the feed to the courier."""

    async def feed(self) -> None:
        """Do nothing."""


async def measure(copies: int, requests: int, home: Path, browser_path: str) -> dict[str, Any]:
    """Fill, ask, and return the figures."""
    facts = machine_facts()
    settings = Settings(home=home, console_port=free_port())
    cache = home_from_environment() / "cache"
    async with LocalStack(settings, cache=cache) as stack:
        judge = await Judge.on(stack.settings.database_writer)
        await write_judged(judge, build_world(manifests=WORLD, medical=False, trucks=False))
        await judge.close()
        began = time.perf_counter()
        rows = await multiply(stack.settings.database_migrator, copies)
        print(rows, f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        registry = await connect(stack.settings.database_registry)
        logins = [f"officer{n}" for n in range(1, CLIENTS // _LISTS_BY_LOGIN + 2)]
        for login in (*logins, "hebei"):
            region = "13" if login == "hebei" else NATION
            await create_account(registry, login, "示例人员", PASSWORD, [region], "officer")
        await registry.close()
        paths = await _paths(stack, requests)
        await stack.start_services(CONSOLE)
        pages = await _times(stack, paths)
        queries = await _queries(stack.settings, {name: each[0] for name, each in paths.items()})
        async with chromium(browser_path) as browser:
            desk = await Desk.take(browser, stack.settings.console_address, logins[0])
            cold = await _cold_visit(desk)
            await stack.start_services(COURIER)
            live = await _live(stack, desk, logins)
            await desk.close()
    return {
        "bench": "console",
        "machine": facts | {"load_average_after": [round(x, 2) for x in os.getloadavg()]},
        "load": {"rows": rows, "requests_a_page": requests, "lists": CLIENTS},
        "figures": {"cold_visit": cold, "pages": pages, "queries": queries, "row_to_list": live},
        "target": TARGETS,
    }


async def _paths(stack: LocalStack, requests: int) -> dict[str, list[str]]:
    """Return what is asked of each kind of page; alerts and manifests are drawn at random."""
    reader = await connect(stack.settings.database_reader)
    dice = random.Random(7)  # noqa: S311
    alerts = await reader.fetch("SELECT id FROM alert WHERE finding <> 'notice' ORDER BY id")
    manifests = await reader.fetch("SELECT subject FROM manifest ORDER BY subject")
    await reader.close()
    narrow = "/?severity=critical&severity=high&family=cross_province&region=13&since=2026-03-01"
    return {
        "list": ["/"] * requests,
        "list_filtered": [narrow] * requests,
        "list_searched": ["/?q=%E5%8C%97%E8%BE%B0"] * requests,
        "list_newest": ["/?sort=newest&status=acknowledged"] * requests,
        "alert": [f"/alerts/{dice.choice(alerts)[0]}" for _ in range(requests)],
        "manifest": [f"/manifests/{dice.choice(manifests)[0]}" for _ in range(requests)],
    }


async def _times(stack: LocalStack, paths: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """Ask page after page, for an officer of the nation and one of a province.

    Beside the time: the CPU of the console and of Postgres for a page, which others' load hardly moves.
    """
    base = stack.settings.console_address
    found: dict[str, dict[str, float]] = {}
    for login, suffix in (("officer1", ""), ("hebei", "_of_a_province")):
        browser = Browser(base)
        await browser.log_in(login)
        for name, asked in paths.items():
            if suffix and not name.startswith("list"):
                continue
            for path in asked[:5]:
                await browser.get(path)
            seconds = []
            cpus = {each: Cpu(stack.pid(each)) for each in ("console", "postgres")}
            for path in asked:
                began = time.perf_counter()
                answer = await browser.get(path)
                seconds.append(time.perf_counter() - began)
                if answer.status_code != httpx2.codes.OK:
                    raise SystemExit(f"{path}: {answer.status_code}")
            found[name + suffix] = {
                "p50_ms": _quantile(seconds, 0.5, 1000),
                "p95_ms": _quantile(seconds, 0.95, 1000),
                "max_ms": _quantile(seconds, 1, 1000),
                **{
                    f"{each}_cpu_ms": round(cpu.since_start() * 1000 / len(asked), 1)
                    for each, cpu in cpus.items()
                },
            }
            print(name + suffix, found[name + suffix], flush=True)
        await browser.http.aclose()
    return found


async def _queries(settings: Settings, paths: dict[str, str]) -> dict[str, int]:
    """Count the statements of one transaction a page, its BEGIN and COMMIT left out."""
    counted = {}
    # Made anew: a copy would keep the address that was computed for the other port.
    own = Settings(**settings.model_dump() | {"console_port": free_port()})
    async with serving(own) as served:
        questions = Questions(served.console.database.pool)
        served.console.database.pool = questions
        browser = await served.officer("officer1")
        for name, path in paths.items():
            questions.asked.clear()
            if (answer := await browser.get(path)).status_code != httpx2.codes.OK:
                raise SystemExit(f"{path}: {answer.status_code}")
            counted[name] = len([q for q in questions.asked if q not in ("BEGIN;", "COMMIT;")])
        served.console.database.pool = questions.pool
    return counted


async def _cold_visit(desk: Desk) -> dict[str, float]:
    """Return what Chromium loads for the list with nothing in its cache, in compressed bytes."""
    await desk.log_in()
    await desk.live()
    wire = await desk.context.new_cdp_session(desk.page)
    sizes: dict[str, int] = {}
    names: dict[str, str] = {}
    await wire.send("Network.enable")
    await wire.send("Network.clearBrowserCache")
    await wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.on(
        "Network.responseReceived",
        lambda told: names.update({told["requestId"]: told["response"]["url"]}),
    )
    wire.on(
        "Network.loadingFinished",
        lambda told: sizes.update({told["requestId"]: int(told["encodedDataLength"])}),
    )
    await desk.page.goto("/", wait_until="load")
    await desk.live()
    await wire.detach()
    told = {
        names[key].rpartition("/")[2] or "page": size
        for key, size in sizes.items()
        if names.get(key, "").startswith(desk.base)
    }
    return {"kb": round(sum(told.values()) / 1000, 1), "requests": len(told), **told}


async def _live(stack: LocalStack, desk: Desk, logins: list[str]) -> dict[str, Any]:
    """Write alerts as the judge does; return how long each took to each list."""
    base = stack.settings.console_address
    await desk.page.goto("/?sort=newest")
    await desk.live()
    await desk.page.evaluate(_WATCH)
    written: dict[str, float] = {}
    seen: list[dict[str, float]] = []
    async with contextlib.AsyncExitStack() as exits:
        browsers = []
        for login in logins:
            browser = Browser(base)
            exits.push_async_callback(browser.http.aclose)
            await browser.log_in(login)
            browsers.append(browser)
        page = (await browsers[0].get("/")).text
        after = re.findall(r'data-after="(\d+)"', page)[0]
        readers, connected = [], []
        for n in range(CLIENTS - 1):
            mine: dict[str, float] = {}
            seen.append(mine)
            ready = asyncio.Event()
            connected.append(ready.wait())
            readers.append(
                asyncio.create_task(_read(browsers[n % len(browsers)], after, mine, ready))
            )
        await asyncio.wait_for(asyncio.gather(*connected), 30)
        judge = await QuietJudge.on(stack.settings.database_writer)
        for _ in range(_LOADS):
            until = time.perf_counter() + _EVERY_S
            decision = await judge.manifest(crossing("130100", "370100", new_number()))
            now = time.time()
            written |= {str(change.alert.id): now for change in decision.alerts}
            await asyncio.sleep(max(0.0, until - time.perf_counter()))
        await judge.close()
        async with asyncio.timeout(20):
            shown: dict[str, float] = {}
            while not all(written.keys() <= each.keys() for each in (*seen, shown)):
                await asyncio.sleep(0.2)
                shown = await _shown(desk.page)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    plain = [each[key] - at for each in seen for key, at in written.items()]
    chrome = [shown[key] - at for key, at in written.items()]
    return {
        name: {
            "n": len(found),
            **{f"p{q * 100:g}_s": _quantile(found, q) for q in (0.5, 0.9, 0.99, 1)},
        }
        for name, found in (("readers", plain), ("chromium", chrome))
    }


async def _read(browser: Browser, after: str, mine: dict[str, float], ready: asyncio.Event) -> None:
    async with browser.live(f"/live?after={after}") as stream:
        while True:
            kind, data, _ = await stream.next(within_s=60)
            ready.set()
            if kind == "alert":
                mine.setdefault(data["id"], time.time())


async def _shown(page: Page) -> dict[str, float]:
    told: dict[str, float] = await page.evaluate("() => window.seen")
    return {key: at / 1000 for key, at in told.items()}


def _quantile(found: list[float], q: float, scale: float = 1) -> float:
    ordered = sorted(found)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * q))] * scale, 3)


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=210)
    parser.add_argument("--requests", type=int, default=200)
    asked = parser.parse_args()
    browser = find_chromium()
    if browser is None:
        raise SystemExit(MISSING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # Postgres may run as another user
    try:
        result = asyncio.run(measure(asked.copies, asked.requests, home, browser))
    finally:
        remove_home(home)
    print(json.dumps(result["figures"], indent=2, ensure_ascii=False))
    keep("console", result)


if __name__ == "__main__":
    main()
