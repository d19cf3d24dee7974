"""One bag or box as it truly fares, and the day of an institution on which it was sealed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from services.simulator.medical.houses import City, House, Works
from services.simulator.medical.times import date_of

__all__ = ["Bag", "Day", "carry", "known", "send"]

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Bag:
    """A package. What is None did not happen; ``done_at`` None: treated when its plant usually does."""

    id: str
    house: House
    trip: int
    """The day that it belongs to, as disorder counts."""
    waste: str
    grams: int
    sealed_at: datetime | None
    cytotoxic: bool = False
    handed_at: datetime | None = None
    """To the collecting hospital."""
    taken_at: datetime | None = None
    taken_by: Works | None = None
    plate: str = ""
    came_at: datetime | None = None
    came_to: Works | None = None
    came_grams: int = 0
    cold: bool = False
    disinfected: bool = False
    never_treated: bool = False
    done_at: datetime | None = None
    process: str = ""
    sealed_told: int = 0
    """A wrong weight that its institution told and then corrected."""
    came_told: int = 0
    """A wrong weight that the plant told and then corrected."""
    weighed_as_one: Literal["", "collected", "received"] = ""
    """Which register gives one weight for all bags beside listing them."""
    off: int = 0
    """How much that weight is off, grams."""
    in_kilograms: bool = False
    """Whether that weight was told in kilograms, as if they were grams."""
    listed: bool = True
    """Whether the register of its pick-up lists it, or gives a weight of all only."""
    posting: Literal["", "late", "twice"] = ""
    """How the register of its pick-up is posted."""


@dataclass(slots=True, eq=False)
class Day:
    """What an institution sealed on a China day."""

    city: City
    house: House
    n: int
    index: int
    bags: list[Bag] = field(default_factory=list)
    claimed: bool = False
    """Whether a story has it, or needs it to be an ordinary one."""

    @property
    def subject(self) -> str:
        """The name of what is judged together."""
        return f"medical/{self.house.firm.uscc}/{date_of(self.n)}"


def carry(bags: Sequence[Bag], taken: datetime, came: datetime, plate: str) -> None:
    """Let bags be taken and come in at other times, by another vehicle."""
    for bag in bags:
        bag.taken_at, bag.came_at, bag.plate = taken, came, plate


def send(bags: Sequence[Bag], to: Works, by: Works | None = None) -> None:
    """Let bags go to another plant, taken ``by`` a collector if not by the usual one."""
    for bag in bags:
        bag.came_to = to
        bag.taken_by = by or bag.taken_by


def known(happened: T | None) -> T:
    """Return what happened to a bag; RuntimeError where a story forgot that it did not."""
    if happened is None:
        raise RuntimeError("a story counts on what did not happen")
    return happened
