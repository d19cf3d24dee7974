"""Kafka's jars come from a Maven repository once, are checked always, and mended if damaged."""

import asyncio
import fcntl
import functools
import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.errors import JarDamaged, JarsUnavailable
from infra.local.jars import KAFKA_VERSION, Jar, fetch_jars, kafka_jars, prepare_jars


class Repository:
    """A Maven repository on this machine that counts what was asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []

    def put(self, artifact: str, content: bytes) -> Jar:
        jar = Jar("org.example", artifact, "1.0", hashlib.sha256(content).hexdigest())
        path = self.root / "org" / "example" / artifact / "1.0" / jar.name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return jar


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    found = Repository(tmp_path / "repository")
    found.root.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            if self.path.endswith(".jar"):
                found.asked.append(self.path.rpartition("/")[2])

    handler = functools.partial(Handler, directory=str(found.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def test_the_list_is_whole():
    jars = kafka_jars()
    assert len(jars) == len({jar.name for jar in jars}) == 46
    assert all(len(jar.sha256) == 64 for jar in jars)


def test_jars_are_fetched_once_and_progress_is_told(repository, tmp_path):
    jars = [repository.put(f"part{i}", bytes([i]) * 1000) for i in range(5)]
    told: list[tuple[int, int]] = []
    paths = fetch_jars(tmp_path / "cache", jars, repository.address, lambda *p: told.append(p))
    assert [path.read_bytes() for path in paths] == [bytes([i]) * 1000 for i in range(5)]
    assert told == [(i, 5) for i in range(6)]
    assert fetch_jars(tmp_path / "cache", jars, repository.address) == paths
    assert sorted(repository.asked) == sorted(jar.name for jar in jars)


@pytest.mark.parametrize("damage", [b"", b"cut o", b"something else entirely"])
def test_a_damaged_jar_is_fetched_again(repository, tmp_path, damage):
    jars = [repository.put("sound", b"sound"), repository.put("hurt", b"cut off in the middle")]
    paths = fetch_jars(tmp_path / "cache", jars, repository.address)
    paths[1].write_bytes(damage)
    fetch_jars(tmp_path / "cache", jars, repository.address)
    assert paths[1].read_bytes() == b"cut off in the middle"
    assert repository.asked.count("hurt-1.0.jar") == 2
    assert repository.asked.count("sound-1.0.jar") == 1


def test_a_wrong_hash_after_the_second_download_is_an_error(repository, tmp_path):
    jar = repository.put("forged", b"original")
    (repository.root / "org/example/forged/1.0" / jar.name).write_bytes(b"forged")
    with pytest.raises(JarDamaged) as caught:
        fetch_jars(tmp_path / "cache", [jar], repository.address)
    assert "forged-1.0.jar" in str(caught.value)
    assert repository.asked == [jar.name, jar.name]
    left = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.suffix != ".lock"]
    assert left == []


def test_without_network_there_is_one_sentence_and_what_came_is_kept(repository, tmp_path):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        here, missing = repository.put("here", b"here"), repository.put("missing", b"missing")
        fetch_jars(tmp_path / "cache", [here], repository.address)
        with pytest.raises(JarsUnavailable) as caught:
            fetch_jars(tmp_path / "cache", [here, missing], nowhere)
    zh, en = str(caught.value).splitlines()
    assert "请检查网络" in zh
    assert "LIANDAN_MAVEN_REPOSITORY" in en
    fetch_jars(tmp_path / "cache", [here], nowhere)  # nothing to ask for


def test_what_the_repository_does_not_have_is_named(repository, tmp_path):
    with pytest.raises(JarsUnavailable, match="absent-2"):
        fetch_jars(
            tmp_path / "cache", [Jar("org.example", "absent", "2", "0" * 64)], repository.address
        )


def test_two_processes_fill_one_cache_without_quarrel(repository, tmp_path):
    jars = [repository.put(f"part{i}", bytes([i]) * 1000) for i in range(5)]
    fetch = functools.partial(fetch_jars, tmp_path / "cache", jars, repository.address)
    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(repository.asked) == sorted(jar.name for jar in jars)


async def test_cancelling_ends_the_wait_for_another_process(tmp_path):
    """Ctrl-C while somebody else fills the cache."""
    with (tmp_path / f"kafka-{KAFKA_VERSION}.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        fetching = asyncio.create_task(prepare_jars(tmp_path))
        await asyncio.sleep(0)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(fetching, 5)


async def test_cancelling_ends_the_downloads(tmp_path):
    """A server that accepts and never answers: Ctrl-C must not hang on it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        fetching = asyncio.create_task(prepare_jars(tmp_path / "cache", address))
        connection, _ = await asyncio.to_thread(silent.accept)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(fetching, 5)
        connection.close()
