"""What a vehicle does: it stands and goes, and its terminal tells where it is."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.simulator.dice import Dice
from services.simulator.trucks.places import Place, between, km

__all__ = ["USUAL_KMH", "Drive", "Fix", "rests_in"]

USUAL_KMH = 62.0
"""As the crow flies: roads are longer than that, and faster."""
_FASTEST_KMH = 75.0
"""Its terminal tells a tenth more, as roads are longer: below what any lorry with a load may go on a motorway."""
_WHEEL_S, _REST_S, _LEAST_REST_S = 210 * 60, 25 * 60, 20 * 60
"""A driver rests after so long at the wheel, for so long; standing for as long as that is a rest too."""
_STANDING_S = 120
"""A terminal of a vehicle that stands tells of it every two minutes."""
_DRIFT = 0.00008
"""Degrees by which a terminal that stands is off, some eight metres."""


def rests_in(seconds: float, before: float = 0.0) -> int:
    """Return how long the rests last in so many seconds at the wheel, after some ``before`` them."""
    return int((before + seconds) // _WHEEL_S) * _REST_S


class Fix(NamedTuple):
    """One position; ``at`` in seconds since 1970, ``status`` as JT/T 808 has it (1: on, 2: positioned, 768: full)."""

    at: int
    lon: float
    lat: float
    kmh: int | None
    status: int = 3


_ON, _FULL = 3, 3 | 3 << 8
_FOR_EVER = 1 << 40


class Drive:
    """Where one vehicle is from a moment on. Each method goes on from where the last one ended."""

    def __init__(self, begins: datetime, place: Place) -> None:
        self.now, self.here = int(begins.timestamp()), place
        self._parts: list[tuple[int, int, Place, Place]] = []
        self.silent: list[tuple[int, int]] = []
        """Times in which its terminal says nothing."""
        self._laden: list[tuple[int, int]] = []
        """From when to when its sensor tells of a load."""
        self._drove = 0
        """At the wheel since the last rest, in seconds."""

    def stand(self, minutes: float) -> "Drive":
        """Stand for so long."""
        return self._stay(self.now + round(minutes * 60))

    def until(self, moment: datetime | int) -> "Drive":
        """Stand until a moment; not at all where that is over."""
        at = moment if isinstance(moment, int) else int(moment.timestamp())
        return self._stay(at) if at > self.now else self

    def go(self, place: Place, kmh: float = USUAL_KMH, *, rests: bool = True) -> "Drive":
        """Go to a place, with a rest when it is due unless the driver takes none."""
        return self._go(place, self.way_s(self.here, place, kmh), rests)

    def go_in(self, place: Place, seconds: int) -> "Drive":
        """Go to a place in so many seconds without a rest."""
        return self._go(place, seconds, False)

    @staticmethod
    def way_s(one: Place, other: Place, kmh: float) -> int:
        """Return the seconds from one place to another."""
        return max(1, round(km(one, other) / kmh * 3600))

    def needs(self, kilometres: float) -> int:
        """Return how many seconds so far a way takes from here at the usual speed, rests included."""
        takes = kilometres / USUAL_KMH * 3600
        return round(takes) + rests_in(takes, self._drove)

    def reach(self, place: Place, moment: datetime | int) -> "Drive":
        """Go to a place so that it is there at a moment. Raises ValueError where no lorry could."""
        at = moment if isinstance(moment, int) else int(moment.timestamp())
        takes = at - self.now - rests_in(at - self.now, self._drove)
        spare = at - self.now - takes - rests_in(takes, self._drove)
        if spare:
            return self._stay(self.now + spare).reach(place, at)
        if km(self.here, place) > _FASTEST_KMH * takes / 3600:
            raise ValueError(f"{km(self.here, place):.0f} km in {takes} s")
        return self._go(place, takes, True)

    def quiet(self, minutes: float) -> "Drive":
        """Say nothing from now on for so long."""
        self.silent.append((self.now, self.now + round(minutes * 60)))
        return self

    def load(self) -> "Drive":
        """Be laden from now on, as its sensor tells."""
        self._laden.append((self.now, _FOR_EVER))
        return self

    def unload(self) -> "Drive":
        """Be empty from now on."""
        self._laden[-1] = self._laden[-1][0], self.now
        return self

    def fixes(self, dice: Dice, every_s: int = 60) -> Iterator[Fix]:
        """Yield the positions that its terminal tells, in order of time, ``every_s`` on the road."""
        last, silent = 0, self.silent
        for begins, ends, here, there in self._parts:
            stands = here == there
            kmh = 0 if stands else round(km(here, there) / (ends - begins) * 3600 * 1.1)
            for at in range(begins, ends, _STANDING_S if stands else every_s):
                if at > last and not (silent and any(a < at < b for a, b in silent)):
                    last = at
                    yield self._fix(dice, at, (at - begins) / (ends - begins), here, there, kmh)
        yield Fix(self.now, round(self.here[0], 6), round(self.here[1], 6), 0)

    def _fix(self, dice: Dice, at: int, part: float, here: Place, there: Place, kmh: int) -> Fix:
        if here == there:
            lon, lat = (x + (dice.below(3) - 1) * _DRIFT for x in here)
        else:
            lon, lat = here[0] + (there[0] - here[0]) * part, here[1] + (there[1] - here[1]) * part
            kmh += dice.below(9) - 4
        laden = any(a <= at < b for a, b in self._laden)
        return Fix(at, round(lon, 6), round(lat, 6), max(0, kmh), _FULL if laden else _ON)

    def place_at(self, second: int) -> Place:
        """Return where it is at an instant that it has been through."""
        part = next(part for part in self._parts if part[0] <= second <= part[1])
        begins, ends, here, there = part
        return between(here, there, (second - begins) / (ends - begins))

    def _stay(self, at: int) -> "Drive":
        if at - self.now >= _LEAST_REST_S:
            self._drove = 0
        return self._move(self.here, at)

    def _go(self, place: Place, takes: int, rests: bool) -> "Drive":
        """Go to a place in so many seconds at the wheel."""
        while rests and self._drove + takes >= _WHEEL_S:
            first = max(0, _WHEEL_S - self._drove)
            if first:
                self._move(between(self.here, place, first / takes), self.now + first)
                takes -= first
            self._stay(self.now + _REST_S)
        self._drove += takes
        return self._move(place, self.now + takes) if takes else self

    def _move(self, place: Place, at: int) -> "Drive":
        self._parts.append((self.now, at, self.here, place))
        self.now, self.here = at, place
        return self
