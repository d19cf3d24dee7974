"""The stage of the medical world: its days, its labels, and what was said."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from schemas.instant import china_day
from services.simulator.dice import Dice
from services.simulator.firms import Firm
from services.simulator.handwriting import instant
from services.simulator.labels import Finding, Label
from services.simulator.medical.bag import Bag, Day
from services.simulator.medical.houses import City, House, Works
from services.simulator.medical.times import DAYS, FIRST, date_of, moment
from services.simulator.trip import Said

__all__ = ["MedicalScene", "Visit", "plant_subject"]


class Visit(NamedTuple):
    """One pick-up at one house and when it comes in at the plant."""

    taken: datetime
    came: datetime
    plate: str


class MedicalScene:
    """Stories take days and change how their bags fare; what happened is told in the end."""

    def __init__(self, dice: Dice, cities: Sequence[City]) -> None:
        self.dice, self.cities = dice, cities
        self.days: dict[tuple[int, int], Day] = {}
        """By house and day."""
        self.earlier: list[Day] = []
        """Days half a year before."""
        self.labels: list[Label] = []
        self.labelled: set[str] = set()
        self.later: list[tuple[str, str, str, str]] = []
        """Lawful labels of plants' days, to be given when no rule is broken on them."""
        self.said: list[Said] = []
        self.posts: list[tuple[datetime, bytes]] = []
        """What is posted at a moment of its own."""
        self.held: dict[tuple[str, int], int] = {}
        """Plant and day on which it came: the day on which it is treated, if not the next."""
        self.washings: dict[tuple[str, str, int], timedelta | None] = {}
        """How long after it came in a plate or box is washed, if not as usual; None: never."""
        self.boxes: dict[tuple[int, int], str] = {}
        """By house and day of arrival: the box that its waste came in, if not the usual one."""
        self.driven: list[tuple[int, int, int]] = []
        """City and day of each drive of the vehicle whose washing is a story, and the days that it needs
        to itself before and after."""
        self.closed: dict[int, date] = {}
        """By house: the last day of one that closed."""
        self._visits: dict[tuple[int, int], Visit] = {}
        self._count = 0
        self._trips: dict[tuple[str, object], int] = {}

    # days

    def visit(self, house: House, n: int) -> Visit:
        """Return the evening's pick-up at a house."""
        key = house.number, n
        if key not in self._visits:
            works = house.works
            taken = moment(n, 18.5) + timedelta(seconds=self.dice.below(70 * 60))
            came = moment(n, 20.75) + timedelta(seconds=self.dice.below(60 * 60))
            plate = works.plates[0 if house.kind == "hospital" else 1]
            self._visits[key] = Visit(taken, came, plate)
        return self._visits[key]

    def take(
        self,
        city: City,
        kinds: Sequence[str],
        days: Iterable[int],
        *,
        around: tuple[int, int] = (0, 0),
        fits: Callable[[Day], bool] = lambda _: True,
    ) -> Day:
        """Take a day that no story has, with so many days before and after it."""

        def near(day: Day) -> list[Day]:
            span = range(max(0, day.n - around[0]), min(DAYS, day.n + around[1] + 1))
            return [self.days[day.house.number, n] for n in span]

        free = [
            day
            for house in city.houses
            if house.kind in kinds
            for n in days
            if fits(day := self.days[house.number, n]) and not any(d.claimed for d in near(day))
        ]
        if not free:
            raise RuntimeError("too few days for so many stories")
        found = self.dice.pick(free)
        for day in near(found):
            day.claimed = True
        return found

    def trip(self, *of: object) -> int:
        """Return the number under which what is said of something may come out of order."""
        return self._trips.setdefault(("", of), len(self._trips) + 1)

    def box(self, house: House, n: int) -> str:
        """Return the box that a house's waste comes in on a day; each of three takes its turn."""
        return self.boxes.get((house.number, n), f"箱{house.number:05d}-{n % 3 + 1}")

    # labels

    def breaks(self, finding: Finding, rule: str, subject: str, zh: str, en: str) -> None:
        """Label a day as breaking a rule."""
        self.labels.append(Label(finding, subject, zh, en, rule=f"medical.{rule}"))
        self.labelled.add(subject)

    def lawful(self, likeness: str, subject: str, zh: str, en: str) -> None:
        """Label a day as lawful, with what it looks like; once."""
        if subject not in self.labelled:
            self.labels.append(Label("lawful", subject, zh, en, likeness=likeness))
            self.labelled.add(subject)

    # what is said

    def say(
        self, verb: str, who: Firm, subject: str, when: datetime, data: dict[str, Any], trip: int,
        posted: datetime | None = None,
    ) -> str:  # fmt: skip
        """Let a unit say something, posted at a moment of its own if so; return its id."""
        event_id = self.dice.event_id(when)
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": who.source,
            "type": f"liandan.medical.{verb}.v1",
            "subject": subject,
            "time": instant(when, who),
            "data": data,
        }
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        if posted is None:
            self.said.append(Said(trip, when, line))
        else:
            self.posts.append((posted, line))
        return event_id

    def label_number(self, letter: str) -> str:
        """Return the number of a new register or batch."""
        self._count += 1
        return f"{letter}{self._count:07d}"

    def all_bags(self) -> list[Bag]:
        """Return every bag of every day, those of half a year ago first."""
        return [bag for day in (*self.earlier, *self.days.values()) for bag in day.bags]

    @staticmethod
    def day_of(at: datetime) -> int:
        """Return the day of an instant; below 0 for half a year before."""
        return (at - FIRST).days

    def minutes(self, low: int, high: int) -> timedelta:
        """Return a time between so many minutes, to the second."""
        return timedelta(seconds=self.dice.between(low * 60, high * 60))


def plant_subject(works: Works, at: datetime | int) -> str:
    """Return the name of a plant's day."""
    day = date_of(at) if isinstance(at, int) else china_day(at)
    return f"plant/{works.firm.uscc}/{day}"
