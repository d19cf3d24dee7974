"""Kafka's jars: exact coordinates and SHA-256, fetched once, checked before every use."""

import asyncio
import contextlib
import csv
import fcntl
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import JarDamaged, JarsUnavailable, PartMissing

__all__ = ["KAFKA_VERSION", "Jar", "fetch_jars", "kafka_jars", "prepare_jars"]

KAFKA_VERSION = "4.3.1"

_LIST = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}-jars.csv")
_THREADS = 8
_NETWORK_TIMEOUT_S = 8  # for each connect and each read
_ATTEMPTS = 2
_LOCK_POLL_S = 0.05

Count = Callable[[int, int], None]
"""Progress: how many of how many."""


@dataclass(frozen=True)
class Jar:
    """One file of Kafka's class path."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """File name."""
        return f"{self.artifact}-{self.version}.jar"


def kafka_jars() -> list[Jar]:
    """Read the list that comes with the project."""
    with _LIST.open(newline="") as file:
        return [
            Jar(row["group"], row["artifact"], row["version"], row["sha256"])
            for row in csv.DictReader(file)
        ]


async def prepare_jars(
    cache: Path, repository: str = "", progress: Count | None = None
) -> list[Path]:
    """Like ``fetch_jars`` in a thread; cancelling it ends the downloads within seconds."""
    loop = asyncio.get_running_loop()
    given_up = threading.Event()

    def count(done: int, total: int) -> None:
        if progress is not None and not given_up.is_set():
            loop.call_soon_threadsafe(progress, done, total)

    try:
        return await asyncio.to_thread(fetch_jars, cache, kafka_jars(), repository, count, given_up)
    finally:
        given_up.set()


def fetch_jars(
    cache: Path,
    jars: Sequence[Jar],
    repository: str = "",
    progress: Count | None = None,
    given_up: threading.Event | None = None,
) -> list[Path]:
    """Return the paths of all jars in the cache, each with the right SHA-256.

    Every jar is hashed on every call (46 files, 45 MB: 0.1 s), so damage on disk never reaches
    the JVM. What is missing or damaged is downloaded through a throw-away Maven cache below
    ``cache``: nothing stale can come back from elsewhere. Two processes may share a cache.

    ``repository``: address of a Maven mirror, "" for jgo's default.
    Raises JarsUnavailable, JarDamaged, PartMissing.
    """
    folder = cache / f"kafka-{KAFKA_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    given_up = given_up or threading.Event()
    with _only_one(cache / f"kafka-{KAFKA_VERSION}.lock", given_up):
        missing = [jar for jar in jars if sha256_of(folder / jar.name) != jar.sha256]
        done = len(jars) - len(missing)
        if progress is not None:
            progress(done, len(jars))
        if missing:
            _sweep(folder)
            with ThreadPoolExecutor(_THREADS) as pool:
                fetches = [
                    pool.submit(_fetch, jar, folder, repository, given_up) for jar in missing
                ]
                try:
                    for fetch in as_completed(fetches):
                        fetch.result()
                        done += 1
                        if progress is not None:
                            progress(done, len(jars))
                except BaseException:
                    given_up.set()
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
    return [folder / jar.name for jar in jars]


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file, "" if there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _fetch(jar: Jar, folder: Path, repository: str, given_up: threading.Event) -> None:
    """Download one jar, at most twice, and put it in place only when its hash is right."""
    for attempt in range(1, _ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as maven_cache:
            try:
                found = _download(jar, Path(maven_cache), repository, given_up)
            # requests' errors are OSErrors; jgo raises RuntimeError for "no such artifact".
            except (OSError, RuntimeError) as error:
                if attempt == _ATTEMPTS or given_up.is_set():
                    raise JarsUnavailable(jar.name, _first_cause(error)) from error
                continue
            digest = sha256_of(found)
            if digest == jar.sha256:
                found.replace(folder / jar.name)
                return
    raise JarDamaged(jar.name, jar.sha256, digest)


def _download(jar: Jar, maven_cache: Path, repository: str, given_up: threading.Event) -> Path:
    try:
        from jgo.maven import MavenContext, PythonResolver
    except ModuleNotFoundError:  # an installation of the services alone
        raise PartMissing("jgo") from None

    @contextlib.contextmanager
    def watch(_name: str, _bytes: int) -> Iterator[Callable[[int], None]]:
        def chunk(_count: int) -> None:
            if given_up.is_set():
                raise RuntimeError("given up")

        yield chunk

    if given_up.is_set():
        raise RuntimeError("given up")
    context = MavenContext(
        resolver=PythonResolver(progress_callback=watch),
        repo_cache=maven_cache,
        remote_repos={"mirror": repository.rstrip("/")} if repository else None,
        timeout=_NETWORK_TIMEOUT_S,
    )
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    return Path(artifact.resolve())


def _first_cause(error: BaseException) -> str:
    """Return the kind of the innermost error: shorter than what HTTP libraries print."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error}"[:200]


def _sweep(folder: Path) -> None:
    """Remove what an interrupted download left."""
    for left in folder.glob(".fetch-*"):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _only_one(lock: Path, given_up: threading.Event) -> Iterator[None]:
    """Let one process at a time look at and fill the cache."""
    with lock.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # Not a blocking flock: no cancellation would end that.
                if given_up.wait(_LOCK_POLL_S):
                    raise JarsUnavailable(lock.name, "given up") from None
        yield
