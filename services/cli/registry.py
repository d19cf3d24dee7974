"""``liandan registry``: the registry desk's files and records."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer

from infra.runtime.settings import Settings
from schemas.registry import REGISTRY_KINDS
from services.cli.console import Failure, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.registry_columns import print_columns
from services.cli.registry_export import export_records
from services.cli.registry_report import print_plan, print_refusal, write_report
from services.cli.registry_show import show_record
from services.cli.registry_understand import understand_sheet
from services.registry import (
    Change,
    ChangeSet,
    Effect,
    Plan,
    RegistryRefused,
    plan_change_set,
    write_changes,
)
from services.registry.csv_text import Encoding
from services.registry.record_file import FileForm, form_by_name, read_file

__all__ = ["registry_app"]

registry_app = typer.Typer(
    name="registry", help="登记库 / licences, approvals and other records", no_args_is_help=True
)


@registry_app.callback()
def registry() -> None:
    """登记库 / licences, approvals and other records."""


@registry_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="NDJSON（每行一条）或 CSV / NDJSON or CSV")],
    actor: Annotated[str, typer.Option(help="经办人 / who does it")] = "",
    form: Annotated[
        FileForm | None, typer.Option("--format", help="默认按扩展名 / default: by the file's name")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="CSV 的记录类型 / kind of a CSV file's records")
    ] = None,
    encoding: Annotated[Encoding, typer.Option(help="CSV 编码 / encoding of a CSV file")] = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只说明会改变什么 / only tell what would change")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="逐行结果写入此文件 NDJSON / write the result, line by line, there"),
    ] = None,
) -> None:
    """导入一个变更集，要么全部、要么不导入 / Import a change set: all of it or nothing.

    有一行有误即全部不导入，并逐行说明 / one bad line refuses all; each is told. 退出码 1。
    CSV 的列见 / columns of a CSV file: liandan registry columns KIND
    """
    with served():
        quiet_logs()
        form = form or form_by_name(file.name)
        if kind is not None and (form is not FileForm.CSV or kind not in REGISTRY_KINDS):
            raise Failure(
                f"--kind 仅用于 CSV，取值：{'、'.join(REGISTRY_KINDS)}。",
                f"--kind is for CSV files, one of: {', '.join(REGISTRY_KINDS)}.",
                code=2,
            )
        try:
            changes = read_file(file.read_bytes(), form, kind, encoding)
        except RegistryRefused as refused:
            if report is not None:
                write_report(report, refused.problems)
            print_refusal(file, refused, report)
            raise Failure(
                f"{refused.lines} 行有误，未导入任何记录。",
                f"{refused.lines} lines are wrong; nothing was imported.",
                code=1,
            ) from None
        if dry_run:
            plan = asyncio.run(_plan(Settings(), changes))
            print_plan(plan)
        else:
            done = asyncio.run(_write(Settings(), changes, actor or _user()))
            plan = done.plan
            say(
                f"✓ 已导入 {done.written} 条，未变 {done.unchanged} 条，登记序号 {done.seq}",
                f"{done.written} written, {done.unchanged} unchanged, registry sequence {done.seq}",
                "green",
            )
            retracted = plan.count(Effect.RETRACTED)
            if retracted:
                say(f"  其中撤销 {retracted} 条", f"{retracted} of them are retractions")
        if report is not None:
            write_report(report, plan.planned)


async def _write(settings: Settings, changes: list[Change], actor: str) -> ChangeSet:
    async with connected(settings.database_registry):  # away is told in a sentence
        pass
    with reaching("Postgres"):
        return await write_changes(settings.database_registry, changes, actor)


async def _plan(settings: Settings, changes: list[Change]) -> Plan:
    with reaching("Postgres"):
        return await plan_change_set(settings.database_reader, changes)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "liandan"


registry_app.command("understand")(understand_sheet)
registry_app.command("export")(export_records)
registry_app.command("show")(show_record)
registry_app.command("columns")(print_columns)
