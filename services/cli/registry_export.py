"""``liandan registry export``: the registry as a file."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.runtime.settings import Settings
from services.cli.console import Failure, err, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.registry_kind import AS_KNOWN_AT_HELP, KIND_HELP, known_kind, known_until
from services.registry.csv_export import csv_bytes
from services.registry.export import ndjson_line, record_of
from services.registry.history import Known, Version, all_versions, state_as_known
from services.registry.record_file import FileForm, form_by_name

__all__ = ["export_records"]


def export_records(
    kind: Annotated[str | None, typer.Option(help=KIND_HELP)] = None,
    as_known_at: Annotated[str | None, typer.Option(help=AS_KNOWN_AT_HELP)] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help="全部版本，供 judge --as-known-at / every version, for judge --as-known-at",
        ),
    ] = False,
    form: Annotated[FileForm | None, typer.Option("--format", help="默认 NDJSON / default")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="写入此文件 / write there")] = None,
) -> None:
    """导出登记库：最新所知，或某时刻所知 / Export what is known, or was known at a moment.

    每条记录都带 recorded_at（何时录入）；已撤销的记录也在其中 / every record carries recorded_at;
    retracted ones are part of it. CSV 每次一类 / CSV: one kind at a time.
    """
    with served():
        quiet_logs()
        if kind is not None:
            known_kind(kind)
        form = form or (form_by_name(to.name) if to is not None else FileForm.NDJSON)
        if form is FileForm.CSV and (kind is None or history):
            raise Failure(
                "CSV 每次导出一类记录，须指定 --kind；全部版本请用 NDJSON。",
                "A CSV file holds one kind: name it with --kind; --history needs NDJSON.",
                code=2,
            )
        known = known_until(as_known_at)
        versions = asyncio.run(_read(Settings(), kind, known, history))
        if form is FileForm.CSV and kind is not None:
            content = csv_bytes(kind, map(record_of, versions))
        else:
            content = b"".join(map(ndjson_line, versions))
        if to is None:
            sys.stdout.buffer.write(content)
            sys.stdout.flush()
        else:
            to.write_bytes(content)
            say(f"✓ 已导出 {len(versions)} 条", f"{len(versions)} exported", "green", to=err)


async def _read(settings: Settings, kind: str | None, known: Known, history: bool) -> list[Version]:
    read = all_versions if history else state_as_known
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            return [version async for version in read(connection, kind, known)]
