"""What everybody says of how the bags fared: one event each, as scales and registers print it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any

from schemas.instant import china_day
from services.simulator.medical.bag import Bag, known
from services.simulator.medical.houses import House, Works
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.times import FIRST
from services.simulator.medical.treatment import Batch

__all__ = ["tell", "tell_collected", "tell_returned"]

_WARDS = ("内科", "外科", "急诊", "检验科", "产科", "手术室")


def tell(scene: MedicalScene, batches: Sequence[Batch]) -> None:
    """Let everybody say what happened."""
    bags = scene.all_bags()
    for bag in bags:
        if bag.sealed_at is not None:
            _sealed(scene, bag, bag.sealed_at)
    _handed(scene, [bag for bag in bags if bag.handed_at is not None])
    collected = _grouped(
        [bag for bag in bags if bag.taken_at is not None],
        lambda b: (b.house.number, b.taken_at, b.plate, b.taken_by, b.posting, b.listed),
    )
    for group in collected:
        first = group[0]
        at, by = known(first.taken_at), known(first.taken_by)
        tell_collected(scene, group, at, by, first.plate)
    received = _grouped(
        [bag for bag in bags if bag.came_at is not None],
        lambda b: (b.house.number, b.came_at, b.plate, b.came_to, b.cold, b.disinfected),
    )
    for group in received:
        _received(scene, group)
    for batch in batches:
        _treated(scene, batch)
    _washed(scene, bags)


def _grouped(bags: Sequence[Bag], key: Callable[[Bag], Hashable]) -> list[list[Bag]]:
    found: dict[Hashable, list[Bag]] = defaultdict(list)
    for bag in bags:
        found[key(bag)].append(bag)
    return list(found.values())


def _sealed(scene: MedicalScene, bag: Bag, at: datetime) -> None:
    house = bag.house
    data: dict[str, Any] = {
        "waste": bag.waste,
        "weight_g": bag.sealed_told or bag.grams,
        "container": "sharps_box" if bag.waste == "sharps" else "bag",
    }
    if bag.cytotoxic:
        data["cytotoxic"] = True
    if house.kind == "hospital":
        data["ward"] = scene.dice.pick(_WARDS)
    data["handler"] = "示例交接人"
    told = scene.say("sealed", house.firm, bag.id, at, data, bag.trip)
    if bag.sealed_told:
        _correct(scene, house, bag, at, told, {"sealed": {**data, "weight_g": bag.grams}})


def _correct(
    scene: MedicalScene,
    who: House | Works,
    bag: Bag,
    at: datetime,
    told: str,
    data: dict[str, Any],
    subject: str = "",
) -> None:
    """Let the author correct what it told; now and then it needs a second correction."""
    verb, right = next(iter(data.items()))
    when = at + scene.minutes(10, 90)
    if scene.dice.chance(0.3):
        wrong = {"corrects": told, "reason": "称重有误，更正", verb: right}
        told = scene.say("corrected", who.firm, subject or bag.id, when, wrong, bag.trip)
        when += scene.minutes(5, 60)
    said = {"corrects": told, "reason": "录入有误，更正", verb: right}
    scene.say("corrected", who.firm, subject or bag.id, when, said, bag.trip)


def _handed(scene: MedicalScene, bags: Sequence[Bag]) -> None:
    hospitals = {house.number: city.collecting for city in scene.cities for house in city.houses}
    for group in _grouped(bags, lambda b: (b.house.number, b.handed_at)):
        first = group[0]
        data = {
            "institution": first.house.firm.uscc,
            "to": hospitals[first.house.number].firm.uscc,
            "packages": _listed(group),
        }
        number = scene.label_number("Z")
        scene.say("transferred", first.house.firm, number, known(first.handed_at), data, first.trip)


def _listed(bags: Sequence[Bag]) -> list[dict[str, Any]]:
    return [{"id": bag.id} for bag in bags]


def _as_one(verb: str, bags: Sequence[Bag]) -> dict[str, int]:
    """Return the one weight that a register gives for all bags, if it gives one."""
    first = bags[0]
    if first.weighed_as_one != verb:
        return {}
    grams = sum(bag.grams for bag in bags) + first.off
    return {"weight_g": grams // 1000 if first.in_kilograms else grams}


def tell_collected(
    scene: MedicalScene, bags: Sequence[Bag], at: datetime, by: Works, plate: str
) -> None:
    """Let a collector hand in the register of one pick-up."""
    first = bags[0]
    data: dict[str, Any] = {"institution": first.house.firm.uscc}
    if first.listed:
        data["packages"] = _listed(bags)
    else:
        data |= {"weight_g": sum(bag.grams for bag in bags), "pieces": len(bags)}
    data |= _as_one("collected", bags) | {"plate": plate, "driver": "示例驾驶员"}
    posted = None
    if first.posting == "late":
        posted = at + timedelta(days=2) + scene.minutes(60, 1200)
    number = scene.label_number("Y")
    scene.say("collected", by.firm, number, at, data, first.trip, posted)
    if first.posting == "twice":
        again = scene.said[-1]
        scene.posts.append((at + scene.minutes(30, 2000), again.line))


def tell_returned(scene: MedicalScene, bags: Sequence[Bag], at: datetime, by: Works) -> None:
    """Let a collector give bags back."""
    first = bags[0]
    data = {
        "institution": first.house.firm.uscc,
        "packages": _listed(bags),
        "reason": "标签不清，退回补贴",
    }
    scene.say("returned", by.firm, scene.label_number("T"), at, data, first.trip)


def _received(scene: MedicalScene, bags: Sequence[Bag]) -> None:
    first = bags[0]
    works, at = known(first.came_to), known(first.came_at)

    def data(*, told: bool) -> dict[str, Any]:
        said: dict[str, Any] = {
            "institution": first.house.firm.uscc,
            "packages": [
                {"id": b.id, "weight_g": (told and b.came_told) or b.came_grams} for b in bags
            ],
            **_as_one("received", bags),
            "plate": first.plate,
        }
        for name in ("cold", "disinfected"):
            if getattr(first, name):
                said[name] = True
        if first.house.kind == "weigher":
            said["boxes"] = [scene.box(first.house, scene.day_of(at))]
        return said

    number = scene.label_number("R")
    event = scene.say("received", works.firm, number, at, data(told=True), first.trip)
    if any(bag.came_told for bag in bags):
        right = {"received": data(told=False)}
        _correct(scene, works, first, at, event, right, number)


def _treated(scene: MedicalScene, batch: Batch) -> None:
    loads: dict[str, list[str]] = defaultdict(list)
    for bag in batch.bags:
        loads[bag.house.firm.uscc].append(bag.id)
    data: dict[str, Any] = {
        "process": batch.process,
        "loads": [{"institution": uscc, "packages": ids} for uscc, ids in loads.items()],
        "weight_g": batch.grams,
        **batch.figures,
    }
    trip = scene.trip(batch.subject)
    scene.say("treated", batch.works.firm, scene.label_number("P"), batch.at, data, trip)


def _washed(scene: MedicalScene, bags: Sequence[Bag]) -> None:
    last: dict[tuple[str, str, str, object], tuple[datetime, Works]] = {}
    for bag in bags:
        if bag.came_at is None or bag.came_to is None or not bag.came_to.washes:
            continue
        used = [("vehicle", bag.plate)]
        if bag.house.kind == "weigher":
            used.append(("box", scene.box(bag.house, scene.day_of(bag.came_at))))
        for what, which in used:
            key = what, bag.came_to.firm.uscc, which, china_day(bag.came_at)
            if key not in last or last[key][0] < bag.came_at:
                last[key] = bag.came_at, bag.came_to
    for (what, uscc, which, _), (came, works) in last.items():
        n = (came - FIRST).days
        wait = scene.minutes(60, 330)
        wait_or_none = scene.washings.get((uscc, which, n), wait)
        if wait_or_none is not None:
            data = {"what": what, "agent": "含氯消毒剂"}
            at = came + wait_or_none
            scene.say("washed", works.firm, which, at, data, scene.trip("washed", uscc, n))
