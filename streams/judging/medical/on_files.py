"""Events of medical waste from files: brought together by institution and plant, in any order.

An event goes to every institution that it names and to the unit that said it, so that one bucket of the
spool at a time is enough to judge. Corrections, which may move an event to another institution, are few
and are held in memory with what they correct.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from schemas.fast import NotUnderstood
from schemas.problems import Problem
from streams.judging.medical.day import hospital_days, plant_days
from streams.judging.medical.said import MedicalStatement, counted, read_medical, told
from streams.judging.medical.week import MedicalFacts, hospital_weeks
from streams.judging.spool import Spool

__all__ = ["MedicalFiles", "is_medical"]

_MARK = b"liandan.medical."


def is_medical(raw: bytes) -> bool:
    """Whether the bytes of an event may be of this family; a manifest's remark may say so, too."""
    return _MARK in raw


class MedicalFiles:
    """All events of medical waste in a run. A context manager: what is spooled is on disk."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._corrections: list[MedicalStatement] = []
        self.events = 0
        self.latest: datetime | None = None

    def __enter__(self) -> "MedicalFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def put(
        self, raw: bytes, received_us: int, line: int, bound: datetime | None
    ) -> tuple[Problem, ...] | None:
        """Take in an event; return why it cannot be understood. Raises OSError when the disk is full.

        ``latest`` is the latest time told up to ``bound``.
        """
        try:
            one = read_medical(raw, received_us)
        except NotUnderstood as e:
            return tuple(e.problems)
        self.events += 1
        at = one.event.time
        if (bound is None or at <= bound) and (self.latest is None or at > self.latest):
            self.latest = at
        if one.verb == "corrected":
            self._corrections.append(one)
            return None
        for place in sorted({_bucket(key) for key in _keys(one)}):
            self._spool.put_in(place, received_us, line, raw)
        return None

    def days(self, known_at: datetime | None = None) -> Iterator[MedicalFacts]:
        """Return the days and weeks of every institution and plant, a bucket at a time.

        Events after ``known_at`` are left out.
        """
        corrections = [c for c in self._corrections if known_at is None or c.event.time <= known_at]
        roots = self._corrected(corrections, known_at)
        places = {_bucket(key) for one in roots for key in _keys(one)}
        places |= {_bucket(key) for one in corrections for key in _keys(one)}
        for place, spooled in self._spool.numbered(places):
            said = [read_medical(raw, received_us) for received_us, _, raw in spooled]
            said = [s for s in said if known_at is None or s.event.time <= known_at]
            found, _ = counted([*said, *roots, *corrections])
            hospitals = [h for h in hospital_days(found) if _bucket(h.institution) == place]
            yield from hospitals
            for week in hospital_weeks(hospitals, found):
                if _bucket(week.institution) == place:
                    yield week
            for plant in plant_days(found):
                if _bucket(plant.unit) == place:
                    yield plant

    def _corrected(
        self, corrections: list[MedicalStatement], known_at: datetime | None
    ) -> list[MedicalStatement]:
        """Return what the corrections correct."""
        wanted: set[tuple[str, str]] = set()
        for one in corrections:
            event: Any = one.event
            wanted.add((event.source, event.data.corrects))
        if not wanted:
            return []
        found: dict[tuple[Any, int], MedicalStatement] = {}
        for _, spooled in self._spool.numbered():
            for received_us, _, raw in spooled:
                one = read_medical(raw, received_us)
                if (one.ref.source, one.ref.id) in wanted and (
                    known_at is None or one.event.time <= known_at
                ):
                    found[one.ref, received_us] = one
        return list(found.values())


def _bucket(key: str) -> int:
    return Spool.bucket_of(key)


def _keys(one: MedicalStatement) -> set[str]:
    """Return the institutions that an event names, and the unit that says it."""
    verb, data = told(one)
    keys = {one.unit}
    if verb == "treated":
        keys |= {load.institution for load in data.loads}
    elif verb not in ("sealed", "washed"):
        keys.add(data.institution)
    return keys
