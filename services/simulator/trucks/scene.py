"""The stage of the world of positions: sites and their fences, labels, and what terminals told."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from schemas.instant import china_day
from schemas.region import region_name
from services.simulator.dice import Dice
from services.simulator.firms import SIGNS, Firm, Founder
from services.simulator.labels import Label
from services.simulator.terminal import Terminal
from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive, Fix
from services.simulator.trucks.papers import Papers, terminal_code
from services.simulator.trucks.places import CENTRES, Place, beside, between, km
from services.simulator.trucks.telling import Manner, told

__all__ = ["Ends", "TruckScene"]

_SPACING_KM, _ACROSS = 4.0, 6
"""Sites of a city stand on a grid, six in a row."""
_LEAST_HALT_S = 600
"""Nobody goes out of the way to a service area for less."""
_KM_TO_LAKE, _KM_TO_RESERVE = (-20.0, 0.0), (20.0, 0.0)


class Ends(NamedTuple):
    """The two sites of a manifest, and the service area on the way."""

    origin: Place
    halt: Place
    destination: Place


class TruckScene:
    """Stories make vehicles go about; every place is recorded when it is first needed."""

    def __init__(self, dice: Dice, founder: Founder, papers: Papers, begins: datetime) -> None:
        self.begins = begins
        self.dice, self.founder, self.papers = dice, founder, papers
        self.labels: list[Label] = []
        self.posts: list[tuple[datetime, bytes]] = []
        self._bought = self._mornings = 0
        self._clinics: dict[str, Firm] = {}
        self._sites: dict[tuple[str, str], Place] = {}
        self._in_city: dict[str, int] = {}
        self._fenced: set[tuple[object, ...]] = set()
        self._phones: dict[str, str] = {}

    # who else there is

    @cached_property
    def haulier(self) -> Firm:
        """A carrier with a permit and no manifests."""
        firm = self._found("13", "130100", "石家庄", "危货运输")
        self.papers.permit(firm)
        return firm

    @cached_property
    def meddler(self) -> Firm:
        """A unit that tells positions of vehicles with which it has nothing to do."""
        return self._found("13", "130100", "石家庄", "信息服务")

    @cached_property
    def hospital(self) -> Firm:
        """An institution that makes medical waste, of no manifest."""
        return self._found("13", "130100", "石家庄", "医院")

    @cached_property
    def plant(self) -> Firm:
        """A treatment plant for medical waste, of no manifest."""
        return self._found("13", "130100", "石家庄", "集中处置")

    def morning(self) -> datetime:
        """Return six in the morning of a day on which no other vehicle of these stories runs."""
        self._mornings += 1
        day = self.begins + timedelta(days=self._mornings)
        return day.replace(hour=6, minute=0, second=0, microsecond=0)

    @cached_property
    def foreigner(self) -> Firm:
        """A receiver of a province in which no manifest begins or ends."""
        return self._found("13", "410500", "安阳", "综合利用")

    def buy(self, owner: Firm, *, medical: bool = False) -> str:
        """Return the plate of a new vehicle on record, which no manifest names."""
        self._bought += 1
        plate = f"{SIGNS[owner.province]}K{self._bought:04d}A"
        self.papers.vehicle(owner, plate, medical=medical)
        return plate

    def clinic(self, county: str, name: str) -> Firm:
        """Return a clinic of a county, the same one each time."""
        if county not in self._clinics:
            self._clinics[county] = self._found(county[:2], county, name, "卫生院")
        return self._clinics[county]

    def _found(self, province: str, region: str, name: str, trade: str) -> Firm:
        firm = self.founder.found(province, (trade,), place=(region, name))
        self.papers.unit(firm)
        return firm

    # places

    def site(self, firm: Firm, role: str | None, *, fence: bool = True) -> Place:
        """Return where a firm's site is; its fence is recorded unless it is to have none."""
        key = firm.uscc, firm.site if role != "carrier_yard" else "yard"
        if key not in self._sites:
            n = self._in_city[firm.site] = self._in_city.get(firm.site, -1) + 1
            east, north = n % _ACROSS - _ACROSS / 2, n // _ACROSS - _ACROSS / 2
            place = beside(CENTRES[firm.site], east * _SPACING_KM, north * _SPACING_KM)
            self._sites[key] = place
        place = self._sites[key]
        if role and fence and self._first("site", key, role):
            name = {"generator": "厂区", "receiver": "接收厂区", "carrier_yard": "车场"}[role]
            self.papers.fence(f"{firm.name}{name}", role, place, firm)
        return place

    def ends(self, trip: Trip, *, fenced: bool = True) -> Ends:
        """Return the places of a trip; without the receiver's fence unless ``fenced``."""
        origin = self.site(trip.consignor, "generator")
        destination = self.site(trip.receiver, "receiver", fence=fenced)
        return Ends(origin, self.halt(trip), destination)

    def halt(self, trip: Trip) -> Place:
        """Return the service area on the way from one city to the other, or beside the one."""
        one, other = sorted((trip.consignor.site, trip.receiver.site))
        if one == other:
            return self.halt_by(one)
        name = f"{region_name(one)}至{region_name(other)}示例服务区"
        return self.rest(between(CENTRES[one], CENTRES[other]), name)

    def halt_by(self, site: str) -> Place:
        """Return the service area beside a city."""
        return self.rest(beside(CENTRES[site], 0.0, 19.0), f"{region_name(site)}示例服务区")

    def rest(self, place: Place, name: str) -> Place:
        """Return a service area at a place."""
        if self._first("rest", place):
            self.papers.fence(name, "other", place)
        return place

    def foreign_site(self, place: Place) -> Place:
        """Return the site of the foreign receiver."""
        if self._first("foreign", place):
            name = f"{self.foreigner.name}接收厂区"
            self.papers.fence(name, "receiver", place, self.foreigner)
        return place

    def lake(self, site: str) -> Place:
        """Return the middle of a city's lake; its shore is 1.5 km away."""
        place = beside(CENTRES[site], *_KM_TO_LAKE)
        if self._first("lake", site):
            self.papers.fence(f"{region_name(site)}示例湖", "water", place, half_km=1.5)
        return place

    def reserve(self, site: str) -> Place:
        """Return the middle of a city's forbidden area, a kilometre deep on each side."""
        place = beside(CENTRES[site], *_KM_TO_RESERVE)
        if self._first("reserve", site):
            self.papers.fence(f"{region_name(site)}示例禁入区", "forbidden", place, half_km=1.0)
        return place

    def river(self, place: Place) -> None:
        """Let a river run by the fence of a site."""
        if self._first("river", place):
            self.papers.fence("示例河", "water", beside(place, 0.0, 0.9), half_km=0.3)

    def _first(self, *thing: object) -> bool:
        fresh = thing not in self._fenced
        self._fenced.add(thing)
        return fresh

    # what a vehicle does

    def start(self, trip: Trip, origin: Place, minutes: float = 40) -> Drive:
        """Begin at the consignor's, some time before it leaves, and leave a little after that is told."""
        begins = trip.left_at - timedelta(minutes=minutes)
        return Drive(begins, origin).until(trip.left_at + self.minutes(2, 9))

    def finish(
        self,
        drive: Drive,
        trip: Trip,
        ends: Ends,
        at: datetime | None = None,
        unloading: float | None = None,
    ) -> Drive:
        """Go to the receiver, wait at a service area if there is time, be there ``at`` and unload.

        By default it is there some minutes before its arrival is told, and unloads for up to an hour.
        """
        there = at or trip.arrived_at - self.minutes(2, 8)
        when = int(there.timestamp())
        for halt in (ends.halt, self.halt_by(trip.receiver.site)):
            way = km(drive.here, halt) + km(halt, ends.destination)
            slack = when - drive.now - drive.needs(way)
            if slack >= _LEAST_HALT_S:
                drive.go(halt).stand(slack / 60)
                break
        drive.reach(ends.destination, when)
        return drive.stand(self.dice.between(25, 60) if unloading is None else unloading)

    def minutes(self, low: int, high: int) -> timedelta:
        """Return a time between so many minutes, to the second."""
        return timedelta(seconds=self.dice.between(low * 60, high * 60))

    # labels and positions

    def review(self, rule: str, subject: str, zh: str, en: str) -> None:
        """Label a journey or a vehicle's day as one that an officer must look at."""
        self.labels.append(Label("review", subject, zh, en, rule=rule))

    def lawful(self, likeness: str, subject: str, zh: str, en: str) -> None:
        """Label one as lawful, with what it looks like."""
        self.labels.append(Label("lawful", subject, zh, en, likeness=likeness))

    @staticmethod
    def journey(trip: Trip, leg: int = 0) -> str:
        """Return the name of a vehicle's journey on a manifest."""
        return f"trip/{trip.carriers[leg][1]}/{trip.number}"

    @staticmethod
    def day(plate: str, at: datetime) -> str:
        """Return the name of a vehicle's day."""
        return f"plate/{plate}/{china_day(at)}"

    def terminals(self, plates: Sequence[str]) -> Iterator[Terminal]:
        """Yield the terminals of some vehicles that told something."""
        for plate in plates:
            yield Terminal(plate, self._phones[plate], terminal_code(plate))

    def tell(self, trip: Trip, drive: Drive, leg: int = 0, manner: Manner | None = None) -> None:
        """Let the carrier of a leg tell where its vehicle was."""
        firm, plate = trip.carriers[leg]
        self.tell_of(firm, plate, drive, manner)

    def tell_of(self, firm: Firm, plate: str, drive: Drive, manner: Manner | None = None) -> None:
        """Let a unit tell where a vehicle was."""
        manner = manner or Manner()
        every = self.dice.pick((60, 60, 60, 30))
        fixes = manner.told(list(drive.fixes(self.dice, every)), self.dice)
        self.tell_fixes(firm, plate, fixes, manner)

    def tell_fixes(
        self, firm: Firm, plate: str, fixes: Sequence[Fix], manner: Manner | None = None
    ) -> None:
        """Let a unit tell positions as they are."""
        if plate not in self._phones:
            self._phones[plate] = self.papers.terminal(firm, plate)
        phone = self._phones[plate]
        self.posts += told(firm, plate, phone, fixes, self.dice, manner or Manner())
