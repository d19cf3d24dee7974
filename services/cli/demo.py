"""``liandan demo``: the whole line on a small labelled world, and whether it told the truth."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.local.service import ARCHIVER, CONSOLE, COURIER, GATEWAY, worker
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from schemas.alert import Alert
from services.cli.alert_feed import AlertFeed
from services.cli.alert_table import AlertTable, Kind
from services.cli.another_gateway import take_elsewhere
from services.cli.child_events import EventTeller
from services.cli.console import Failure, out, say
from services.cli.demo_home import DEMO_HOME, begin_anew
from services.cli.demo_officer import create_demo_officer, tell_demo_officer
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.foreground import run_foreground, until_signalled
from services.cli.gateway_client import GatewayClient
from services.cli.line_state import LineState, read_line_state
from services.cli.outcome import Outcome, measure
from services.cli.preparing import Preparing
from services.cli.summary import print_summary
from services.cli.world_posting import Posted, create_keys, post_world
from services.registry import write_change_set
from services.simulator import LEAST, MOST, USUAL, World, build_world

__all__ = ["demo"]

_STANDSTILL_S = 60.0
_JUDGE_START_S = 15.0
_CLOCKS = "SELECT count(*) FROM consumer_offset WHERE consumer = 'judge' AND clock IS NOT NULL"


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="看完即停 / stop after the summary; exit 0 if all right")
    ] = False,
    world: Annotated[str, typer.Option(help="demo | quiet")] = "demo",
    seed: Annotated[int, typer.Option(help="随机种子 / another seed, another world")] = 7,
    manifests: Annotated[int, typer.Option(help=f"联单数 / manifests, {LEAST} … {MOST}")] = USUAL,
) -> None:
    """一条命令看全程：起环境、上报、研判、核对 / The whole line on a labelled world, graded.

    退出码 / exit code: 0 全部查出且无误报 / all found, no false alarm; 1 有出入 / a difference;
    2 无法启动 / cannot start; 3 中途出错 / something failed; 130 中断 / interrupted.
    """
    with served():
        try:
            built = build_world(world, seed, manifests)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        shared = home_from_environment().expanduser().absolute()
        home = shared / DEMO_HOME
        begin_anew(home)
        quiet_logs(home / "logs" / "liandan.log")
        code = run_foreground(_demo(built, home, shared / "cache", once))
    raise typer.Exit(code)


async def _demo(world: World, home: Path, cache: Path, once: bool) -> int:
    began = time.monotonic()
    say("联单演示", f"Liandan demo: {home}", "bold")
    settings = Settings(home=home, deadline_settle_s=1, gateway_keys_refresh_s=0.2)
    events = EventTeller()
    with Preparing() as preparing:
        stack = LocalStack(
            settings,
            (GATEWAY, ARCHIVER, COURIER, CONSOLE, worker()),
            cache=cache,
            progress=preparing.tell,
            on_event=events.tell,
        )
        await stack.start()
    try:
        events.on = True
        with reaching("Postgres", _see_logs(stack.settings)):
            outcome = await _play(world, stack.settings)
        print_summary(outcome, stack, time.monotonic() - began)
        if not once:
            say("环境继续运行，按 Ctrl-C 停止。", "The stack stays up; Ctrl-C stops it.", "bold")
            say(f"  export LIANDAN_HOME={home}", "for liandan doctor, post, key … in another shell")
            tell_demo_officer(stack.settings)
            await until_signalled()
    finally:
        events.on = False
        await stack.stop()
    if not once:
        say("✓ 已全部停止", "all stopped", "green")
    return 0 if outcome.right else 1


def _see_logs(settings: Settings) -> tuple[str, str]:
    logs = settings.home / "logs"
    return f"原因见 {logs} 中的日志。", f"The logs in {logs} tell why."


async def _play(world: World, settings: Settings) -> Outcome:
    """Load the registry, post the world, watch the alerts until everything has settled."""
    written = await write_change_set(settings.database_registry, world.early, "demo")
    async with connected(settings.database_registry) as registry:
        tokens = await create_keys(registry, world)
        await create_demo_officer(registry)
    tell_demo_officer(settings)
    say(
        f"✓ 登记库 {written.written} 条，另 {len(world.late)} 条事后录入，企业 {len(tokens)} 家（各有密钥），"
        f"联单 {world.manifests} 份，事件 {len(world.events)} 条",
        f"{written.written} registry records and {len(world.late)} recorded late, {len(tokens)} firms with a key each,"
        f" {world.manifests} manifests, {len(world.events)} events to post",
    )
    table = AlertTable(out.width)
    out.print()
    out.print(table.header())
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
        transient=True,
    )

    def show(alert: Alert, kind: Kind) -> None:
        bar.console.print(table.row(alert, kind))

    async with connected(settings.database_reader) as reader:
        feed = AlertFeed(reader, show)
        await _wait_for_judge(reader, settings.manifest_partitions)
        with bar:
            posting = bar.add_task("上报 posting", total=len(world.events))
            posted = await _post(world, settings, tokens, feed, lambda n: bar.advance(posting, n))
            judging = bar.add_task("研判 judging", total=posted.accepted)
            state = await _settle(
                reader,
                feed,
                posted,
                lambda s: bar.update(judging, completed=s.judged),
                _see_logs(settings),
            )
        return await measure(reader, world, posted, state, feed.withdrawn)


@dataclass(frozen=True)
class _Behind:
    """The registry desk and the second gateway of the demo."""

    settings: Settings

    async def record(self, lines: Sequence[bytes]) -> None:
        """Write late records as one change set."""
        await write_change_set(self.settings.database_registry, lines, "demo")

    async def take_elsewhere(self, events: Sequence[bytes]) -> None:
        """Put what the first gateway refuses into the log."""
        await take_elsewhere(self.settings, events)


async def _wait_for_judge(reader: Any, partitions: int) -> None:
    """Wait until every partition has an owner whose clock runs; it takes a second at the start.

    Events may come before that; waiting only keeps the start out of the latencies. Gives up
    after a while: whatever is wrong then shows later, with its cure.
    """
    deadline = time.monotonic() + _JUDGE_START_S
    while time.monotonic() < deadline:
        if await reader.fetchval(_CLOCKS) >= partitions:
            return
        await asyncio.sleep(0.05)


async def _post(
    world: World,
    settings: Settings,
    tokens: Mapping[str, str],
    feed: AlertFeed,
    advance: Callable[[int], None],
) -> Posted:
    """Post everything while the feed tells what it leads to."""
    stop = asyncio.Event()
    async with GatewayClient(settings.gateway_url) as client:
        following = asyncio.create_task(feed.follow(stop))
        try:
            with reaching("网关 gateway", _see_logs(settings)):
                await client.wait_for_key(list(tokens.values())[-1])
                return await post_world(client, world, tokens, _Behind(settings), advance)
        finally:
            stop.set()
            await following


async def _settle(
    reader: Any,
    feed: AlertFeed,
    posted: Posted,
    tell: Callable[[LineState], None],
    cure: tuple[str, str],
) -> LineState:
    """Wait until all that was accepted is judged and archived and nothing is left to do again.

    Raises Failure when nothing moves for a minute.
    """
    last, moved_at = None, time.monotonic()
    while True:
        state = await read_line_state(reader)
        await feed.read()
        tell(state)
        if min(state.judged, state.archived) >= posted.accepted and state.settled:
            await feed.read()
            return state
        if state != last:
            last, moved_at = state, time.monotonic()
        elif time.monotonic() - moved_at > _STANDSTILL_S:
            raise Failure(
                f"{_STANDSTILL_S:.0f} 秒没有进展：收到 {posted.accepted}，研判 {state.judged}，"
                f"归档 {state.archived}，待重判 {state.dirty + state.rejudge}。",
                f"Nothing moved for {_STANDSTILL_S:.0f} s: accepted {posted.accepted}, judged"
                f" {state.judged}, archived {state.archived}, to judge again"
                f" {state.dirty + state.rejudge}.",
                *cure,
            )
        await asyncio.sleep(0.1)
