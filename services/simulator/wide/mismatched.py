"""Planted violations: an approval is there, but for another method, receiver or code."""

from services.simulator.cast import Plant
from services.simulator.letters import approve_around
from services.simulator.trip import Load
from services.simulator.wide.others import LISTED
from services.simulator.wide.scene import WideScene

__all__ = ["whitelist_not_approval", "wrong_code", "wrong_method", "wrong_receiver"]

_OTHER = {"storage": "disposal", "disposal": "storage"}
_ZH = {"storage": "贮存", "disposal": "处置"}


def wrong_method(scene: WideScene, turn: int) -> None:
    """Plant one load approved for disposal and moved for storage, or the other way about."""
    grams, at = scene.grams(turn), scene.moment(turn)
    plants = [p for p in scene.cast.plants if p.method == "disposal"]
    maker, plant, code = scene.tangled(plants)
    approved = _OTHER[plant.method] if turn % 2 else plant.method
    moved = _OTHER[approved]
    approve_around(scene, (maker, Plant(plant.firm, approved, (code,)), code), at, grams)
    trip = scene.trip((maker, Plant(plant.firm, moved, (code,)), code), grams, at).complete()
    zh = f"审批的方式是{_ZH[approved]}，联单是{_ZH[moved]}"
    en = f"approved for {approved}, moved for {moved}"
    scene.violation("cross_province.wrong_method", trip.number, zh, en)


def wrong_receiver(scene: WideScene, turn: int) -> None:
    """Plant one load that went to another receiver than the approved one, which is licensed too."""
    grams, at = scene.grams(turn), scene.moment(turn)
    maker, plant, code = scene.tangled(receivers=2)
    other = scene.dice.pick(scene.rivals((maker, plant, code)))
    scene.bind((maker, other, code))
    approve_around(scene, (maker, plant, code), at, grams)
    trip = scene.trip((maker, other, code), grams, at).complete()
    zh = f"审批的接受人是{plant.firm.name}，实际运往{other.firm.name}"
    en = f"approved for {plant.firm.uscc}, taken to {other.firm.uscc}"
    scene.violation("cross_province.wrong_receiver", trip.number, zh, en)


def wrong_code(scene: WideScene, turn: int) -> None:
    """Plant one load of a code that the approval does not name; in odd turns beside one it does."""
    grams, at = scene.grams(turn), scene.moment(turn)
    maker, plant, code = scene.tangled(codes=2)
    wrong = scene.dice.pick([c for c in plant.codes if scene.free(maker, c)])
    scene.bind((maker, plant, wrong))
    approve_around(scene, (maker, plant, code), at, grams)
    trip = scene.trip((maker, plant, wrong), grams, at)
    zh, en = f"审批的是 {code}，转移的是 {wrong}", f"approved for {code}, moved was {wrong}"
    if turn % 2:
        trip.loads = [Load(code, grams, plant.method), *trip.loads]
        zh, en = f"两种废物，其中{zh}", f"of two wastes one is {en}"
    scene.violation("cross_province.wrong_code", trip.complete().number, zh, en)


def whitelist_not_approval(scene: WideScene, turn: int) -> None:
    """Plant one load that stands on a white list but was never approved."""
    grams, at = scene.grams(turn), scene.moment(turn)
    host = scene.dice.pick(scene.others.hosts[turn % 2 :: 2])
    maker = scene.dice.pick([m for m in scene.others.bare if m.province != host.province])
    trip = scene.trip((maker, Plant(host, "disposal", (LISTED,)), LISTED), grams, at).complete()
    kind_zh, kind_en = (("直接审批", "direct"), ("简化函商", "short-consult"))[turn % 2]
    zh = f"接受人和代码在{kind_zh}白名单上，但没有审批"
    en = f"on a {kind_en} white list, but there is no approval"
    scene.violation("cross_province.whitelist_not_approval", trip.number, zh, en)
