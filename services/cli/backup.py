"""``liandan backup``: make, list and prove backups of the database."""

import asyncio
import os
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperGroup

from infra.local.lone_postgres import scratch_postgres
from infra.local.residence import bundled_binaries
from infra.postgres import DATABASE, MIGRATOR
from infra.postgres.backup import (
    BackupDamaged,
    Contents,
    check_files,
    fill_database,
    find_backup,
    find_tools,
    list_backups,
    make_backup,
    mark_verified,
    note_backup,
    note_verified,
    require_fit,
    server_version,
)
from infra.runtime.settings import Settings
from services.cli.backup_proof import Proof, prove
from services.cli.console import out, say
from services.cli.database_place import database_place
from services.cli.failures import quiet_logs, reaching, served, using_home

__all__ = ["JOBS", "Jobs", "backup_app"]

_MAKE = "create"
_JOBS_AT_MOST = 4
_GROWN = 1.3
"""A database just restored, with its write-ahead log, against what it took before."""

_SEE_LOG = ("请查看数据库的日志。", "See the database server's log.")

JOBS = max(1, min(_JOBS_AT_MOST, (os.cpu_count() or 1) // 2))
Jobs = Annotated[
    int, typer.Option(min=1, max=32, help="同时处理的表数 / tables at once, a connection each")
]


class _BackupGroup(TyperGroup):
    """``liandan backup DIR`` is ``liandan backup create DIR``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name before what is none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


backup_app = typer.Typer(
    name="backup",
    cls=_BackupGroup,
    help="数据库备份：liandan backup 目录 / back the database up: liandan backup DIR",
    no_args_is_help=True,
    add_completion=False,
)


@backup_app.command(_MAKE)
def create(
    directory: Annotated[Path, typer.Argument(help="存放备份的目录 / where backups are kept")],
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, help="只保留最新几份（默认全留）/ keep the newest so many; default: all"
        ),
    ] = None,
    jobs: Jobs = JOBS,
) -> None:
    """备份数据库，服务照常运行 / Back the database up while everything goes on.

    退出码 / exit code: 0 完成 / done; 2 无法进行 / cannot be done so;
    3 数据库或磁盘不可用 / the database or the disk refuses. 只有完整的备份才有正式名称 /
    only what is whole gets a backup's name.
    """
    with served():
        quiet_logs()
        settings = Settings()
        path, contents, pruned = asyncio.run(_create(settings, directory.expanduser(), keep, jobs))
        home = settings.home.expanduser()
        with using_home(home):
            note_backup(home, contents)
        say(f"✓ 备份 {path}", "made", "green")
        _describe(contents)
        for old in pruned:
            say(f"· 已删除旧备份 {old.name}", "removed by --keep")
        say(f"验证：liandan backup verify {path}", "proves that it can be restored")


@backup_app.command("list")
def show(
    directory: Annotated[Path, typer.Argument(help="存放备份的目录 / where backups are kept")],
) -> None:
    """列出备份，新的在前 / List the backups, the newest first."""
    with served():
        quiet_logs()
        table = Table("备份 backup", "恢复点 recovery point", "结构 schema", "MB", "验证 verified")
        for backup in list_backups(directory.expanduser()):
            if backup.contents is None:
                table.add_row(backup.path.name, f"✗ {backup.fault}")
                continue
            verified = backup.verified_at
            table.add_row(
                backup.path.name,
                _local(backup.contents.snapshot_at),
                f"{backup.contents.schema:04d}",
                f"{backup.contents.bytes / 1e6:.1f}",
                _local(verified) if verified else "未验证 never",
            )
        out.print(table)


@backup_app.command()
def verify(
    backup: Annotated[
        Path, typer.Argument(help="备份，或其所在目录（取最新）/ a backup, or the newest in DIR")
    ],
    sample: Annotated[
        int, typer.Option(min=0, help="重新研判的联单数 / manifests that are judged again")
    ] = 500,
    scratch: Annotated[
        Path | None,
        typer.Option(
            help="临时数据库的目录（默认在 LIANDAN_HOME）/ where a database may be for a while"
        ),
    ] = None,
) -> None:
    """演练恢复：恢复到临时数据库，核对并重判，再删除 / Restore into a scratch database and check it.

    不触及正式数据库 / the real database is not touched. 退出码 / exit code: 0 可用 / good;
    1 备份有问题 / the backup is not good; 2、3 无法进行 / cannot be done.
    """
    with served():
        quiet_logs()
        settings = Settings()
        path, contents = find_backup(backup.expanduser())
        proof = asyncio.run(_verify(settings, path, contents, sample, scratch))
        if proof.faults:
            raise BackupDamaged(path, [f"{zh} / {en}" for zh, en in proof.faults])
        now = datetime.now(UTC)
        mark_verified(path, now)
        home = settings.home.expanduser()
        with using_home(home):
            note_verified(home, contents, now)
        say(f"✓ 备份 {path} 可用", "restored and found good", "green")
        _describe(contents)
        say(
            f"  存档 {proof.events} 条摘要相符；重判联单 {proof.manifests} 份，结果相同",
            f"digests of all archived records; manifests judged again to the same outcomes"
            f" ({proof.other_rules} by other rule versions, not compared)",
        )


async def _create(
    settings: Settings, directory: Path, keep: int | None, jobs: int
) -> tuple[Path, Contents, list[Path]]:
    async with database_place(settings) as place:
        with reaching("Postgres"):
            return await make_backup(
                place.migrator,
                directory,
                program=_program(),
                bundled=(bundled_binaries(),),
                jobs=jobs,
                keep=keep,
            )


async def _verify(
    settings: Settings, path: Path, contents: Contents, sample: int, scratch: Path | None
) -> Proof:
    check_files(path, contents)
    below = (scratch or settings.home / "scratch").expanduser().absolute()
    async with scratch_postgres(below, int(contents.database_bytes * _GROWN)) as server:
        with reaching("Postgres", _SEE_LOG):
            dsn = server.dsn(MIGRATOR, DATABASE)
            _, major = await server_version(dsn)
            require_fit(contents, major)
            tools = await find_tools(major, (bundled_binaries(),))
            await fill_database(dsn, path, contents, tools)
            return await prove(dsn, sample)


def _describe(contents: Contents) -> None:
    rows = contents.rows
    say(
        f"  恢复点 {_local(contents.snapshot_at)}，登记序号 {contents.registry_seq}，"
        f"结构 {contents.schema:04d}，Postgres {contents.server}，{contents.bytes / 1e6:.1f} MB",
        "recovery point, registry sequence, schema, server, size",
    )
    say(
        f"  存档 {rows.get('event_log', 0)}，联单 {rows.get('manifest', 0)}，"
        f"告警 {rows.get('alert', 0)}",
        "archived records, manifests, alerts",
    )


def _local(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="seconds")


def _program() -> str:
    try:
        return version("liandan")
    except PackageNotFoundError:
        return "0"
