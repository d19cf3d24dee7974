"""Vehicles of carriers: on one journey at a time; where none is free, the carrier buys one more."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from services.simulator.firms import Firm
    from services.simulator.register import Register

__all__ = ["Fleet", "Garage", "Leg", "Use"]

_BEFORE_S, _AFTER_S = 6 * 3600, 24 * 3600
"""A vehicle drives to the load before a journey, and home and rests after it."""
_SERIES = "XZWVUTSRQPNMLKJHGFEDCB"
"""Last letters of plates, a hundred vehicles of a carrier each; Y and A are for other worlds beside."""


class Use(NamedTuple):
    """What a record has a vehicle for, and its first and last day; None: always, until further notice."""

    medical: bool = False
    """For medical waste and nothing else."""
    since: date | None = None
    until: date | None = None


@dataclass(slots=True)
class Fleet:
    """Vehicles of one carrier that will do equally well for a journey."""

    firm: "Firm"
    plates: list[str]
    listed: bool = True
    """Whether the carrier's permit lists them, where it lists any."""
    recorded: bool = True
    uses: tuple[Use, ...] = (Use(),)
    """As what each is on record; several records where that changed, or is two things at once."""
    bought: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Leg:
    """Who drives a part of a journey, with a vehicle of which fleet; the first to be asked is ``start``.

    ``plate``: that one and no other, also where it is on a journey.
    """

    firm: "Firm"
    fleet: Fleet
    start: int = 0
    plate: str | None = None


class Garage:
    """All vehicles of a world, and when each is on a journey."""

    def __init__(self) -> None:
        self._busy: dict[str, tuple[list[int], list[int]]] = {}
        """Beginnings and ends in seconds, by plate."""
        self._fleets: dict[tuple[str, ...], Fleet] = {}
        self._count: dict[str, int] = {}

    def fleet(
        self,
        firm: "Firm",
        plates: Sequence[str] | None = None,
        *,
        listed: bool = True,
        recorded: bool = True,
        uses: tuple[Use, ...] = (Use(),),
    ) -> Fleet:
        """Return the fleet of those plates, of all plates of the firm by default."""
        first = firm.plates if plates is None else tuple(plates)
        key = firm.uscc, *first
        if key not in self._fleets:
            self._fleets[key] = Fleet(firm, list(first), listed, recorded, uses)
        return self._fleets[key]

    def take(self, leg: Leg, begins: datetime, ends: datetime) -> str:
        """Return a vehicle that is free for a journey, with its way there and its rest after; it is taken."""
        span = int(begins.timestamp()) - _BEFORE_S, int(ends.timestamp()) + _AFTER_S
        if leg.plate is not None:
            self._keep(leg.plate, *span)
            return leg.plate
        plates = leg.fleet.plates
        for n in range(len(plates)):
            plate = plates[(leg.start + n) % len(plates)]
            if self._free(plate, *span):
                break
        else:
            plate = self._buy(leg.fleet)
        self._keep(plate, *span)
        return plate

    def fleets(self) -> Iterator[Fleet]:
        """Yield every fleet, in the order in which they were first asked for."""
        yield from self._fleets.values()

    def record(self, register: "Register") -> None:
        """Record what was bought since the carriers' papers were."""
        for fleet in self._fleets.values():
            for plate in fleet.bought if fleet.recorded else ():
                register.vehicle(fleet.firm, plate, fleet.uses, listed=fleet.listed)

    def _free(self, plate: str, begins: int, ends: int) -> bool:
        if plate not in self._busy:
            return True
        starts, stops = self._busy[plate]
        at = bisect_left(starts, begins)
        return (at == 0 or stops[at - 1] <= begins) and (at == len(starts) or starts[at] >= ends)

    def _keep(self, plate: str, begins: int, ends: int) -> None:
        starts, stops = self._busy.setdefault(plate, ([], []))
        first, last = bisect_left(stops, begins), bisect_right(starts, ends)
        if first < last:
            begins, ends = min(begins, starts[first]), max(ends, stops[last - 1])
        starts[first:last], stops[first:last] = [begins], [ends]

    def _buy(self, fleet: Fleet) -> str:
        first = fleet.firm.plates
        number = self._count.get(fleet.firm.uscc, len(first)) + 1
        self._count[fleet.firm.uscc] = number
        plate = f"{first[0][:4]}{number % 100:02d}{_SERIES[number // 100]}"
        fleet.plates.append(plate)
        fleet.bought.append(plate)
        return plate
