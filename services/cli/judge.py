"""``liandan judge``: the same rules on files, without a server."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from infra.runtime.memory import seldom_collected
from infra.runtime.ticket_keys import PublicKeys
from schemas.alert import Alert
from schemas.checks import Refusal
from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from schemas.instant import read_instant
from services.cli.alert_table import AlertTable
from services.cli.console import Failure, err, explained, out, say
from services.cli.parameters import SetOption, book_with
from services.cli.refusals import print_problems
from streams.judging.on_files import FileVerdict, judge_lines

if TYPE_CHECKING:
    from streams.judging.tracks.places import Provinces
    from streams.judging.tracks.said import TrackStatement

__all__ = ["instant_option", "judge", "present", "read_borders", "read_registry"]


class _Format(StrEnum):
    TABLE = "table"
    NDJSON = "ndjson"


def judge(
    registry: Annotated[Path, typer.Option(help="登记库 NDJSON / registry records")],
    events: Annotated[Path, typer.Option(help="事件 NDJSON / events, one a line")],
    now: Annotated[
        str | None,
        typer.Option(
            help="以此刻为当前时间（默认：文件中最晚而未到将来的时间）/ the clock; default: latest, no future"
        ),
    ] = None,
    as_known_at: Annotated[
        str | None,
        typer.Option(help="只用此刻之前已知的内容 / leave out what was not known at that moment"),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="告警写入此文件 NDJSON / write alerts there")
    ] = None,
    set_: SetOption = None,
    tickets: Annotated[
        Path | None,
        typer.Option(help="预检票据公钥目录 / public keys of check tickets: alerts tell of them"),
    ] = None,
    tracks: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="车辆位置归档目录，含终端帧 / folder of archived positions, frames of terminals too",
        ),
    ] = None,
    vehicles: Annotated[
        bool | None,
        typer.Option(
            help="是否研判车辆行程（默认：文件中有轨迹即研判）/ judge vehicles; default: if there are positions"
        ),
    ] = None,
    provinces: Annotated[
        Path | None,
        typer.Option(
            envvar="LIANDAN_PROVINCES_GEOJSON",
            help="省界 GeoJSON，属性 code 为省级代码；默认用内置粗略范围（不是地图，边界不真实）"
            " / borders of provinces with a property code; default: coarse areas, not a map",
        ),
    ] = None,
    margin_km: Annotated[
        int | None,
        typer.Option(
            "--margin-km",
            envvar="LIANDAN_PROVINCES_MARGIN_KM",
            min=0,
            max=200,
            help="进入省界超过此公里数方计入，默认 2，内置范围 30 / counts only so far inside; default 2, coarse 30",
        ),
    ] = None,
    form: Annotated[
        _Format, typer.Option("--format", help="终端输出 / what goes to stdout")
    ] = _Format.TABLE,
) -> None:
    """用同一套规则研判文件 / Judge files with the very same rules, and no server.

    时间格式 / times: 2026-11-22T08:30:00+08:00。无法读取的事件列在标准错误中，其余照常研判 /
    events that cannot be read are listed on stderr, the rest is judged.
    """
    with explained():
        clock, known_at = instant_option(now, "--now"), instant_option(as_known_at, "--as-known-at")
        book = book_with(set_)
        if tickets is not None:
            book = book._replace(ticket_keys=PublicKeys(tickets))
        records = read_registry(registry)
        positions = _positions(tracks) if tracks is not None else []
        with events.open("rb") as lines, seldom_collected():
            verdict = judge_lines(
                records,
                lines,
                now=clock,
                known_at=known_at,
                present=present(),
                book=book,
                keep_outcomes=False,
                vehicles=vehicles,
                tracks=positions,
                provinces=read_borders(provinces, margin_km),
            )
        for refused in verdict.refused:
            print_problems(f"{events}:{refused.line}", refused.problems)
        if to is not None:
            to.write_bytes(_ndjson(verdict.alerts))
        if form is _Format.NDJSON:
            sys.stdout.buffer.write(_ndjson(verdict.alerts))
            sys.stdout.flush()
        else:
            _print_table(verdict)


def _positions(directory: Path) -> "list[TrackStatement]":
    """Read archived positions; tell of records that hold none. Raises Failure."""
    # DuckDB and numpy take a second, which only they wait for who have files.
    from services.cli.track_files import files_between
    from services.cli.track_statements import statements_in

    said, unread = statements_in(directory, files_between(directory, None, None, timedelta(0)))
    if unread:
        print_problems(str(directory), unread)
    return said


def read_borders(place: Path | None, margin_km: int | None) -> "Provinces | None":
    """Read the operator's borders, None for the default of both. Raises Failure."""
    if place is None and margin_km is None:
        return None
    from streams.judging.tracks.places import provinces_or_coarse

    try:
        return provinces_or_coarse(place, margin_km)
    except ValueError as error:
        raise Failure(
            f"无法读取省界文件 {place}（{error}）。",
            f"The borders in {place} cannot be read ({error}).",
            "应为 GeoJSON FeatureCollection，各项为多边形并有属性 code。",
            "It is a GeoJSON FeatureCollection of polygons with a property code.",
            code=2,
        ) from None


def _print_table(verdict: FileVerdict) -> None:
    opened = [alert for alert in verdict.alerts if alert.state == "open"]
    if opened:
        table = AlertTable(out.width)
        out.print(table.header())
        for alert in opened:
            out.print(table.row(alert))
        out.print()
    found = Counter(alert.finding for alert in opened)
    refused = len(verdict.refused)
    say(
        f"事件 {verdict.events} 条，无法读取 {refused} 条；"
        f"违法 {found['violation']} 项，待核 {found['review']} 项，提示 {found['notice']} 项",
        f"{verdict.events} events judged, {refused} not understood; {found['violation']} violations,"
        f" {found['review']} to be reviewed, {found['notice']} notices",
    )


def _ndjson(alerts: Sequence[Alert]) -> bytes:
    return b"".join(msgspec.json.encode(alert) + b"\n" for alert in alerts)


def present() -> datetime:
    """Return the latest instant that an event may tell of: a day ahead, for clocks that are wrong."""
    return datetime.now(UTC) + timedelta(days=1)


def instant_option(text: str | None, option: str) -> datetime | None:
    """Return the instant that an option names; raises BadParameter."""
    if text is None:
        return None
    try:
        return read_instant(text)
    except Refusal as refusal:
        raise typer.BadParameter(f"{refusal.zh} / {refusal.en}", param_hint=option) from None


def read_registry(path: Path) -> list[bytes]:
    """Return a file's lines; name each that cannot be read: a verdict on half a registry is wrong.

    Raises Failure.
    """
    lines = path.read_bytes().splitlines()
    wrong = 0
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                decode_registry_record(line)
        except NotUnderstood as error:
            wrong += 1
            print_problems(f"{path}:{number}", error.problems)
    if wrong:
        err.print()
        raise Failure(
            f"登记库有 {wrong} 行无法读取，未研判。",
            f"{wrong} registry lines cannot be read; nothing was judged.",
            "请按上述位置更正后重试。",
            "Correct them at the places above and try again.",
            code=1,
        )
    return lines
