"""What a change set would do to the registry, record by record."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from services.registry.draft import Change
from services.registry.wire import meaning

__all__ = ["Effect", "Plan", "Planned", "newest_bodies", "plan_changes"]

Key = tuple[str, str]


class Effect(StrEnum):
    """What becomes of a record."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETRACTED = "retracted"


class Planned(NamedTuple):
    """A change, what it does, and the version that stands now (None: there is none)."""

    change: Change
    effect: Effect
    before: bytes | None


class Plan(NamedTuple):
    """A whole change set."""

    planned: tuple[Planned, ...]

    @property
    def writes(self) -> list[Change]:
        """The changes that will be stored."""
        return [p.change for p in self.planned if p.effect is not Effect.UNCHANGED]

    def count(self, effect: Effect) -> int:
        """How many records have that effect."""
        return sum(p.effect is effect for p in self.planned)


def plan_changes(changes: Sequence[Change], known: Mapping[Key, bytes]) -> Plan:
    """Compare changes with the newest versions, by what they say and not by their bytes.

    A file may hold several versions of a record; they are stored in its order. Where the last of
    them stands already, nothing of that record is new.
    """
    said = [meaning(change.body) for change in changes]
    last = {(change.kind, change.id): each for change, each in zip(changes, said, strict=True)}
    now: dict[Key, Any] = {key: meaning(body) for key, body in known.items()}
    settled = {key for key, each in last.items() if now.get(key) == each}
    bodies = dict(known)
    planned = []
    for change, each in zip(changes, said, strict=True):
        key = change.kind, change.id
        if key in settled or now.get(key) == each:
            effect = Effect.UNCHANGED
        elif change.retracted:
            effect = Effect.RETRACTED
        else:
            effect = Effect.CHANGED if key in now else Effect.NEW
        planned.append(Planned(change, effect, bodies.get(key)))
        now[key], bodies[key] = each, change.body
    return Plan(tuple(planned))


async def newest_bodies(connection: Any, changes: Sequence[Change]) -> dict[Key, bytes]:
    """Return the newest version of each record that ``changes`` names, as stored."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (r.kind, r.record_id) r.kind, r.record_id, r.body"
        " FROM registry_record r JOIN registry_change c USING (change_set)"
        " JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS t (kind, record_id)"
        " ON t.kind = r.kind AND t.record_id = r.record_id"
        " ORDER BY r.kind, r.record_id, c.seq DESC, r.ordinal DESC",
        [c.kind for c in changes],
        [c.id for c in changes],
    )
    return {(row["kind"], row["record_id"]): row["body"] for row in rows}
