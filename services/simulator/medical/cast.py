"""Who plays in the medical world, and the papers that they hold all the time."""

from dataclasses import replace

from services.simulator.dice import Dice
from services.simulator.firms import CITIES, SIGNS, Firm, Founder
from services.simulator.medical.houses import City, House, HouseKind, Works
from services.simulator.medical.papers import Papers
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.times import DAYS

__all__ = ["found_cities", "record_houses", "record_works"]

_PLACES = [place for province in ("13", "14", "22", "63") for place in CITIES[province]]
_KINDS: tuple[HouseKind, ...] = (
    "hospital", "hospital", "clinic", "clinic", "clinic", "clinic", "clinic", "clinic",
    "sender", "sender", "far", "remote", "remote", "alone", "weigher", "weigher", "weigher",
)  # fmt: skip
_WARD_BEDS = (20, 24)
_TRADES = {
    "hospital": ("人民医院", "中医医院", "妇幼保健院", "中心医院"),
    "clinic": ("社区卫生服务站", "口腔门诊部", "诊所"),
    "village": ("村卫生室",),
    "ward": ("乡镇卫生院", "康复医院"),
}


_LAST = "YZWVUTSRQP"
"""Ends of plates, one for each ten thousand."""


class _Cast:
    def __init__(self, dice: Dice, founder: Founder, papers: Papers) -> None:
        self.dice, self.founder, self.papers = dice, founder, papers
        self.houses = self.plates = 0

    def found(self, place: tuple[str, str], trade: str, ends: str = "有限公司") -> Firm:
        return self.founder.found(place[0][:2], (trade,), place=place, ends=ends)

    def plate(self, region: str) -> str:
        """Return a plate that nobody else has; those of other worlds end in X."""
        self.plates += 1
        turn, serial = divmod(self.plates, 10_000)
        if turn == len(_LAST):
            raise RuntimeError("no free plate left")
        letter = "ABCDEFGH"[self.plates % 8]
        return f"{SIGNS[region[:2]]}{letter}{serial:04d}{_LAST[turn]}"

    def works(self, firm: Firm, usual: str, plates: int, *, washes: bool = True) -> Works:
        made = tuple(self.plate(firm.region) for _ in range(plates))
        return Works(replace(firm, plates=made), usual, made, washes)

    def city(self, number: int, cities: int, wards: int) -> City:
        code, name = _PLACES[number % len(_PLACES)]
        county = f"{code[:4]}{1 + number // len(_PLACES):02d}"
        here = (county, name)
        other, its_name = _PLACES[(number + 1 + self.dice.below(len(_PLACES) - 1)) % len(_PLACES)]
        there = (f"{other[:4]}90", its_name)
        city = City(
            number,
            code if cities <= len(_PLACES) else county,
            plant=self.works(self.found(here, "医疗废物处置"), "steam", 4),
            elsewhere=self.works(self.found(there, "医废集中处置"), "microwave", 2, washes=False),
            emergency=self.works(self.found(here, "生活垃圾焚烧"), "dry_heat", 0),
            chemist=self.works(self.found(here, "药物废物处置"), "incineration", 0),
            workshop=Works(self.found(here, "塑料再生加工"), "incineration", (), washes=False),
            truck=self.plate(county),
            unknown=self.plate(county),
        )
        small: list[HouseKind] = ["ward"] * wards
        for kind in (*_KINDS, *small):
            city.houses.append(self._house(city, here, kind))
        return city

    def _house(self, city: City, here: tuple[str, str], kind: HouseKind) -> House:
        self.houses += 1
        village = kind in ("remote", "alone") or (kind == "sender" and self.dice.chance(0.5))
        trades = _TRADES[kind if kind in _TRADES else "village" if village else "clinic"]
        body = "12" if kind in ("hospital", "ward") else "52"
        firm = self.founder.found(here[0][:2], trades, place=here, body=body, ends="")
        beds = self.dice.between(*_WARD_BEDS) if kind == "ward" else self.dice.below(20)
        works = city.elsewhere if kind == "far" else city.plant
        return House(self.houses, firm, kind, works, 0 if kind == "hospital" else beds)


def found_cities(
    cities: int, wards: int, dice: Dice, founder: Founder, papers: Papers
) -> list[City]:
    """Found so many cities with so many small hospitals each, and record who does not follow from the days.

    Those are what plants can treat on a day (``record_works``), and institutions (``record_houses``).
    """
    cast = _Cast(dice, founder, papers)
    found = [cast.city(n, cities, wards) for n in range(cities)]
    for city in found:
        for works in (city.plant, city.elsewhere, city.emergency, city.chemist, city.workshop):
            papers.unit(works.firm)
        papers.licence(city.plant.firm, "HW01", "medical")
        papers.licence(city.elsewhere.firm, "HW01", "medical")
        papers.licence(city.chemist.firm, "HW03", "use_disposal")
        papers.vehicle(city.truck, city.plant.firm, medical=False)
    return found


def record_houses(scene: MedicalScene, papers: Papers) -> None:
    """Record institutions with their beds, of which a large hospital has as many as its waste needs."""
    for city in scene.cities:
        for house in city.houses:
            beds = house.beds
            if house.kind == "hospital":
                its = (scene.days[house.number, n] for n in range(DAYS))
                a_day = sum(bag.grams for day in its for bag in day.bags) // DAYS
                beds = max(_WARD_BEDS[0], a_day // scene.dice.between(500, 900))
            papers.house(house, beds, scene.closed.get(house.number))


def record_works(city: City, papers: Papers, grams: int) -> None:
    """Record what a city's plants can do; ``grams``: what the plant of the city treats on a day."""
    papers.works(city.plant, ["incineration", "steam"], grams)
    papers.works(city.elsewhere, ["microwave", "incineration"], 2 * grams)
    papers.works(city.emergency, ["dry_heat", "incineration"], emergency=True)
    papers.works(city.chemist, ["incineration"])
