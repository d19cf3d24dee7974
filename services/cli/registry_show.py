"""``liandan registry show``: what was known of one record, and when."""

import asyncio
import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from infra.runtime.settings import Settings
from schemas.instant import CHINA
from services.cli.console import Failure, out, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.registry_kind import AS_KNOWN_AT_HELP, KIND_HELP, known_kind, known_until
from services.cli.registry_report import difference_text
from services.registry.difference import Difference, differences
from services.registry.export import ndjson_line
from services.registry.history import Known, Version, versions_of
from services.registry.wire import meaning

__all__ = ["show_record"]


def show_record(
    kind: Annotated[str, typer.Argument(help=KIND_HELP)],
    record_id: Annotated[str, typer.Argument(metavar="ID", help="记录编号 / id of the record")],
    as_known_at: Annotated[str | None, typer.Option(help=AS_KNOWN_AT_HELP)] = None,
    ndjson: Annotated[
        bool, typer.Option("--ndjson", help="各版本原文 / the versions themselves")
    ] = False,
) -> None:
    """一条记录的历史 / The history of a record: each version, who, when, and what changed."""
    with served():
        quiet_logs()
        known = known_until(as_known_at)
        versions = asyncio.run(_read(Settings(), known_kind(kind), record_id, known))
        if not versions:
            then = f"（截至 {as_known_at}）" if as_known_at else ""
            raise Failure(
                f"登记库中没有 {kind} {record_id}{then}。",
                f"The registry has no {kind} {record_id}"
                + (f" as known at {as_known_at}." if as_known_at else "."),
                code=1,
            )
        if ndjson:
            sys.stdout.buffer.write(b"".join(map(ndjson_line, versions)))
            sys.stdout.flush()
            return
        out.print(_table(versions))
        newest = meaning(versions[-1].body)
        if newest["retracted"]:
            say("此记录已撤销，研判时不予采用", "retracted: no verdict uses it", "red")


async def _read(settings: Settings, kind: str, record_id: str, known: Known) -> list[Version]:
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            return await versions_of(connection, kind, record_id, known)


def _table(versions: list[Version]) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold dim")
    table.add_column("序号\nseq", justify="right")
    table.add_column("录入时间（北京）\nrecorded at")
    table.add_column("经办人\nactor")
    table.add_column("变化\nwhat changed", overflow="fold")
    before = None
    for version in versions:
        said = meaning(version.body)
        table.add_row(
            str(version.seq),
            Text(_moment(version.recorded_at), "dim"),
            Text(version.actor),
            _changes(version.kind, before, said),
        )
        before = said
    return table


def _changes(kind: str, before: dict[str, object] | None, said: dict[str, object]) -> Text:
    found = [d for d in differences(kind, before, said) if d.member not in ("kind", "id")]
    if before is None:
        lines = [Text.assemble(("新建", "green"), "  ", ("created", "dim"))]
        values = [d for d in found if d.after != "false"]
        return Text("\n").join([*lines, *(_value(d) for d in values)])
    if said["retracted"] and not before["retracted"]:
        lines = [Text.assemble(("撤销", "red"), "  ", ("retracted", "dim"))]
        found = [d for d in found if d.member != "retracted"]
    else:
        lines = []
    return Text("\n").join([*lines, *(difference_text(d) for d in found)])


def _value(each: Difference) -> Text:
    return Text.assemble(f"{each.zh} ", (f"{each.en} · {each.member}", "dim"), f"：{each.after}")


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S.%f")
