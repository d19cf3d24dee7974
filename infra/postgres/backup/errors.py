"""What can go wrong with a backup, each as one sentence and its cure, zh first, then en."""

from collections.abc import Sequence
from pathlib import Path

__all__ = [
    "BackupBusy",
    "BackupDamaged",
    "BackupError",
    "BackupUnfit",
    "DatabaseInUse",
    "DatabaseNotEmpty",
    "DirectoryUnusable",
    "NoBackup",
    "NoRoom",
    "NoTools",
    "SuperuserNeeded",
    "ToolFailed",
]


class BackupError(Exception):
    """A backup cannot be made, or not be used. ``code``: the command's exit code.

    1: the backup is not good; 2: it cannot be done here, or so; 3: a server or the disk refuses.
    """

    code = 2

    def __init__(self, zh: str, en: str, cure_zh: str = "", cure_en: str = "") -> None:
        super().__init__(f"{zh}{cure_zh}\n{en} {cure_en}".strip())


class NoTools(BackupError):
    """No pg_dump and pg_restore of a fitting version."""

    def __init__(self, major: int, found: Sequence[str]) -> None:
        there = "、".join(found) or "无"
        super().__init__(
            f"服务器是 Postgres {major}，需要同版本或更新的 pg_dump 和 pg_restore（现有：{there}）。",
            f"The server is Postgres {major}: pg_dump and pg_restore of that version or newer are"
            f" needed (found: {', '.join(found) or 'none'}).",
            f"请安装 postgresql-client-{major}，或把其 bin 目录加入 PATH。",
            f"Install postgresql-client-{major} or add its bin directory to PATH.",
        )


class ToolFailed(BackupError):
    """One of Postgres' own tools ended with an error."""

    code = 3

    def __init__(self, name: str, what: str, told: str) -> None:
        super().__init__(f"{name} 失败（{what}）。", f"{name} failed ({what}).", "", told)


class NoRoom(BackupError):
    """Too little space on a disk."""

    code = 3

    def __init__(self, directory: Path, free: int, needed: int) -> None:
        free_mb, needed_mb = free // 1_000_000, -(-needed // 1_000_000)
        super().__init__(
            f"{directory} 所在磁盘只剩 {free_mb} MB，需要 {needed_mb} MB，未作任何改动。",
            f"The disk of {directory} has {free_mb} MB left, {needed_mb} MB are needed; nothing was"
            " changed.",
            "请清理磁盘、减少 --keep，或另选一块盘上的目录。",
            "Free some space, keep fewer with --keep, or choose a directory on another disk.",
        )


class DirectoryUnusable(BackupError):
    """A directory cannot be written."""

    code = 3

    def __init__(self, directory: Path, why: str) -> None:
        super().__init__(
            f"无法使用目录 {directory}（{why}）。",
            f"Cannot use {directory} ({why}).",
            "请检查权限和磁盘，或另选目录。",
            "Check its permissions and disk, or choose another directory.",
        )


class BackupBusy(BackupError):
    """Another backup is being written to the same directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"{directory} 中另一个备份正在进行。",
            f"Another backup is under way in {directory}.",
            "请待其结束后重试。",
            "Try again when it is done.",
        )


class NoBackup(BackupError):
    """A path is no complete backup."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} 不是完整的备份，其中也没有备份。",
            f"{path} is no complete backup and holds none.",
            "已有的备份：liandan backup list 目录。",
            "`liandan backup list DIR` shows those that there are.",
        )


class BackupDamaged(BackupError):
    """Files of a backup are not what they were."""

    code = 1

    def __init__(self, path: Path, damage: Sequence[str]) -> None:
        told = "; ".join(damage[:5])
        super().__init__(
            f"备份 {path} 已损坏，不予使用：{told}。",
            f"The backup {path} is damaged and is not used: {told}.",
            "请改用另一个备份。",
            "Take another one.",
        )


class BackupUnfit(BackupError):
    """A good backup that this program or server is too old for."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en, "请先升级，再重试。", "Upgrade it first, then try again.")


class DatabaseInUse(BackupError):
    """Somebody is connected to the database that is to be replaced."""

    def __init__(self, sessions: Sequence[str]) -> None:
        who = ", ".join(sessions)
        super().__init__(
            f"仍有连接：{who}；未作任何改动。",
            f"These are still connected: {who}; nothing was changed.",
            "请先停止全部服务（liandan up 按 Ctrl-C，或 docker compose stop），再重试。",
            "Stop all services first (Ctrl-C in `liandan up`, or `docker compose stop`).",
        )


class DatabaseNotEmpty(BackupError):
    """The database holds something, and nobody said that it may be replaced."""

    def __init__(self, holds: str) -> None:
        super().__init__(
            f"数据库不是空的（{holds}），未作任何改动。",
            f"The database is not empty ({holds}); nothing was changed.",
            "若要以备份取代它，请加 --replace：原库改名保留，不会删除。",
            "To put the backup in its place add --replace: the old one is renamed, not destroyed.",
        )


class SuperuserNeeded(BackupError):
    """Renaming a database and making another takes a superuser."""

    def __init__(self) -> None:
        super().__init__(
            "--replace 要新建数据库并改名，migrator 角色无此权限。",
            "--replace makes a database and renames one, which the role migrator may not.",
            "请用 LIANDAN_DATABASE_SUPERUSER（或 …_FILE）给出超级用户地址。",
            "Give a superuser's address with LIANDAN_DATABASE_SUPERUSER (or …_FILE).",
        )
