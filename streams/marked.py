"""Whom to judge next of those that something new bears on: first whose deadline has fired, then oldest first.

Deadlines are owed within seconds of their moment; words wait for each other. One group is judged in one
transaction and looked for anew after it, so what fires meanwhile waits for one group and not for all, and
what is to be kept meanwhile does not wait for long.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

__all__ = ["MARKED_HOLDERS", "MARKED_PLATES", "marked_groups"]

_GROUP = 50
"""Institutions, plants or vehicles judged in one transaction: the registry's head is held meanwhile."""
_MARKS = 500
"""Of a group together; one that has more is judged alone."""
_CANDIDATES = 4 * _GROUP
"""Some may be at another worker."""
_LOOK = 1_500
"""Marks that are looked through for the oldest."""
_NEXT = """
WITH fired AS (
    SELECT {who} AS who, min(id) AS id FROM {table} WHERE fired GROUP BY {who} ORDER BY min(id)
    LIMIT $1
), oldest AS (
    SELECT {who} AS who, min(id) AS id, count(*) AS marks
    FROM (SELECT id, {who} FROM {table} ORDER BY id LIMIT $2) m GROUP BY {who} ORDER BY min(id)
)
SELECT who, coalesce(o.marks, 1) AS marks, f.id IS NOT NULL AS fired FROM fired f FULL JOIN oldest o USING (who)
ORDER BY f.id, o.id LIMIT $1
"""
MARKED_HOLDERS = _NEXT.format(table="medical_dirty", who="holder")
MARKED_PLATES = _NEXT.format(table="vehicle_dirty", who="plate")


async def marked_groups(connection: Any, query: str) -> list[list[str]]:
    """Return whom to judge next, in order and in groups: another worker may be at the first of them.

    Those that have fired are in groups of their own, which are soon done.
    """
    rows = await connection.fetch(query, _CANDIDATES, _LOOK)
    return [group for _, its in groupby(rows, itemgetter("fired")) for group in _grouped(its)]


def _grouped(marked: Iterable[Any]) -> Iterator[list[str]]:
    group: list[str] = []
    marks = 0
    for row in marked:
        if group and (len(group) == _GROUP or marks + row["marks"] > _MARKS):
            yield group
            group, marks = [], 0
        group.append(row["who"])
        marks += row["marks"]
    if group:
        yield group
