"""What can go wrong with the local stack, each as one sentence and its cure, zh first, then en."""

from pathlib import Path
from typing import NamedTuple

__all__ = [
    "ChildNotStarted",
    "HomeInUse",
    "HomeUnusable",
    "JarDamaged",
    "JarsUnavailable",
    "LocalStackError",
    "NoJava",
    "NoSpace",
    "PartMissing",
    "PortTaken",
    "PostgresBusy",
]


class Text(NamedTuple):
    """The same said in both languages."""

    zh: str
    en: str


class LocalStackError(Exception):
    """The local stack cannot be started. ``str()`` is the sentence and its cure, zh then en."""

    def __init__(self, sentence: Text, cure: Text) -> None:
        self.sentence, self.cure = sentence, cure
        super().__init__(f"{sentence.zh}{cure.zh}\n{sentence.en} {cure.en}")


class PortTaken(LocalStackError):
    """A port that was asked for is in use."""

    def __init__(self, port: int, setting: str) -> None:
        self.port = port
        super().__init__(
            Text(f"端口 {port} 已被其他程序占用。", f"Port {port} is taken by another program."),
            Text(
                f"请停止该程序，或把 {setting} 设为其他端口。",
                f"Stop that program or set {setting} to another port.",
            ),
        )


class HomeInUse(LocalStackError):
    """Another local stack runs on the same home."""

    def __init__(self, home: Path, pid: int | None) -> None:
        by_zh, by_en = (f"（进程 {pid}）", f" (pid {pid})") if pid else ("", "")
        super().__init__(
            Text(
                f"{home} 上已有一个本地环境在运行{by_zh}。",
                f"A local stack already runs on {home}{by_en}.",
            ),
            Text(
                "请先停止它，或用 LIANDAN_HOME 指定另一个目录。",
                "Stop it first, or choose another directory with LIANDAN_HOME.",
            ),
        )


class HomeUnusable(LocalStackError):
    """The home (or, as root, the state directory) cannot be written."""

    def __init__(self, directory: Path, why: str) -> None:
        super().__init__(
            Text(f"无法使用目录 {directory}（{why}）。", f"Cannot use {directory} ({why})."),
            Text(
                "请用 LIANDAN_HOME 指定一个可写的目录。",
                "Choose a directory you can write with LIANDAN_HOME.",
            ),
        )


class NoSpace(LocalStackError):
    """Too little free space."""

    def __init__(self, directory: Path, free_bytes: int, needed_bytes: int) -> None:
        free, needed = free_bytes // 1_000_000, needed_bytes // 1_000_000
        super().__init__(
            Text(
                f"{directory} 所在磁盘只剩 {free} MB，需要 {needed} MB。",
                f"The disk of {directory} has {free} MB left, {needed} MB are needed.",
            ),
            Text(
                "请清理磁盘，或用 LIANDAN_HOME 指定另一块盘上的目录。",
                "Free some space or choose a directory on another disk with LIANDAN_HOME.",
            ),
        )


class PartMissing(LocalStackError):
    """An installation of the services alone, as in their container image, has no local stack."""

    def __init__(self, package: str) -> None:
        super().__init__(
            Text(
                f"此安装只含各服务，没有本地环境所需的 {package}。",
                f"This installation holds the services alone, without {package} for a local stack.",
            ),
            Text(
                "请在源码目录中运行 make demo 或 make up；在容器中请用 docker compose。",
                "Run `make demo` or `make up` in the source folder; containers are started by"
                " docker compose.",
            ),
        )


class JarsUnavailable(LocalStackError):
    """Kafka cannot be downloaded."""

    def __init__(self, jar: str, why: str) -> None:
        super().__init__(
            Text(f"无法下载 Kafka 的文件 {jar}（{why}）。", f"Cannot download {jar} ({why})."),
            Text(
                "请检查网络后重试（已下载的会保留），或用 LIANDAN_MAVEN_REPOSITORY "
                "指定可访问的 Maven 镜像地址。",
                "Check the network and try again (what was fetched is kept), or set "
                "LIANDAN_MAVEN_REPOSITORY to a Maven mirror you can reach.",
            ),
        )


class JarDamaged(LocalStackError):
    """A jar was downloaded twice and is not what it should be."""

    def __init__(self, jar: str, expected: str, found: str) -> None:
        super().__init__(
            Text(
                f"重新下载后，Kafka 的文件 {jar} 校验和仍不符（应为 {expected}，实为 {found}）。",
                f"{jar} has the wrong checksum even after a second download "
                f"(expected SHA-256 {expected}, found {found}).",
            ),
            Text(
                "网络中可能有代理或镜像改动了文件，请更换网络或 LIANDAN_MAVEN_REPOSITORY 后重试。",
                "A proxy or mirror may be altering it: try another network or another "
                "LIANDAN_MAVEN_REPOSITORY.",
            ),
        )


class NoJava(LocalStackError):
    """Neither a system Java nor the bundled one runs here."""

    def __init__(self, oldest: int) -> None:
        super().__init__(
            Text(
                f"没有可用的 Java {oldest}+，随包附带的 Java 在本机也无法运行。",
                f"There is no Java {oldest} or newer, and the bundled one does not run here.",
            ),
            Text(
                f"请安装 Java {oldest} 或更新版本，并设置 JAVA_HOME。",
                f"Install Java {oldest} or newer and set JAVA_HOME.",
            ),
        )


class PostgresBusy(LocalStackError):
    """A Postgres of an earlier stack still works on the same data."""

    def __init__(self, data: Path, pid: int) -> None:
        super().__init__(
            Text(
                f"进程 {pid} 仍在使用数据库目录 {data}。",
                f"Process {pid} still uses the database directory {data}.",
            ),
            Text(f"请结束进程 {pid} 后重试。", f"End process {pid} and try again."),
        )


class ChildNotStarted(LocalStackError):
    """A process of the stack does not come up; quotes the end of its log."""

    def __init__(self, name: str, what: str, log: Path, log_tail: str) -> None:
        super().__init__(
            Text(f"{name} 无法启动：{what}。", f"{name} does not start: {what}."),
            Text(
                f"原因见日志 {log}。",
                f"Its log {log} tells why; it ends with:\n{log_tail}",
            ),
        )
