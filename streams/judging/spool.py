"""联单归集: events in any order, brought together by manifest, on disk once they are many.

An event goes into one of ``BUCKETS`` by its manifest's number. Up to ``IN_MEMORY`` bytes stay in
memory; beyond that the buckets are files of a temporary directory, which ``close`` removes. A bucket
holds all events of its manifests, so that one bucket at a time is enough to judge.
"""

import struct
import tempfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TypeAlias

__all__ = ["Spool", "Spooled"]

BUCKETS = 256
IN_MEMORY = 64 * 1024 * 1024
_HEAD = struct.Struct("<IQQ")
"""Before each event: its length, when it was received (µs), its line."""


Spooled: TypeAlias = tuple[int, int, bytes]
"""One event as put in: when it was received (µs), where it stands in its file, its bytes."""


class Spool:
    """Events on their way to be grouped. A context manager."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._buckets = [bytearray() for _ in range(BUCKETS)]
        self._size = 0
        self._in_memory = in_memory
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything; remove what is on disk."""
        self._buckets = []
        if self._directory is not None:
            self._directory.cleanup()

    def put(self, subject: str, received_us: int, line: int, raw: bytes) -> None:
        """Take in an event. Raises OSError when the disk is full."""
        self.put_in(self.bucket_of(subject), received_us, line, raw)

    @staticmethod
    def bucket_of(key: str) -> int:
        """Return the bucket of a manifest's number, or of another key."""
        return zlib.crc32(key.encode("utf-8", "replace")) % BUCKETS

    def put_in(self, place: int, received_us: int, line: int, raw: bytes) -> None:
        """Take in an event under a bucket's number. Raises OSError when the disk is full."""
        bucket = self._buckets[place]
        bucket += _HEAD.pack(len(raw), received_us, line)
        bucket += raw
        self._size += _HEAD.size + len(raw)
        if self._size > self._in_memory:
            self._write()

    def buckets(self) -> Iterator[list[Spooled]]:
        """Return the events bucket by bucket, each in the order in which they were put in."""
        for _, spooled in self.numbered():
            yield spooled

    def numbered(self, also: Collection[int] = ()) -> Iterator[tuple[int, list[Spooled]]]:
        """Return as ``buckets``, with each one's number; those of ``also`` even when empty."""
        for n, held in enumerate(self._buckets):
            written = self._file(n)
            data = bytes(held)
            if written is not None and written.exists():
                data = written.read_bytes() + data
            if data or n in also:
                yield n, _events(data)

    def _write(self) -> None:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="liandan-judge-")
        for n, held in enumerate(self._buckets):
            place = self._file(n)
            if held and place is not None:
                with place.open("ab") as file:
                    file.write(held)
                held.clear()
        self._size = 0

    def _file(self, bucket: int) -> Path | None:
        return None if self._directory is None else Path(self._directory.name) / str(bucket)


def _events(data: bytes) -> list[Spooled]:
    found: list[Spooled] = []
    at, end = 0, len(data)
    while at < end:
        length, received_us, line = _HEAD.unpack_from(data, at)
        at += _HEAD.size + length
        found.append((received_us, line, data[at - length : at]))
    return found
