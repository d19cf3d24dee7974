"""去向: bags that vanish, that nobody sealed, and bags that only seem to have."""

from datetime import timedelta

from services.simulator.medical.bag import Bag, Day, known
from services.simulator.medical.everyday import add_bag
from services.simulator.medical.houses import City
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.stored import take_on
from services.simulator.medical.times import PEACE, moment

__all__ = ["WHEREABOUTS_ALIKE", "never_sealed", "unaccounted"]

_HOUSES = ("hospital", "clinic")
_ANY = range(17)


def _few(day: Day) -> list[Bag]:
    return day.bags[: max(1, min(2, len(day.bags) // 2))]


def _lost(scene: MedicalScene, bag: Bag, place: str, at: timedelta, *, on_the_road: bool) -> None:
    """Report a bag lost by whoever had it, so long after its day's beginning."""
    who = bag.house.works.firm if on_the_road else bag.house.firm
    when = known(bag.sealed_at).replace(hour=0, minute=0, second=0) + at
    data = {"institution": bag.house.firm.uscc, "place": place, "reason": "清点时缺少"}
    scene.say("lost", who, bag.id, when, data, bag.trip)


def unaccounted(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant bags taken and never weighed in anywhere, or lost for good; three kinds in turn."""
    kind = turn % 3
    day = scene.take(city, _HOUSES, _ANY)
    for bag in _few(day):
        bag.came_at = bag.came_to = None
        if kind == 0:
            continue
        if kind == 1:
            bag.taken_at = bag.taken_by = None
            _lost(scene, bag, "暂存间", timedelta(hours=17.75), on_the_road=False)
        else:
            hours = timedelta(days=day.house.visited(day.n) - day.n, hours=22)
            _lost(scene, bag, "运输途中", hours, on_the_road=True)
    zh, en = (
        ("已收运，至今无入厂登记", "collected, and weighed in nowhere"),
        ("在机构丢失，未找到", "lost at the institution and not found"),
        ("运输途中丢失，未找到", "lost on the road and not found"),
    )[kind]
    scene.breaks("review", "unaccounted", day.subject, zh, en)


def never_sealed(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant bags that come on a register and were never sealed."""
    day = scene.take(city, _HOUSES, _ANY, fits=lambda d: d.house.visited(d.n) == d.n)
    for _ in range(1 + turn % 3):
        bag = add_bag(scene, day)
        bag.sealed_at, bag.waste, bag.cytotoxic = None, "infectious", False
        if turn % 2:
            bag.taken_at = bag.taken_by = None
    zh, en = "无封装登记的医疗废物入厂", "bags that nobody sealed came in"
    scene.breaks("review", "never_sealed", day.subject, zh, en)


def _found_again(scene: MedicalScene, city: City, turn: int) -> None:
    day = scene.take(city, ("hospital",), PEACE[:7] + PEACE[8:])
    for bag in _few(day):
        _lost(scene, bag, "暂存间", timedelta(hours=17.75), on_the_road=False)
        at = moment(day.n + 1, 9) + scene.minutes(0, 120)
        data = {"institution": bag.house.firm.uscc, "place": "住院楼"}
        scene.say("found", bag.house.firm, bag.id, at, data, bag.trip)
        take_on(scene, day, [bag], day.n + 1)
    del turn
    zh, en = "报失后找到，48 小时内收运", "lost, found, and collected within 48 hours"
    scene.lawful("lost_and_found", day.subject, zh, en)


def _slow_road(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, _HOUSES, _ANY)
    bags = _few(day)
    came = known(bags[0].taken_at) + timedelta(hours=30) + scene.minutes(0, 60)
    for bag in bags:
        bag.came_at = came
    zh, en = "收运 30 小时后入厂", "weighed in 30 hours after it was collected"
    scene.lawful("received_after_30_hours", day.subject, zh, en)


def _used_again(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, _HOUSES, _ANY)
    back = 201 + scene.dice.below(20)
    first = Day(city, day.house, day.n - back, scene.trip(day.house.number, day.n - back))
    bag = add_bag(scene, first)
    bag.id = day.bags[0].id
    scene.earlier.append(first)
    for each in (first, day):
        zh, en = f"包装编号 {back} 天后再次使用", f"a package's number used again after {back} days"
        scene.lawful("number_used_again", each.subject, zh, en)


def _posted(scene: MedicalScene, city: City, turn: int) -> None:
    day = scene.take(city, _HOUSES, range(16))
    late = turn % 2 == 0
    for bag in day.bags:
        bag.posting = "late" if late else "twice"
    if late:
        zh, en = "按时收运，两天多后才上报", "collected in time, posted more than two days later"
        scene.lawful("collection_posted_late", day.subject, zh, en)
    else:
        zh, en = "同一登记卡上报两次", "one register posted twice, byte for byte"
        scene.lawful("register_posted_twice", day.subject, zh, en)


def _posted_either(scene: MedicalScene, city: City, turn: int) -> None:
    _posted(scene, city, 2 * turn)
    _posted(scene, city, 2 * turn + 1)


def _weight_only(scene: MedicalScene, city: City, _: int) -> None:
    day = scene.take(city, _HOUSES, _ANY)
    for bag in day.bags:
        bag.listed = False
    zh, en = "登记卡只有总重", "the register of the pick-up gives a total weight only"
    scene.lawful("register_of_total_weight", day.subject, zh, en)


WHEREABOUTS_ALIKE = (_found_again, _slow_road, _used_again, _posted_either, _weight_only)
"""Each plays one story: ``(scene, city, turn)``."""
