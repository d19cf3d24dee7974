"""``liandan restore``: put a backup back, and say what the stream makes of it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from infra.local.residence import bundled_binaries
from infra.postgres.backup import Contents, Restored, find_backup, restore_backup
from infra.runtime.settings import TRACKS_TOPIC, Settings
from services.cli.backup import JOBS, Jobs
from services.cli.console import out, say
from services.cli.database_place import database_place
from services.cli.failures import quiet_logs, reaching, served

__all__ = ["restore"]


def restore(
    backup: Annotated[
        Path, typer.Argument(help="备份，或其所在目录（取最新）/ a backup, or the newest in DIR")
    ],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="数据库不空时取而代之，原库改名保留 / put it in the place of a database that is not"
            " empty; that one is renamed and kept",
        ),
    ] = False,
    superuser: Annotated[
        str,
        typer.Option(
            envvar="LIANDAN_DATABASE_SUPERUSER",
            help="超级用户地址，用于新建库和 --replace / makes the database and roles; for --replace",
        ),
    ] = "",
    jobs: Jobs = JOBS,
) -> None:
    """恢复备份；请先停止全部服务 / Put a backup back; stop all services first.

    先核对备份的摘要，有一处不符即不恢复 / digests are compared first. 失败时原库不变 / a failure
    leaves the database as it was. 退出码 / exit code: 0 已恢复 / restored; 1 备份有问题 / the backup
    is not good; 2 条件不具备 / not like this; 3 数据库不可用 / the database refuses.
    """
    with served():
        quiet_logs()
        path, contents = find_backup(backup.expanduser())
        restored = asyncio.run(_restore(Settings(), path, contents, replace, superuser, jobs))
        _tell(path, contents, restored)


async def _restore(
    settings: Settings, path: Path, contents: Contents, replace: bool, superuser: str, jobs: int
) -> Restored:
    async with database_place(settings, superuser, new=True) as place:
        with reaching("Postgres"):
            return await restore_backup(
                place.migrator,
                path,
                contents,
                superuser=place.superuser,
                replace=replace,
                bundled=(bundled_binaries(),),
                jobs=jobs,
            )


def _tell(path: Path, contents: Contents, restored: Restored) -> None:
    moment = contents.snapshot_at.astimezone().isoformat(timespec="seconds")
    say(f"✓ 已恢复 {path}", "restored; every table has its rows", "green")
    say(f"  恢复点 {moment}，登记序号 {contents.registry_seq}", "recovery point, registry sequence")
    for name in restored.migrations:
        say(f"  已升级 {name}", "applied on top")
    if restored.set_aside is not None:
        say(
            f"  原数据库改名为 {restored.set_aside}，确认无误后可删除",
            "is what the old database is called now; drop it once all is well",
        )
    out.print()
    say("接下来", "what happens now", "bold")
    behind = {
        consumer: sum(s.next_offset for s in contents.positions if s.consumer == consumer)
        for consumer in ("archiver", "judge")
    }
    say(
        f"  1. 启动服务。归档从第 {behind['archiver']} 条、研判从第 {behind['judge']} 条起重读 Kafka 日志，"
        "自行追上，告警编号不变",
        "start the services: both read the log again from there by themselves; alert ids stay",
    )
    say(
        "  2. 恢复点之后录入的登记记录、密钥、处置不在备份中，请补录",
        "what people entered after the recovery point (registry, keys, cases) must be entered again",
    )
    if unjudged := _unjudged(contents):
        say(
            f"     其中 {unjudged} 条已归档而未研判；若 Kafka 日志也丢失，先执行 liandan offsets refeed",
            "of these are archived but not judged: if Kafka's log is lost too, run that first",
        )
    say("  3. 检查：liandan doctor", "tells how far behind they are, and whether the log fits")
    say(
        "  若 Kafka 日志也丢失，见 docs/how-to/restore.md",
        "if Kafka's log is lost as well, that page tells what to do",
    )


def _unjudged(contents: Contents) -> int:
    """Return how far the judge was behind the archiver, in records."""
    at = {(s.consumer, s.topic, s.partition): s.next_offset for s in contents.positions}
    return sum(
        max(0, offset - at.get(("judge", topic, partition), 0))
        for (consumer, topic, partition), offset in at.items()
        if consumer == "archiver" and topic != TRACKS_TOPIC
    )
