"""``liandan tracks``: where a vehicle was, from the archived files; and whether those were altered."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from infra.runtime.settings import Settings
from schemas.checks import Refusal
from schemas.instant import CHINA
from schemas.plate import read_plate
from schemas.topics import TRACKS_TOPIC
from services.cli.console import err, out, say
from services.cli.demo_home import running_settings
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.judge import instant_option
from services.cli.track_files import (
    ArchivedRecord,
    Fault,
    compare,
    digest_of,
    files_between,
    records_of,
)
from services.cli.track_positions import Seen, Unread, positions_of

__all__ = ["tracks"]

_RECORDED = """
SELECT name, sha256 FROM track_file
WHERE topic = $1 AND ($2::timestamptz IS NULL OR appended_to >= $2)
    AND ($3::timestamptz IS NULL OR appended_from < $3)
ORDER BY name
"""
_FAULTS = {
    "differs": ("与登记的摘要不符", "is not what was archived", "bold red"),
    "missing": ("不见了", "is missing", "bold red"),
    "unrecorded": (
        "没有登记（若归档刚写成，稍后再看）",
        "is not on record: look again soon, it may be just written",
        "yellow",
    ),
}


class _Format(StrEnum):
    TABLE = "table"
    NDJSON = "ndjson"


class _Evidence(NamedTuple):
    """A position and the record that says so."""

    seen: Seen
    record: ArchivedRecord


def tracks(
    plate: Annotated[str, typer.Argument(help="号牌号码 / the vehicle's plate")] = "",
    since: Annotated[
        str | None, typer.Option("--from", help="定位时间自此起 / positions from this instant on")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="定位时间至此前 / positions before this instant")
    ] = None,
    late_days: Annotated[
        int,
        typer.Option(min=0, max=400, help="至多晚到几天的也找 / look for what came so late"),
    ] = 7,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="逐个核对文件的摘要 / compare each file with its digest"),
    ] = False,
    form: Annotated[
        _Format, typer.Option("--format", help="终端输出 / what goes to stdout")
    ] = _Format.TABLE,
) -> None:
    """查车辆轨迹，附所在文件及摘要 / Where a vehicle was, with the files that say so and their digests.

    读 `LIANDAN_TRACKS_DIRECTORY` 中已归档的文件，不需要数据库；最近几分钟的尚未归档。`--verify` 以数据库中
    登记的摘要核对文件，不给号牌则只核对 / reads the archived files there, without a database; the last
    minutes are not archived yet. --verify compares the files with the digests in the database.
    退出码 / exit code: 0; 1 有文件被改动或丢失 / a file was altered or is missing; 3 数据库不可用 /
    the database is away.
    """
    with served():
        quiet_logs()
        if not plate and not verify:
            raise typer.BadParameter("PLATE / --verify", param_hint="PLATE")
        wanted = _plate(plate) if plate else ""
        begin, end = instant_option(since, "--from"), instant_option(until, "--to")
        settings = running_settings()
        directory = settings.tracks_home
        files = files_between(directory, begin, end, timedelta(days=late_days))
        if wanted:
            _tell(directory, files, wanted, (begin, end), form)
        if verify:
            late = end + timedelta(days=late_days) if end is not None else None
            recorded = asyncio.run(_recorded(settings, begin, late))
            _verified(compare(directory, recorded, [] if begin or end else files), len(recorded))


def _plate(text: str) -> str:
    try:
        return read_plate(text)
    except Refusal as refusal:
        raise typer.BadParameter(f"{refusal.zh} / {refusal.en}", param_hint="PLATE") from None


async def _recorded(settings: Settings, begin: datetime | None, end: datetime | None) -> list[Any]:
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            return list(await connection.fetch(_RECORDED, TRACKS_TOPIC, begin, end))


def _tell(
    directory: Path,
    files: Sequence[str],
    plate: str,
    period: tuple[datetime | None, datetime | None],
    form: _Format,
) -> None:
    found: list[_Evidence] = []
    unread: list[ArchivedRecord] = []
    for record in records_of(directory, files, plate):
        try:
            seen = positions_of(record.kind, record.raw)
        except Unread:
            unread.append(record)
            continue
        found += [_Evidence(each, record) for each in seen if _inside(each.at, *period)]
    found.sort(key=lambda e: (e.seen.at, e.record.partition, e.record.kafka_offset))
    digests = {name: digest_of(directory / name) for name in {e.record.file for e in found}}
    if form is _Format.NDJSON:
        for line in _lines(plate, found, digests):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.flush()
    else:
        _print(plate, found, digests)
    for record in unread:
        say(
            f"读不出：{record.file} 分区 {record.partition} 位点 {record.kafka_offset}",
            f"holds no position that can be read ({record.digest.hex()[:12]}…)",
            "yellow",
            to=err,
        )


def _inside(at: datetime, begin: datetime | None, end: datetime | None) -> bool:
    return (begin is None or at >= begin) and (end is None or at < end)


def _lines(plate: str, found: Sequence[_Evidence], digests: dict[str, bytes]) -> Iterator[bytes]:
    for seen, record in found:
        yield msgspec.json.encode(
            {
                "plate": plate,
                **seen._asdict(),
                "kind": record.kind,
                "source": record.source,
                "event_id": record.event_id,
                "digest": record.digest.hex(),
                "partition": record.partition,
                "offset": record.kafka_offset,
                "file": record.file,
                "file_sha256": digests[record.file].hex(),
            }
        )


def _print(plate: str, found: Sequence[_Evidence], digests: dict[str, bytes]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold dim")
    table.add_column("时间 time", no_wrap=True)
    for name in ("经度 lon", "纬度 lat", "km/h", "方向 °"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("来自 kind")
    table.add_column("记录摘要 digest", no_wrap=True)
    table.add_column("文件 file", overflow="fold")
    for seen, record in found:
        table.add_row(
            f"{seen.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            f"{seen.lon:.6f}",
            f"{seen.lat:.6f}",
            _number(seen.speed_kmh),
            _number(seen.direction),
            record.kind,
            record.digest.hex()[:16],
            record.file,
        )
    if found:
        out.print(table)
        out.print()
    for name, digest in sorted(digests.items()):
        out.print(
            Text.assemble((f"{name}  ", ""), (f"sha256 {digest.hex()}", "dim")), soft_wrap=True
        )
    say(
        f"{plate}：{len(found)} 个位置，来自 {len(digests)} 个文件",
        f"positions, from {len(digests)} files; times are China's",
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _verified(faults: Sequence[Fault], compared: int) -> None:
    """Say what was found on stderr. Raises typer.Exit (1) when the archive is not what it was."""
    for fault in faults:
        zh, en, style = _FAULTS[fault.what]
        say(f"{fault.file} {zh}", en, style, to=err)
    wrong = sum(fault.what != "unrecorded" for fault in faults)
    if wrong:
        say(f"✗ {compared} 个文件中 {wrong} 个有误", f"of {compared} files", "bold red", to=err)
        raise typer.Exit(1)
    say(f"✓ {compared} 个文件与登记的摘要相符", "files are as they were archived", "green", to=err)
