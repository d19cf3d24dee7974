"""Whom to judge next of those that something new bears on: first whose deadline has fired, then oldest first.

Deadlines are owed within seconds of their moment; words wait for each other. One group is judged in one
transaction, and looked for anew after it, so what fires meanwhile waits for one group and not for all, and
what is to be kept meanwhile does not wait for long.
"""

from collections.abc import Iterator
from typing import Any

__all__ = ["MARKED_HOLDERS", "MARKED_PLATES", "marked_groups"]

_GROUP = 50
"""Institutions, plants or vehicles judged in one transaction: the registry's head is held meanwhile."""
_MARKS = 400
"""Of a group together; one that has more is judged alone."""
_CANDIDATES = 4 * _GROUP
"""Some may be at another worker."""
_LOOK = 20_000
"""Marks that are looked through for the oldest; a vehicle or institution may have thousands."""
_NEXT = """
WITH fired AS (
    SELECT {who} AS who, min(id) AS id FROM {table} WHERE fired GROUP BY {who} ORDER BY min(id)
    LIMIT $1
), oldest AS (
    SELECT {who} AS who, min(id) AS id, count(*) AS marks
    FROM (SELECT id, {who} FROM {table} ORDER BY id LIMIT $2) m GROUP BY {who} ORDER BY min(id)
)
SELECT who, coalesce(o.marks, 1) AS marks FROM fired f FULL JOIN oldest o USING (who)
ORDER BY f.id, o.id LIMIT $1
"""
MARKED_HOLDERS = _NEXT.format(table="medical_dirty", who="holder")
MARKED_PLATES = _NEXT.format(table="vehicle_dirty", who="plate")


async def marked_groups(connection: Any, query: str) -> list[list[str]]:
    """Return whom to judge next, in order and in groups: another worker may be at the first of them."""
    rows = await connection.fetch(query, _CANDIDATES, _LOOK)
    return list(_grouped((row["who"], row["marks"]) for row in rows))


def _grouped(marked: "Iterator[tuple[str, int]]") -> Iterator[list[str]]:
    group: list[str] = []
    marks = 0
    for who, its in marked:
        if group and (len(group) == _GROUP or marks + its > _MARKS):
            yield group
            group, marks = [], 0
        group.append(who)
        marks += its
    if group:
        yield group
