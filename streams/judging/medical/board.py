"""县级看板: how a county's medical waste stands, and which plants a surge would overflow when.

Figures are sums over the days of institutions and plants (``summary_of``). A surge is told as a factor
on what the plant treated on a day of the last week: it stores what is above its capacity until its cold
store's 72 hours of capacity are full. [D]
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from schemas.instant import china_day
from schemas.registry import Institution, MedicalPlant
from streams.judging.medical.judge import Summary
from streams.judging.registry import on_day

__all__ = ["DAYS", "Board", "County", "DayRow", "PlantLoad", "board"]

DAYS = 7
"""Days that sums are over, today not counted for plants."""
_SEEN = timedelta(days=3)
"""An institution that sealed something so lately takes part."""
SOON = timedelta(hours=6)
_STORE_DAYS = 3


class DayRow(NamedTuple):
    """One day of an institution (``medical``) or plant."""

    kind: str
    holder: str
    day: date
    region: str
    summary: Summary


class County(NamedTuple):
    """One county. Grams are of the last ``DAYS`` days, by class."""

    region: str
    institutions: int
    seen: int
    """Of them those that sealed something in the last three days."""
    waiting: int
    overdue: int
    """Packages in store whose term is over."""
    soon: int
    """Packages whose term ends within six hours."""
    grams: dict[str, int]

    @property
    def coverage(self) -> int | None:
        """Share of institutions that take part, in percent."""
        return self.seen * 100 // self.institutions if self.institutions else None


class PlantLoad(NamedTuple):
    """One plant: grams treated on a mean day, its capacity, and what a surge would do."""

    uscc: str
    name: str
    region: str
    per_day: int
    capacity: int | None
    spare: int | None
    full_after_days: float | None
    """With the surge: when its store is full; None: it would hold, or nothing is known."""


class Board(NamedTuple):
    """Counties and plants, each by region."""

    factor: int
    counties: list[County]
    plants: list[PlantLoad]


@dataclass
class _Sums:
    waiting: int = 0
    overdue: int = 0
    soon: int = 0


def board(
    rows: Iterable[DayRow],
    institutions: Iterable[Institution],
    plants: Iterable[MedicalPlant],
    now: datetime,
    factor: int = 3,
) -> Board:
    """Add up. ``rows``: of the last ``DAYS`` days and today; ``factor``: the surge, 1 for none."""
    today, at = china_day(now), now.timestamp()
    registered: dict[str, set[str]] = defaultdict(set)
    for one in institutions:
        if not one.retracted and on_day(one, today):
            registered[one.region].add(one.uscc)
    seen: dict[str, set[str]] = defaultdict(set)
    sums: dict[str, _Sums] = defaultdict(_Sums)
    grams: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    treated: dict[str, int] = defaultdict(int)
    for row in rows:
        summary = row.summary
        if row.kind == "plant":
            if today - timedelta(days=DAYS) <= row.day < today:
                treated[row.holder] += summary.treated_g
            continue
        if today - row.day <= _SEEN:
            seen[row.region].add(row.holder)
        total = sums[row.region]
        total.waiting += summary.waiting
        total.overdue += sum(end < at for end in summary.ends)
        total.soon += sum(at <= end <= at + SOON.total_seconds() for end in summary.ends)
        for waste, weight in summary.grams.items():
            grams[row.region][waste] += weight
    counties = [
        County(
            region,
            len(registered[region]),
            len(seen[region] & registered[region]),
            sums[region].waiting,
            sums[region].overdue,
            sums[region].soon,
            dict(grams[region]),
        )
        for region in sorted({*registered, *sums})
    ]
    loads = [_load(p, treated[p.uscc] // DAYS, factor) for p in plants if not p.retracted]
    return Board(factor, counties, sorted(loads, key=lambda p: (p.region, p.uscc)))


def _load(plant: MedicalPlant, per_day: int, factor: int) -> PlantLoad:
    capacity = plant.capacity_t_per_day
    spare = None if capacity is None else capacity - per_day
    full = None
    if capacity is not None and per_day * factor > capacity:
        full = round(_STORE_DAYS * capacity / (per_day * factor - capacity), 1)
    return PlantLoad(plant.uscc, plant.name, plant.region, per_day, capacity, spare, full)
