"""More look-alikes: pilots, collectors for small generators, approved and listed."""

from datetime import timedelta

from schemas.instant import day_end
from services.simulator.cast import Plant
from services.simulator.letters import approve_around
from services.simulator.waste import LEAD_BATTERY
from services.simulator.wide.others import LISTED, PILOT_ENDS
from services.simulator.wide.scene import WideScene

__all__ = ["WIDE_ALIKE", "pilot_ended"]


def pilot_ended(scene: WideScene, turn: int) -> None:
    """Plant one load of batteries that left after the pilot's last day, without approval."""
    pilot = scene.others.pilot
    origins = ("14", "22")
    maker = scene.dice.pick([m for m in scene.others.bare if m.province in origins])
    at = day_end(PILOT_ENDS) + timedelta(seconds=scene.dice.between(1, 20 * 86_400))
    trip = scene.trip((maker, pilot, LEAD_BATTERY), scene.grams(turn), at).complete()
    zh, en = (
        f"试点 {PILOT_ENDS} 已结束，跨省无审批",
        f"the pilot ended on {PILOT_ENDS}; no approval",
    )
    scene.violation("cross_province.no_approval", trip.number, zh, en)


def _pilot(scene: WideScene, turn: int) -> None:
    pilot = scene.others.pilot
    maker = scene.dice.pick(scene.cast.makers_in(("14", "22")[turn % 2]))
    back = scene.dice.between(1, 3600) if turn % 2 else scene.dice.between(1, 80 * 86_400)
    at = day_end(PILOT_ENDS) - timedelta(seconds=back)
    trip = scene.trip((maker, pilot, LEAD_BATTERY), scene.grams(turn), at).complete()
    zh, en = (
        f"铅蓄电池试点至 {PILOT_ENDS}，期内起运",
        f"left within the pilot, which ends {PILOT_ENDS}",
    )
    scene.lawful("battery_pilot_in_time", trip.number, zh, en)


def _collector_files(scene: WideScene, turn: int) -> None:
    others = scene.others
    near = [p for p in scene.cast.plants if p.firm.province == others.filer.province]
    plant = scene.dice.pick(near)
    route = (scene.dice.pick(others.small), plant, scene.dice.pick(plant.codes))
    trip = scene.trip(route, scene.dice.between(20, 900) * 1000, scene.moment(turn))
    trip.file(by=others.filer).move()
    zh, en = "小微收集单位代填联单", "filed by the collector for a small generator"
    scene.lawful("collector_files", trip.number, zh, en)


def _collector_voids(scene: WideScene, turn: int) -> None:
    others = scene.others
    away = [p for p in scene.cast.plants if p.firm.province != others.filer.province]
    plant = scene.dice.pick(away)
    route = (scene.dice.pick(others.small), plant, scene.dice.pick(plant.codes))
    trip = scene.trip(route, scene.dice.between(20, 900) * 1000, scene.moment(turn))
    trip.file(by=others.filer)
    wait = timedelta(minutes=-15)
    if turn % 2:
        trip.depart()
        wait = timedelta(hours=2)
    trip.void(trip.left_at + wait, "代填有误，作废", by=others.filer)
    zh, en = "小微收集单位代填并作废", "filed and voided by the collector"
    scene.lawful("collector_voids", trip.number, zh, en)


def _listed_and_approved(scene: WideScene, turn: int) -> None:
    hosts = scene.others.hosts[turn % 2 :: 2]
    route = scene.cross([Plant(h, "disposal", (LISTED,)) for h in hosts])
    grams, at = scene.grams(turn), scene.moment(turn)
    approve_around(scene, route, at, grams)
    trip = scene.trip(route, grams, at).complete()
    zh, en = "白名单内并有审批", "on a white list, and approved"
    scene.lawful("listed_and_approved", trip.number, zh, en)


WIDE_ALIKE = (_pilot, _collector_files, _collector_voids, _listed_and_approved)
"""Each plays one story: ``(scene, turn)``."""
