"""Where a consumer stands in a log, and what is raised when it may not go on from there."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Self

__all__ = ["Fenced", "LogBroken", "Move", "Position", "record_digest"]


def record_digest(value: bytes | None) -> bytes:
    """Return the SHA-256 of a record's value; a record without a value counts as empty."""
    return hashlib.sha256(value or b"").digest()


class Position(NamedTuple):
    """One row of ``consumer_offset``, as its owner knows it."""

    partition: int
    next_offset: int
    """The first record that was not handled yet."""
    digest: bytes | None
    """``record_digest`` of record ``next_offset - 1``; None: nothing before it to compare with."""
    epoch: int
    """Rises with each owner."""
    clock: datetime | None
    """The partition's clock, monotone."""
    version: datetime | None = None
    """When the row was last written: tells it from an equal one of a database that was put back.
    None: whoever moves the position holds nothing else that could be newer than the database."""


class Move(NamedTuple):
    """What one transaction makes of a position."""

    position: Position
    next_offset: int
    digest: bytes | None
    clock: datetime | None


class Fenced(Exception):
    """Another owner took the partition, or the expected offset is not there: drop what you hold."""

    def __init__(self, consumer: str, topic: str, partitions: Sequence[int]) -> None:
        super().__init__(
            f"{consumer} does not own {topic}/{', '.join(map(str, sorted(partitions)))} any more"
        )
        self.partitions = tuple(sorted(partitions))


class LogBroken(Exception):
    """The log is not the one that was read before; only a person may say where to go on.

    ``cure`` is the exact command, or several joined by ``&&``.
    """

    def __init__(
        self, sentence_zh: str, sentence_en: str, cure: str, partitions: Sequence[int] = ()
    ) -> None:
        super().__init__(f"{sentence_zh}\n{sentence_en}\n{cure}")
        self.partitions = tuple(sorted(partitions))
        self.sentence_zh = sentence_zh
        self.sentence_en = sentence_en
        self.cure = cure

    @classmethod
    def at(cls, consumer: str, topic: str, breaks: Sequence[tuple[int, str, str]]) -> Self:
        """Return one exception for all breaks: (partition, sentence_zh, sentence_en)."""
        where = [f"{consumer} {topic}/{partition}" for partition, _, _ in breaks]
        return cls(
            "\n".join(f"{w}：{zh}" for w, (_, zh, _) in zip(where, breaks, strict=True)),
            "\n".join(f"{w}: {en}" for w, (_, _, en) in zip(where, breaks, strict=True)),
            " && ".join(
                f"liandan offsets accept --consumer {consumer} --topic {topic}"
                f" --partition {partition} --from start"
                for partition, _, _ in breaks
            ),
            [partition for partition, _, _ in breaks],
        )
