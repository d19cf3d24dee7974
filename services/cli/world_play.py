"""A labelled world posted to a line that runs, watched until it has settled, and measured."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.runtime.settings import Settings
from schemas.alert import Alert
from services.cli.alert_feed import AlertFeed
from services.cli.alert_table import AlertTable, Kind
from services.cli.another_gateway import take_elsewhere
from services.cli.console import Failure, out, say
from services.cli.failures import connected, reaching
from services.cli.gateway_client import GatewayClient
from services.cli.line_state import LineState, read_line_state
from services.cli.outcome import Outcome, measure
from services.cli.world_posting import Posted, create_keys, post_world
from services.cli.world_terminals import WorldTerminals
from services.registry import write_change_set
from services.simulator import World

__all__ = ["STANDSTILL_S", "play_world"]

STANDSTILL_S = 60.0
"""Nothing moves for so long: something is wrong."""
_JUDGE_START_S = 15.0
_CLOCKS = "SELECT count(*) FROM consumer_offset WHERE consumer = 'judge' AND clock IS NOT NULL"


async def play_world(
    world: World, settings: Settings, cure: tuple[str, str], patience_s: float = STANDSTILL_S
) -> Outcome:
    """Load the registry, post the world, watch the alerts until everything has settled.

    The line must be empty; ``cure`` is told when something does not answer, or when nothing
    moves for ``patience_s``. Raises Failure, and
    what ``failures.reaching`` turns into one.
    """
    written = await write_change_set(settings.database_registry, world.early, "demo")
    async with connected(settings.database_registry) as registry:
        tokens = await create_keys(registry, world)
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
            posted = await _post(
                world, settings, tokens, feed, lambda n: bar.advance(posting, n), cure
            )
            judging = bar.add_task("研判 judging", total=posted.accepted + posted.positions)
            state = await _settle(
                reader,
                feed,
                posted,
                lambda s: bar.update(judging, completed=s.judged + s.tracks),
                cure,
                patience_s,
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
    cure: tuple[str, str],
) -> Posted:
    """Post everything while the feed tells what it leads to."""
    stop = asyncio.Event()
    host, port = settings.gateway_host, settings.terminals_port
    async with (
        GatewayClient(settings.gateway_url) as client,
        WorldTerminals(host, port or 0, world.terminals if port else ()) as terminals,
    ):
        following = asyncio.create_task(feed.follow(stop))
        try:
            with reaching("网关 gateway", cure):
                await client.wait_for_key(list(tokens.values())[-1])
                behind = _Behind(settings)
                return await post_world(client, world, tokens, behind, advance, terminals)
        finally:
            stop.set()
            await following


def _come(state: LineState, posted: Posted) -> bool:
    """Whether all that was accepted has come through, with the vehicles."""
    return (
        min(state.judged, state.archived) >= posted.accepted
        and state.tracks >= posted.positions + posted.frames
        and not state.vehicles
    )


async def _settle(
    reader: Any,
    feed: AlertFeed,
    posted: Posted,
    tell: Callable[[LineState], None],
    cure: tuple[str, str],
    patience_s: float,
) -> LineState:
    """Wait until all that was accepted is judged and archived and nothing is left to do again.

    Raises Failure when nothing moves for ``patience_s``.
    """
    last, moved_at = None, time.monotonic()
    while True:
        state = await read_line_state(reader)
        await feed.read()
        tell(state)
        if _come(state, posted) and state.settled:
            await feed.read()
            return state
        if state != last:
            last, moved_at = state, time.monotonic()
        elif time.monotonic() - moved_at > patience_s:
            accepted, judged = posted.accepted + posted.positions, state.judged + state.tracks
            raise Failure(
                f"{patience_s:.0f} 秒没有进展：收到 {accepted}，研判 {judged}，"
                f"归档 {state.archived}，待重判 {state.dirty + state.rejudge + state.vehicles}。",
                f"Nothing moved for {patience_s:.0f} s: accepted {accepted}, judged {judged},"
                f" archived {state.archived}, to judge again {state.dirty + state.rejudge + state.vehicles}.",
                *cure,
            )
        await asyncio.sleep(0.1)
