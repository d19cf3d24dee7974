"""Everyday life: bags sealed through the day, collected in the evening, in at the plant the same day."""

from collections import Counter
from datetime import timedelta

from services.simulator.medical.bag import Bag, Day
from services.simulator.medical.houses import City, House, HouseKind
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.times import DAYS, date_of, moment

__all__ = ["add_bag", "everyday"]

_CLINICS = 0.35
"""Share of the packages that clinics seal."""
_CLASSES = (
    *["infectious"] * 65, *["sharps"] * 22, *["pathological"] * 5, *["pharmaceutical"] * 4,
    *["chemical"] * 4,
)  # fmt: skip
_CYTOTOXIC = 0.01
_A_DAY: dict[HouseKind, int] = {"ward": 1, "weigher": 2}
"""What these seal on a day, in a world of any size."""
_BOX_G = (4_000, 6_000)
"""What a box of theirs weighs: of a small hospital a fifth of a kilogram a bed."""


def everyday(scene: MedicalScene, packages: int) -> None:
    """Let every institution seal about its share of the packages, all of it lawfully."""
    for city in scene.cities:
        kinds = Counter(house.kind for house in city.houses)
        hospitals = kinds["hospital"]
        small = len(city.houses) - hospitals - sum(kinds[kind] for kind in _A_DAY)
        a_day = packages / len(scene.cities) / DAYS
        a_day -= sum(kinds[kind] * many for kind, many in _A_DAY.items())
        clinic = max(1.0, a_day * _CLINICS / small)
        hospital = max(4.0, (a_day - clinic * small) / hospitals)
        for house in city.houses:
            usual = hospital if house.kind == "hospital" else clinic
            for n in range(DAYS):
                day = Day(city, house, n, scene.trip(house.number, n))
                scene.days[house.number, n] = day
                for _ in range(_A_DAY.get(house.kind) or _about(scene, usual)):
                    add_bag(scene, day)


def _about(scene: MedicalScene, usual: float) -> int:
    """Return a number near the usual one, never none."""
    low, high = usual * 0.85, usual * 1.15
    throw = low + (high - low) * scene.dice.below(1000) / 1000
    return max(1, int(throw) + scene.dice.chance(throw % 1))


def add_bag(scene: MedicalScene, day: Day) -> Bag:
    """Seal one more bag on a day and let it fare as bags usually do."""
    dice, house = scene.dice, day.house
    waste = dice.pick(_CLASSES)
    grams = dice.between(100, 1200) * 5 if waste != "sharps" else dice.between(100, 500) * 5
    if house.kind in _A_DAY:
        grams = dice.between(*_BOX_G)
    bag = Bag(
        id=f"{house.number:05d}-{date_of(day.n):%y%m%d}-{len(day.bags) + 1:03d}",
        house=house,
        trip=day.index,
        waste=waste,
        grams=grams,
        sealed_at=moment(day.n, 7) + timedelta(seconds=dice.below(int(10.5 * 3600))),
        cytotoxic=waste == "infectious" and dice.chance(_CYTOTOXIC),
    )
    day.bags.append(bag)
    if house.kind != "alone":
        _take(scene, day.city, house, bag, day.n)
    return bag


def _take(scene: MedicalScene, city: City, house: House, bag: Bag, n: int) -> None:
    sender = house.kind == "sender"
    visit = scene.visit(city.collecting if sender else house, house.visited(n))
    if sender:
        bag.handed_at = moment(n, 17.75)
    bag.taken_at, bag.came_at, bag.plate = visit
    bag.taken_by = bag.came_to = house.works
    off = min(200, bag.grams * 3 // 100)
    bag.came_grams = bag.grams + scene.dice.between(-off, off)
    bag.cold = house.kind == "remote"
    bag.disinfected = house.kind == "remote"
