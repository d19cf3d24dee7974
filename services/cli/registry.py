"""``liandan registry``: the registry desk's files."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer

from infra.runtime.settings import Settings
from services.cli.console import Failure, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.refusals import print_problems
from services.registry import ChangeSet, RegistryRefused, write_change_set

__all__ = ["registry_app"]

registry_app = typer.Typer(
    name="registry", help="登记库 / licences, approvals and other records", no_args_is_help=True
)


@registry_app.callback()
def registry() -> None:
    """登记库 / licences, approvals and other records."""


@registry_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="NDJSON，每行一条 / one record a line")],
    actor: Annotated[str, typer.Option(help="经办人 / who does it")] = "",
) -> None:
    """导入一个变更集，要么全部、要么不导入 / Import a change set: all of it or nothing.

    有一行有误即全部不导入，并逐行说明 / one bad line refuses all; each is told. 退出码 1。
    """
    with served():
        quiet_logs()
        lines = file.read_bytes().splitlines()
        try:
            done = asyncio.run(_write(Settings(), lines, actor or _user()))
        except RegistryRefused as refused:
            for number, problems in sorted(refused.lines.items()):
                print_problems(f"{file}:{number}", problems)
            raise Failure(
                f"{len(refused.lines)} 行有误，未导入任何记录。",
                f"{len(refused.lines)} lines are wrong; nothing was imported.",
                code=1,
            ) from None
        say(
            f"✓ 已导入 {done.written} 条，未变 {done.unchanged} 条，登记序号 {done.seq}",
            f"{done.written} written, {done.unchanged} unchanged, registry sequence {done.seq}",
            "green",
        )


async def _write(settings: Settings, lines: list[bytes], actor: str) -> ChangeSet:
    async with connected(settings.database_registry):  # away is told before the file is judged
        pass
    with reaching("Postgres"):
        return await write_change_set(settings.database_registry, lines, actor)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "liandan"
