"""The life of a package: a fold over the set of what was said of it, like a manifest's.

What was said names an institution and a package. A package is sealed, perhaps handed on, collected,
weighed in, treated; it may be given back, lost, found. The order in which events came does not count.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from schemas.instant import china_day
from streams.judging.medical.said import Counted
from streams.judging.statement import Ref

__all__ = ["ANOTHER_LIFE", "Mark", "Package", "Word", "life_at", "packages_of", "words_of"]

ANOTHER_LIFE = timedelta(days=180)
"""A number sealed again so long after its last sealing is another package: labels are used again
after a year. Sooner than that it is the same one, whose first sealing counts."""
_CLOCKS = timedelta(hours=12)
"""What is told of a package so long before its sealing is still of that life: clocks differ, and wards
seal on paper first."""


class Mark(NamedTuple):
    """One thing that happened to a package."""

    verb: str
    at: datetime
    unit: str
    ref: Ref
    subject: str
    """The register or batch."""
    weight_g: int | None
    data: Any


class Word(NamedTuple):
    """A mark, and the package that it is of."""

    institution: str
    package: str
    mark: Mark


def words_of(one: Counted) -> list[Word]:
    """Return what one event says of each package; nothing for a register that gives a weight alone."""
    data = one.data
    match one.verb:
        case "sealed":
            return [_word(one, one.unit, one.subject, data.weight_g)]
        case "lost" | "found":
            return [_word(one, data.institution, one.subject, None)]
        case "treated":
            return [
                _word(one, load.institution, package, None)
                for load in data.loads
                for package in load.packages
            ]
        case "transferred" | "collected" | "received" | "returned":
            return [_word(one, data.institution, p.id, p.weight_g) for p in data.packages]
        case _:
            return []


def _word(one: Counted, institution: str, package: str, weight_g: int | None) -> Word:
    mark = Mark(one.verb, one.at, one.unit, one.ref, one.subject, weight_g, one.data)
    return Word(institution, package, mark)


class Package(NamedTuple):
    """One life of a package. A mark is None where nothing was said of it."""

    id: str
    sealed: Mark | None
    transferred: Mark | None = None
    collected: Mark | None = None
    """After the last time it was given back."""
    received: Mark | None = None
    treated: Mark | None = None
    lost: Mark | None = None
    """Not found since."""
    first: Mark | None = None
    """The earliest of all."""

    @property
    def day(self) -> Any:
        """The China day of its sealing; where none was told, of the first thing that was."""
        mark = self.sealed or self.first
        return china_day(mark.at) if mark is not None else None

    @property
    def left_store(self) -> Mark | None:
        """What shows that it left the institution: the earliest of all that can only come after."""
        after = [m for m in (self.collected, self.received, self.treated) if m is not None]
        return min(after, key=lambda m: (m.at, m.ref), default=None)

    @property
    def reached_plant(self) -> Mark | None:
        """What shows that it reached a plant."""
        after = [m for m in (self.received, self.treated) if m is not None]
        return min(after, key=lambda m: (m.at, m.ref), default=None)


def packages_of(marks: Iterable[tuple[str, Mark]]) -> list[Package]:
    """Return the packages of one institution from all that was said, by (day, id)."""
    by_id: dict[str, list[Mark]] = defaultdict(list)
    for package, mark in marks:
        by_id[package].append(mark)
    found = [
        _folded(package, life)
        for package, said in by_id.items()
        for life in _lives(sorted(said, key=_key) if len(said) > 1 else said)
    ]
    found.sort(key=lambda p: (p.day, p.id))
    return found


def _lives(marks: Sequence[Mark]) -> Iterable[list[Mark]]:
    """Part what was said of one number into lives; marks come and go in order of time."""
    starts: list[datetime] = []
    for at in (m.at for m in marks if m.verb == "sealed"):
        if not starts or at - starts[-1] >= ANOTHER_LIFE:
            starts.append(at)
    if not starts:
        return [list(marks)]
    lives: list[list[Mark]] = [[] for _ in starts]
    before: list[Mark] = []
    for mark in marks:
        n = sum(start - _CLOCKS <= mark.at for start in starts)
        if n:
            lives[n - 1].append(mark)
        elif starts[0] - mark.at < ANOTHER_LIFE:
            lives[0].append(mark)
        else:
            before.append(mark)
    return [*([before] if before else []), *lives]


def life_at(lives: Sequence[Package], at: datetime) -> Package:
    """Return which of the lives of one number something told at an instant is of, as they were parted."""
    sealed = [(p.sealed.at, p) for p in lives if p.sealed is not None]
    begun = [life for life in sealed if life[0] - _CLOCKS <= at]
    if begun:
        return max(begun, key=lambda life: life[0])[1]
    first = min(sealed, key=lambda life: life[0], default=None)
    if first is not None and first[0] - at < ANOTHER_LIFE:
        return first[1]
    return next(p for p in lives if p.sealed is None)


def _key(mark: Mark) -> tuple[datetime, Ref]:
    return mark.at, mark.ref


_THERE = frozenset(("found", "collected", "received", "treated"))
"""Who collects, weighs in or treats a package has it: it was found, whether anybody said so or not."""
_HANDED_ON = frozenset(("collected", "received", "treated"))
"""Of these what was said before it was last given back counts no more."""


def _folded(package: str, marks: Sequence[Mark]) -> Package:
    """Return what marks in order of time make of a package."""
    given_back = found = None
    for mark in marks:
        if mark.verb in _THERE:
            found = mark.at
        elif mark.verb == "returned":
            given_back = mark.at
    counts: dict[str, Mark] = {}
    for mark in marks:
        verb = mark.verb
        if verb not in counts:
            after = given_back if verb in _HANDED_ON else found if verb == "lost" else None
            if after is None or mark.at > after:
                counts[verb] = mark
    named = counts.get
    return Package(
        package,
        named("sealed"),
        named("transferred"),
        named("collected"),
        named("received"),
        named("treated"),
        named("lost"),
        marks[0],
    )
