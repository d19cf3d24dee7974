"""Check-up of the machine: Python, Java, disk, ports, jars."""

import shutil
import sys
from pathlib import Path

from infra.local.jars import kafka_jars, sha256_of
from infra.local.java import OLDEST, bundled_java, system_java
from infra.local.ports import is_free
from infra.runtime.settings import Settings
from services.cli.checkup import Checkup

__all__ = ["check_machine"]

_NEEDED_MB = 1000


def check_machine(checkup: Checkup, home: Path, cache: Path, settings: Settings | None) -> None:
    """Look at what a local stack needs. ``settings``: of a stack to be started, None if one runs."""
    major, minor, micro = sys.version_info[:3]
    checkup.tell("ok", f"Python {major}.{minor}.{micro}", sys.executable)
    java = system_java() or bundled_java()
    if java is None:
        checkup.tell(
            "wrong",
            f"没有可用的 Java {OLDEST}+",
            f"there is no Java {OLDEST} or newer that runs here",
            f"请安装 Java {OLDEST} 或更新版本，并设置 JAVA_HOME",
            f"install Java {OLDEST} or newer and set JAVA_HOME",
        )
    else:
        checkup.tell("ok", f"Java {java.version}（{java.origin}）", str(java.path))
    _check_disk(checkup, home)
    if settings is not None:
        _check_jars(checkup, cache)
        for port, name in (
            (settings.kafka_port, "LIANDAN_KAFKA_PORT"),
            (settings.gateway_port, "LIANDAN_GATEWAY_PORT"),
        ):
            if port and not is_free(port):
                _tell_taken(checkup, port, name, asked=_is_asked(settings, name))


def _is_asked(settings: Settings, name: str) -> bool:
    return name.removeprefix("LIANDAN_").lower() in settings.model_fields_set


def _tell_taken(checkup: Checkup, port: int, name: str, *, asked: bool) -> None:
    if asked:
        checkup.tell(
            "wrong",
            f"端口 {port} 已被占用",
            f"port {port} is taken",
            f"停止占用它的程序，或更改 {name}",
            f"stop the program that has it, or change {name}",
        )
    else:
        checkup.tell(
            "note",
            f"端口 {port} 已被占用，启动时会另选",
            f"port {port} is taken; another one will be chosen",
        )


def _check_disk(checkup: Checkup, home: Path) -> None:
    there = home
    while not there.exists():
        there = there.parent
    free_mb = shutil.disk_usage(there).free // 1_000_000
    if free_mb < _NEEDED_MB:
        checkup.tell(
            "wrong",
            f"{home} 所在磁盘只剩 {free_mb} MB",
            f"only {free_mb} MB are left on its disk, {_NEEDED_MB} are needed",
            "请清理磁盘，或用 LIANDAN_HOME 指定另一块盘上的目录",
            "free some space, or choose a directory on another disk with LIANDAN_HOME",
        )
    else:
        checkup.tell("ok", f"目录 {home}", f"{free_mb / 1000:.1f} GB free")


def _check_jars(checkup: Checkup, cache: Path) -> None:
    jars = kafka_jars()
    folders = list(cache.glob("kafka-*/"))
    right = sum(
        any(sha256_of(folder / jar.name) == jar.sha256 for folder in folders) for jar in jars
    )
    level, more = ("ok", "checked") if right == len(jars) else ("note", "fetched at the next start")
    checkup.tell(
        "ok" if level == "ok" else "note",
        f"Kafka 程序文件 {right}/{len(jars)}",
        f"files of Kafka in {cache}; {more}",
    )
