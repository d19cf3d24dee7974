"""Rows gathered into documents: what a row leaves empty is that of the row above it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from schemas.checks import Refusal
from services.registry.notices.reading import Reading

__all__ = ["Document", "gather", "settle"]


class Document(NamedTuple):
    """The rows of one record, and the record: None where it could not be built."""

    id: str
    readings: tuple[Reading, ...]
    record: dict[str, Any] | None


def gather(
    readings: Iterable[Reading], key: Callable[[Reading], str], own: Sequence[str]
) -> dict[str, list[Reading]]:
    """Group rows by key in their order; a row that prints none of ``own`` goes with the one above."""
    groups: dict[str, list[Reading]] = {}
    above = ""
    for reading in readings:
        name = key(reading)
        if not name and above and not any(reading.printed(field) for field in own):
            name = above
            reading.remark(("承上一行", "continues the row above"))
        groups.setdefault(name, []).append(reading)
        above = name
    return groups


def settle(found: Sequence[tuple[Reading, dict[str, Any]]]) -> dict[str, Any]:
    """Return what the rows of a document say of it; a row that contradicts an earlier one is refused."""
    said: dict[str, Any] = {}
    for reading, values in found:
        for member, value in values.items():
            if value is None:
                continue
            before = said.setdefault(member, value)
            if before != value:
                reading.refuse(member, Refusal(
                    "row_contradicts",
                    f"与本文件前面的行不一致：“{before}”",
                    f"an earlier row of this document says “{before}”",
                ))  # fmt: skip
    return said
