"""``liandan registry understand``: an authority's own sheet, read into records for ``import``."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from infra.runtime.settings import Settings
from schemas.decode import decode_registry_record
from services.cli.console import Failure, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.registry_report import print_refusal
from services.cli.registry_understanding import print_understanding, write_understanding
from services.registry import RegistryRefused
from services.registry.csv_text import Encoding
from services.registry.history import state_as_known
from services.registry.notices import (
    KnownUnit,
    Notice,
    Understanding,
    Units,
    read_sheet,
    read_units,
    understand,
    units_to_fill_in,
)
from services.registry.wire import encoded

__all__ = ["understand_sheet"]


def understand_sheet(
    file: Annotated[Path, typer.Argument(help="CSV 或 .xlsx / CSV or .xlsx")],
    notice: Annotated[
        Notice,
        typer.Option(
            "--as",
            help="许可证名单、审批或白名单 / a list of licences, approvals or a white list",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="记录写入此文件 NDJSON / write the records there")
    ] = None,
    units: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="<path>",
            help="单位的名称和信用代码 CSV、.xlsx 或 NDJSON / names and credit codes",
        ),
    ] = None,
    registry: Annotated[
        bool, typer.Option("--registry", help="也查登记库中的单位 / ask the registry for units too")
    ] = False,
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="<NAME=VALUE>",
            help="整表适用而表中未写的，如 valid_from=2026-01-01 / what holds for the whole sheet",
        ),
    ] = None,
    issuer: Annotated[
        str,
        typer.Option(help="发证或决定机关，表中未写时 / who issued, where the sheet does not say"),
    ] = "",
    understood_only: Annotated[
        bool,
        typer.Option(
            "--understood-only", help="只写出读懂的 / write what was understood, leave the rest"
        ),
    ] = False,
    unknown_units: Annotated[
        Path | None,
        typer.Option(help="缺信用代码的单位写入此 CSV，供填写 / units without a code, to fill in"),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="逐行结果写入此文件 NDJSON / write the result, line by line, there"),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="工作表名 / name of the sheet")] = None,
    encoding: Annotated[Encoding, typer.Option(help="CSV 编码 / encoding of a CSV file")] = "auto",
) -> None:
    """读懂主管部门的表格，逐行说明 / Read an authority's own sheet and say, line by line, what was understood.

    读不准的不猜：有一行未读懂即不写出，退出码 1；同一文件、同一证要么全读懂，要么不写出。
    What cannot be read for sure is never guessed: one line and nothing is written, exit code 1.
    """
    with served():
        quiet_logs()
        told = _given(given or [], notice, issuer)
        known = _units(units or [], encoding)
        if registry:
            known += asyncio.run(_registered(Settings()))
        try:
            page = read_sheet(file.read_bytes(), name=sheet, encoding=encoding)
            found = understand(page, notice, Units(known), told)
        except RegistryRefused as refused:
            print_refusal(file, refused, None)
            raise Failure("无法读取这张表。", "This sheet cannot be read.", code=1) from None
        print_understanding(file, found)
        if report is not None:
            write_understanding(report, found)
        if unknown_units is not None:
            unknown_units.write_bytes(units_to_fill_in(found.missing))
        _write(found, out, understood_only=understood_only)


def _write(found: Understanding, out: Path | None, *, understood_only: bool) -> None:
    if not found.records:
        raise Failure(
            "没有读懂的记录，未写出。", "No record was understood; nothing was written.", code=1
        )
    if not found.complete and not understood_only:
        raise Failure(
            "有未读懂的行，未写出任何记录。",
            "Some lines were not understood; nothing was written.",
            "请更正表格，或加 --understood-only 只取读懂的。",
            "Mend the sheet, or add --understood-only to take what was understood.",
            code=1,
        )
    if out is None:
        say(
            f"✓ 读懂 {len(found.records)} 条记录；加 --out 写出",
            f"{len(found.records)} records understood; --out writes them",
            "green",
        )
        return
    out.write_bytes(b"".join(encoded(record) + b"\n" for record in found.records))
    say(
        f"✓ 已写出 {len(found.records)} 条记录：{out}",
        f"{len(found.records)} records written to {out}",
        "green",
    )


def _given(said: list[str], notice: Notice, issuer: str) -> dict[str, str]:
    found = {}
    if issuer and notice != "whitelist":
        found["issuer" if notice == "licences" else "decider"] = issuer
    for each in said:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{each}: NAME=VALUE", param_hint="--given")
        found[name.strip()] = value.strip()
    return found


def _units(files: list[Path], encoding: Encoding) -> list[KnownUnit]:
    found: list[KnownUnit] = []
    for file in files:
        try:
            found += read_units(file.read_bytes(), file.name, encoding)
        except RegistryRefused as refused:
            print_refusal(file, refused, None)
            raise Failure("单位表有误。", "The sheet of units is wrong.", code=1) from None
    return found


async def _registered(settings: Settings) -> list[KnownUnit]:
    with reaching("Postgres"):
        async with connected(settings.database_reader) as connection:
            records = [
                decode_registry_record(version.body)
                async for version in state_as_known(connection, "unit")
            ]
    return [
        KnownUnit(r.name, r.uscc, r.region) for r in records if r.kind == "unit" and not r.retracted
    ]
