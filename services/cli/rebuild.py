"""``liandan rebuild --check``: the state rebuilt from the archived log, held against the one in force."""

import asyncio
import json
from collections import Counter
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.text import Text

from infra.runtime.settings import Settings
from infra.runtime.ticket_keys import PublicKeys
from schemas.alert import Alert
from services.cli.archive import archive
from services.cli.console import Failure, out, say
from services.cli.demo_home import running_settings
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.judge import read_borders
from services.cli.line_state import read_line_state
from services.cli.rebuilt_journeys import Compared, Legs, compare_journeys
from streams.judging.fold import fold
from streams.judging.on_files import Judging
from streams.judging.packing import judged_outcomes
from streams.judging.rebuilt import State
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import union
from streams.judging.tracks.again import UNTOLD
from streams.judging.tracks.places import Places

__all__ = ["rebuild"]

_WAIT_S, _LOOK_S = 60.0, 0.5
_STILL_S = 10.0
"""Vehicles of which nothing was judged for so long have no worker."""
# Those of journeys are held against the files of positions (rebuilt_journeys).
_ALERTS = """
SELECT body::text AS body FROM alert
WHERE state = 'open' AND split_part(subject, '/', 1) NOT IN ('trip', 'plate')
"""
_VERDICTS = """
SELECT subject, verdict, outcomes::text AS outcomes FROM manifest
UNION ALL SELECT subject, NULL, outcomes::text FROM shared_subject
UNION ALL SELECT subject, NULL, outcomes::text FROM medical_day
UNION ALL SELECT subject, NULL, outcomes::text FROM medical_week
"""
_alert = msgspec.json.Decoder(Alert)
_UNTOLD = {
    "waiting": ("尚待研判", "to be judged yet", "yellow"),
    "newer": ("有关位置尚未归档成文件", "positions are not archived yet", "yellow"),
    "lost": ("有关位置不在任何完好的文件中", "positions are in no sound file", "bold red"),
    "closed": (
        "位置已过保存天数，当时的结论与按文件重判的不同",
        "positions left the database, and what was found by them then is not what the files amount to now",
        "yellow",
    ),
}
_FAULTS = {
    "differs": (
        "与登记的摘要不符，未采用",
        "are not what was archived, and were not read",
        "bold red",
    ),
    "missing": ("丢失", "are missing", "bold red"),
    "unrecorded": ("没有登记，未采用", "are not on record, and were not read", "yellow"),
}
_MOST_FILES = 10


class _Both(NamedTuple):
    events: int
    manifests: int
    live: State
    rebuilt: State
    journeys: Compared

    @property
    def same(self) -> bool:
        """Whether the state is what the record amounts to."""
        return self.live.digest == self.rebuilt.digest and not self.journeys.broken


def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="只核对，不写入任何内容 / compare only; writes nothing")
    ] = False,
    samples: Annotated[int, typer.Option(min=0, max=10_000, help="至多列出几处 / at most")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="机器可读 / for machines")] = False,
) -> None:
    """由存档的日志重建全部结论，与现有状态核对 / Rebuild all verdicts from the log and compare.

    在一个只读的快照里重判全部存档事件和登记库，不发送任何告警；现有状态与重建结果各得一个摘要（不含告警版本、
    写入时间和处置情况），相同即为可重建。车辆行程按 `LIANDAN_TRACKS_DIRECTORY` 中已归档、与登记摘要相符的位置
    文件重判；说不清的逐项计数列出（位置尚未归档、文件丢失或被改动、位置已过保存天数、尚待研判）。
    All archived events are judged again by the registry in one read-only snapshot, and nothing is sent.
    Both states have a digest, without revisions, times of writing and cases: the same, or told apart.
    Journeys are judged again by the archived files of positions there that have the digests on record; what
    cannot be told of them is counted, by why.

    退出码 / exit code: 0 相同 / the same; 1 有差异，或位置文件丢失、被改动 / they differ, or files of positions
    are missing or altered; 3 数据库不可用或尚未研判完 / away, or not at rest.
    """
    with served():
        quiet_logs()
        if not check:
            raise typer.BadParameter(
                "请给出 --check / only --check is offered", param_hint="--check"
            )
        both = asyncio.run(_judge(running_settings()))
        differ = both.live.differences(both.rebuilt)
        if as_json:
            print(json.dumps(_told(both, differ), ensure_ascii=False, indent=1))
        else:
            _print(both, differ, samples)
    raise typer.Exit(0 if both.same else 1)


