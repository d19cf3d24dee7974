"""What all stories share: dice, players, registry, fresh routes, numbers, and what was said."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.instant import CHINA, china_day
from services.simulator.cast import Cast, Plant
from services.simulator.dice import Dice
from services.simulator.firms import Firm
from services.simulator.fleet import Fleet, Garage, Leg
from services.simulator.labels import Label
from services.simulator.register import Register
from services.simulator.trip import Load, Said, Trip

__all__ = ["END", "START", "Numbers", "Route", "Scene"]

START = datetime(2026, 7, 1, tzinfo=CHINA)
END = datetime(2026, 11, 21, tzinfo=CHINA)
"""The world ends here: what would be said later is not said."""
_BANDS = ((50, 950), (1_050, 2_900), (3_100, 9_500), (10_500, 28_000))
"""Kilograms on both sides of the cuts 1 / 3 / 10 t of the discretion tables."""

Route = tuple[Firm, Plant, str]
"""Consignor, plant, waste code."""


class Numbers:
    """Gives manifest numbers in all three grammars; serials rise with the time of filing."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._used: set[tuple[int, str, int]] = set()

    def give(self, site: str, filed_at: datetime, cross: bool) -> tuple[str, list[str]]:
        """Return a number with the four digits of the site's city, and its aliases."""
        year, city = china_day(filed_at).year, site[:4]
        since = filed_at - START.replace(year=year) + timedelta(days=30)
        serial = int(since / timedelta(minutes=1)) * 3
        while (year, city, serial) in self._used:
            serial += 1
        self._used.add((year, city, serial))
        short = f"{year}{city}{serial:06d}"
        if cross and self._dice.chance(0.15):
            return f"G{year}{city}{serial:08d}", [short]
        if not cross and self._dice.chance(0.1):
            return f"{year}{city}{serial:08d}", [short] if self._dice.chance(0.5) else []
        return short, []


class Scene:
    """The stage of one world.

    Stories never share a consignor × receiver × code across provinces,
    so an approval written for one story can neither cover nor be drawn on by another.
    """

    def __init__(self, dice: Dice, cast: Cast, register: Register) -> None:
        self.dice, self.cast, self.register = dice, cast, register
        self.end = END
        self.numbers, self.garage = Numbers(dice), Garage()
        self.said: list[Said] = []
        self.labels: list[Label] = []
        self.trips = 0
        self.journeys: list[Trip] = []
        self._taken: set[tuple[str, str, str]] = set()

    def next_trip(self) -> int:
        """Return the running number of a new manifest."""
        self.trips += 1
        return self.trips

    def post(self, said: Said) -> None:
        """Keep what was said, unless the world has ended."""
        if said.time < END:
            self.said.append(said)

    def violation(self, rule: str, subject: str, zh: str, en: str) -> None:
        """Label a subject as breaking a rule."""
        self.labels.append(Label("violation", subject, zh, en, rule=rule))

    def review(self, rule: str, subject: str, zh: str, en: str) -> None:
        """Label a subject as one that an officer must look at."""
        self.labels.append(Label("review", subject, zh, en, rule=rule))

    def notice(self, rule: str, subject: str, zh: str, en: str) -> None:
        """Label a subject as one of which the unit must be told."""
        self.labels.append(Label("notice", subject, zh, en, rule=rule))

    def lawful(self, likeness: str, subject: str, zh: str, en: str) -> None:
        """Label a subject as lawful, with what it looks like."""
        self.labels.append(Label("lawful", subject, zh, en, likeness=likeness))

    def some_carriers(self, n: int) -> list[Firm]:
        """Return ``n`` different carriers."""
        first = self.dice.below(len(self.cast.carriers))
        return [self.cast.carriers[(first + i) % len(self.cast.carriers)] for i in range(n)]

    def leg(self, firm: Firm, fleet: Fleet | None = None) -> Leg:
        """Return a leg that a firm drives, with one of its own vehicles or those of a ``fleet``."""
        fleet = fleet or self.garage.fleet(firm)
        return Leg(firm, fleet, self.dice.below(len(fleet.plates) - len(fleet.bought)))

    def moment(self, turn: int) -> datetime:
        """Return a working hour before (even turns of four) or after the law of 2026-08-15."""
        late = (turn + turn // 4) % 2 == 1  # 16 August to 2 November, else 3 July to 10 August
        day = self.dice.between(46, 124) if late else self.dice.between(2, 40)
        return START + timedelta(days=day, hours=7, seconds=self.dice.below(11 * 3600))

    def grams(self, turn: int) -> int:
        """Return a weight of one of the four bands, each in turn."""
        low, high = _BANDS[turn % 4 if turn < 4 else self.dice.below(4)]
        return self.dice.between(low, high) * 1000

    def claim(self, maker: Firm, receiver: Firm, code: str) -> bool:
        """Take a consignor × receiver × code for one story; false when it was taken before."""
        key = (maker.uscc, receiver.uscc, code)
        fresh = key not in self._taken
        self._taken.add(key)
        return fresh

    def cross(
        self, plants: Sequence[Plant] | None = None, makers: Sequence[Firm] | None = None
    ) -> Route:
        """Return an unused route across provinces to a plant licensed for the code."""
        for _ in range(10_000):
            maker = self.dice.pick(makers or self.cast.makers)
            plant = self.dice.pick(plants or self.cast.plants)
            code = self.dice.pick(plant.codes)
            if maker.province != plant.firm.province and self.claim(maker, plant.firm, code):
                return maker, plant, code
        raise RuntimeError("too few firms for so many stories")

    @property
    def unapproving(self) -> Sequence[Firm]:
        """The consignors that move waste across provinces without approval."""
        return self.cast.makers

    def unapproved(self) -> Route:
        """Return an unused route across provinces for a transfer that nothing approves."""
        return self.cross()

    def unapproved_now(self) -> Route:
        """Return an unused route whose own approval will not be in force."""
        return self.cross()

    def within(self, plant: Plant | None = None) -> Route:
        """Return a route inside one province to a plant licensed for the code."""
        plant = plant or self.dice.pick(self.cast.plants)
        maker = self.dice.pick(self.cast.makers_in(plant.firm.province))
        return maker, plant, self.dice.pick(plant.codes)

    def trip(
        self,
        route: Route,
        grams: int,
        at: datetime,
        transit: timedelta | None = None,
        receipt: timedelta | None = None,
    ) -> Trip:
        """Return a trip with one load over a route."""
        maker, plant, code = route
        load = Load(code, grams, plant.method)
        return Trip(self, maker, plant.firm, [load], at, transit=transit, receipt=receipt)
