"""机构与处置单位: who makes medical waste and who takes it, in one city."""

from dataclasses import dataclass, field
from typing import Literal

from services.simulator.firms import Firm

__all__ = ["City", "House", "Works"]

HouseKind = Literal["hospital", "clinic", "sender", "far", "remote", "alone", "ward", "weigher"]


@dataclass(frozen=True, slots=True)
class Works:
    """A unit that takes medical waste in. ``usual``: its process for infectious waste and sharps."""

    firm: Firm
    usual: str
    plates: tuple[str, ...] = ()
    washes: bool = True
    """Whether it reports washings at all."""


@dataclass(frozen=True, slots=True)
class House:
    """A hospital or clinic.

    ``clinic`` is collected every two days, ``sender`` hands small boxes to a hospital, ``far`` has an
    agreement with a plant of another city, ``remote`` has one with the city's, ``alone`` is remote too
    and treats on the spot. ``ward`` is a small hospital of a box a day;
    of a ``weigher`` registers name boxes and may give one weight for all that they list.
    """

    number: int
    firm: Firm
    kind: HouseKind
    works: Works
    """Who comes for its waste."""
    beds: int = 0
    """Of a large hospital: 0, for they follow from what it makes."""

    def visited(self, day: int) -> int:
        """Return the day on which what is sealed on ``day`` is taken; each day while the order asks it."""
        daily = self.kind in ("hospital", "sender") or 8 <= day <= 11
        return day if daily or (day + self.number) % 2 else day + 1

    @property
    def remote(self) -> bool:
        """Whether it lies far from any plant."""
        return self.kind in ("remote", "alone")


@dataclass(slots=True)
class City:
    """One city (or county, where several worlds share a city): its houses, plants and vehicles."""

    number: int
    area: str
    """What an order there names."""
    plant: Works
    elsewhere: Works
    """Licensed, in another city."""
    emergency: Works
    """Without licence; only an order lets it."""
    chemist: Works
    """Licensed for HW03 only."""
    workshop: Works
    """Without licence, on no list."""
    truck: str
    """On record, but not for medical waste."""
    unknown: str
    """A plate on no record."""
    houses: list[House] = field(default_factory=list)

    @property
    def collecting(self) -> House:
        """The hospital that small boxes are handed to."""
        return self.houses[0]