async def _judge(settings: Settings) -> _Both:
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            await _at_rest(connection)
            async with archive(connection) as kept:
                # At rest nothing is due any more: all that has come by now has fired.
                now = await connection.fetchval("SELECT transaction_timestamp()")
                book = RULE_BOOK._replace(ticket_keys=PublicKeys(settings.ticket_directory))
                judging = Judging(kept.view, now, book, keep_outcomes=False)
                legs = Legs(kept.view)
                rebuilt, live, manifests = State(), State(), 0
                async for subject, said in kept.manifests:
                    facts = fold(subject, union(said), kept.view)
                    legs.name(facts)
                    rebuilt.verdict(subject, judging.take_facts(facts, len(said)))
                    manifests += 1
                for day in kept.medical.days():
                    rebuilt.verdict(day.subject, judging.take_day(day))
                judging.count(kept.medical.events)
                for limit, outcomes in judging.limits():
                    rebuilt.verdict(limit, outcomes)
                verdict = judging.finish()
                for alert in verdict.alerts:
                    rebuilt.alert(alert)
                async for row in connection.cursor(_ALERTS, prefetch=2000):
                    live.alert(_alert.decode(row["body"]))
                async for row in connection.cursor(_VERDICTS, prefetch=2000):
                    live.verdict(row["subject"], judged_outcomes(row))
                borders = read_borders(settings.provinces_geojson, settings.provinces_margin_km)
                journeys = await compare_journeys(
                    connection,
                    settings.tracks_home,
                    legs,
                    Places(kept.view.fences(), borders),
                    kept.view,
                    book,
                    (live, rebuilt),
                )
    return _Both(verdict.events, manifests, live, rebuilt, journeys)


async def _at_rest(connection: Any) -> None:
    """Wait until all that was archived is judged and nothing is to be judged again. Raises Failure.

    Of vehicles what is not judged by then is told of as such: nobody may be there to do it.
    """
    vehicles, looks, rests = 0, 0, False
    for _ in range(int(_WAIT_S / _LOOK_S)):
        state = await read_line_state(connection)
        looks = looks + 1 if state.vehicles == vehicles else 0
        vehicles = state.vehicles
        rests = state.settled and state.judged == state.archived
        if rests and (not vehicles or looks * _LOOK_S >= _STILL_S):
            return
        await asyncio.sleep(_LOOK_S)
    if rests:
        return
    raise Failure(
        f"这条线尚未研判完：已存档 {state.archived}，已研判 {state.judged}。",
        f"The line is not at rest: {state.archived} archived, {state.judged} judged.",
        "请稍后再试；用 liandan doctor 看进度。",
        "Try again later; `liandan doctor` tells how far it is.",
    )


def _print(both: _Both, differ: list[tuple[str, str]], samples: int) -> None:
    say(
        f"重判事件 {both.events} 条、联单 {both.manifests} 份",
        f"{both.events} events of {both.manifests} manifests judged again",
    )
    for zh, en, state in (("现有", "in force", both.live), ("重建", "rebuilt", both.rebuilt)):
        alerts, verdicts = len(state.alerts), len(state.verdicts)
        say(
            f"{zh}：告警 {alerts} 项，结论 {verdicts} 项",
            f"{en}: {alerts} alerts, {verdicts} verdicts",
        )
        out.print(Text(f"  sha-256 {state.digest}", "bold"))
    _print_journeys(both.journeys)
    if both.same:
        say(
            "✓ 相同：全部状态可由日志重建。",
            "The same: the state can be rebuilt from the log.",
            "green",
        )
        return
    if both.journeys.broken:
        say(
            "✗ 位置文件不完好，上列行程无法由文件重建。",
            "Files of positions are not what was archived: these journeys cannot be rebuilt.",
            "bold red",
        )
    if differ:
        say(f"✗ {len(differ)} 处不同：", f"{len(differ)} differ:", "bold red")
    for kind, name in differ[:samples]:
        mine = getattr(both.live, f"{kind}s").get(name)
        theirs = getattr(both.rebuilt, f"{kind}s").get(name)
        how = (
            "缺 missing" if mine is None else "多 only there" if theirs is None else "不同 differs"
        )
        out.print(Text(f"  {kind}  {name}  {how}"))


def _print_journeys(told: Compared) -> None:
    say(
        f"车辆：以 {told.files} 个文件中的 {told.records} 条位置记录核对行程和车日 {told.journeys} 个",
        f"{told.journeys} journeys and days of vehicles, by {told.records} records in {told.files} files",
    )
    for why, n in sorted(told.untold.items()):
        zh, en, style = _UNTOLD[why]
        say(f"  {zh}，未核对：{n} 个", f"{n} not compared: {en}", style)
    faults = Counter(fault.what for fault in told.faults)
    for what, n in sorted(faults.items()):
        zh, en, style = _FAULTS[what]
        say(f"  {zh}：{n} 个", f"{n} files {en}", style)
        for fault in [f for f in told.faults if f.what == what][:_MOST_FILES]:
            out.print(Text(f"    {fault.file}"))


def _told(both: _Both, differ: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "events": both.events,
        "manifests": both.manifests,
        "live": {"digest": both.live.digest, "alerts": len(both.live.alerts)},
        "rebuilt": {"digest": both.rebuilt.digest, "alerts": len(both.rebuilt.alerts)},
        "journeys": {
            "compared": both.journeys.journeys,
            "records": both.journeys.records,
            "files": both.journeys.files,
            "not_compared": {why: both.journeys.untold.get(why, 0) for why in UNTOLD},
            "faults": [fault._asdict() for fault in both.journeys.faults],
        },
        "same": both.same,
        "differ": [{"what": kind, "name": name} for kind, name in differ],
    }
