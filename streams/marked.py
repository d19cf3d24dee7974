"""Whom to judge next of those that something new bears on: fired deadlines by themselves, the others oldest first.

Deadlines are owed within seconds of their moment; words wait for each other. So what has fired is looked
for and judged beside the words (``streams/keeping_worker.py``), and words are judged in groups that are soon
done: what is to be kept meanwhile does not wait for long either.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg

from streams.judging.decision import LimitDecision

__all__ = [
    "MARKED_HOLDERS",
    "MARKED_PLATES",
    "PROMPT",
    "Judged",
    "Marked",
    "judge_marked",
    "marked_groups",
]

PROMPT = timedelta(minutes=1)
"""A deadline that fires so soon after its moment goes before all words. What was long past when it was told, or
while nothing ran, waits its turn among them: there may be thousands."""

_GROUP = 50
"""Institutions, plants or vehicles judged in one transaction: the registry's head is held meanwhile."""
_MARKS = 500
"""Of a group together; one that has more is judged alone."""
_CANDIDATES = 4 * _GROUP
"""Some may be at another worker."""
_LOOK = 1_500
"""Marks that are looked through for the oldest."""
_NEXT = """
SELECT {who} AS who, count(*) AS marks FROM (SELECT id, {who} FROM {table} {of} ORDER BY id LIMIT $2) m
GROUP BY {who} ORDER BY min(id) LIMIT $1
"""


class Marked(NamedTuple):
    """Where those stand that are to be judged: questions for all of them, and for whose deadline has fired."""

    oldest: str
    fired: str


def _of(table: str, who: str) -> Marked:
    return Marked(*(_NEXT.format(table=table, who=who, of=of) for of in ("", "WHERE fired")))


MARKED_HOLDERS = _of("medical_dirty", "holder")
MARKED_PLATES = _of("vehicle_dirty", "plate")


class Judged(NamedTuple):
    """What one transaction did: of how many it judged all that was dirty, and what was decided of them.

    ``taken`` is 0 where another worker is at all of them.
    """

    taken: int
    decisions: list[LimitDecision]


async def judge_marked(
    pool: asyncpg.Pool,
    marked: Marked,
    judge: Callable[[Sequence[str]], Awaitable[Judged]],
    *,
    fired: bool,
) -> Judged:
    """Judge the first group that no other worker is at: oldest first, or whose deadline has ``fired``."""
    async with pool.acquire() as connection:
        groups = await marked_groups(connection, marked.fired if fired else marked.oldest)
    for group in groups:
        judged = await judge(group)
        if judged.taken:
            return judged
    return Judged(0, [])


async def marked_groups(connection: Any, query: str) -> list[list[str]]:
    """Return whom to judge next, in order and in groups: another worker may be at the first of them."""
    return list(_grouped(await connection.fetch(query, _CANDIDATES, _LOOK)))


def _grouped(rows: Iterable[Any]) -> Iterator[list[str]]:
    group: list[str] = []
    marks = 0
    for row in rows:
        if group and (len(group) == _GROUP or marks + row["marks"] > _MARKS):
            yield group
            group, marks = [], 0
        group.append(row["who"])
        marks += row["marks"]
    if group:
        yield group
