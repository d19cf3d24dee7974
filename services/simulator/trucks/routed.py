"""规定路线: medical waste off the route prescribed for its vehicle, and detours that are none or lawful."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.simulator.firms import Firm
from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive
from services.simulator.trucks.places import Place, beside, between
from services.simulator.trucks.scene import TruckScene
from services.simulator.trucks.story import Story
from services.simulator.wide.scene import WideScene

__all__ = ["ROUTED"]

_RULE = "track.off_route"
_COUNTY, _COUNTY_NAME = "130129", "赞皇"
"""Where an order stands, and nobody else of these worlds is."""


class _Run(NamedTuple):
    """Which vehicle collects when from which institution, for which plant."""

    firm: Firm
    plate: str
    at: datetime
    generator: Place
    receiver: Place


def _make(scene: WideScene, turn: int) -> list[Trip]:
    """Play no manifest: medical waste runs under registers."""
    return []


def _run(scene: TruckScene) -> _Run:
    """Return the run of a vehicle of its own, each on another day."""
    hospital, plant = scene.site(scene.hospital, "generator"), scene.site(scene.plant, "receiver")
    firm = scene.haulier
    return _Run(firm, scene.buy(firm, medical=True), scene.morning(), hospital, plant)


def _told(scene: TruckScene, run: _Run, drive: Drive) -> str:
    """Let it be told, and return the name of the vehicle's day."""
    scene.tell_of(run.firm, run.plate, drive)
    return scene.day(run.plate, run.at)


def _route(scene: TruckScene, run: _Run, **more: Any) -> None:
    way = [run.generator, between(run.generator, run.receiver), run.receiver]
    scene.papers.route(f"{run.plate}收运线", run.firm, way, plates=[run.plate], **more)


def _by(run: _Run, place: Place, minutes: float) -> Drive:
    """From the institution by a place, where it stands, to the plant."""
    drive = Drive(run.at, (run.generator[0] + 0.05, run.generator[1])).go(run.generator).stand(40)
    return drive.go(place).stand(minutes).go(run.receiver).stand(35)


def _off(run: _Run) -> Place:
    return beside(run.generator, 9.0, -13.0)


def _strayed(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    run = _run(scene)
    _route(scene, run)
    subject = _told(scene, run, _by(run, _off(run), scene.dice.between(15, 50)))
    scene.review(_RULE, subject, "医疗废物车辆偏离规定路线", "medical waste off its route")


def _never_there(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    run = _run(scene)
    _route(scene, run)
    drive = Drive(run.at, (run.generator[0] + 0.05, run.generator[1])).go(run.generator).stand(30)
    subject = _told(scene, run, drive.go(_off(run)).stand(scene.dice.between(60, 120)))
    zh, en = "收运后偏离路线，未到处置单位", "collected, off its route and never at the plant"
    scene.review(_RULE, subject, zh, en)


_Way = Callable[[_Run], Drive]


def _alike(likeness: str, zh: str, en: str, way: _Way, **more: Any) -> Story:
    """Return a run that only looks like a stray one."""

    def drive(scene: TruckScene, trips: list[Trip], turn: int) -> None:
        run = _run(scene)
        _route(scene, run, **more)
        scene.lawful(likeness, _told(scene, run, way(run)), zh, en)

    return Story(_make, drive)


def _within(run: _Run) -> Drive:
    return _by(run, beside(between(run.generator, run.receiver), 0.8, 0.8), 25)


def _after(run: _Run) -> Drive:
    place = between(run.generator, run.receiver)
    return _by(run, place, 1).go(beside(run.receiver, 11.0, 9.0)).stand(60)


def _ordered(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    run = _run(scene)
    clinic = scene.clinic(_COUNTY, _COUNTY_NAME)
    place = beside(run.generator, -5.0, -7.0 - turn)
    scene.papers.fence(f"{clinic.name}院区", "generator", place, clinic, half_km=0.3)
    run = run._replace(generator=place)
    _route(scene, run)
    begins = run.at - timedelta(hours=5)
    scene.papers.order(f"示防指〔2026〕{turn + 1}号", _COUNTY, begins, begins + timedelta(hours=30))
    subject = _told(scene, run, _by(run, beside(place, -9.0, -9.0), 40))
    zh, en = "应急令有效期间改道", "another way while an emergency order was in force"
    scene.lawful("track_route_under_an_order", subject, zh, en)


def _no_route(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    run = _run(scene)
    subject = _told(scene, run, _by(run, _off(run), 30))
    zh, en = "没有登记规定路线", "no route is on record"
    scene.lawful("track_no_route_on_record", subject, zh, en)


ROUTED = (
    Story(_make, _strayed, planted=True), Story(_make, _never_there, planted=True),
    Story(_make, _ordered), Story(_make, _no_route),
    _alike("track_detour_within_the_margin", "绕行在允许距离之内", "a detour within the margin", _within),
    _alike(
        "track_route_not_in_force", "规定路线尚未生效", "the route is not in force yet",
        lambda run: _by(run, _off(run), 30), since="2028-01-01",
    ),
    _alike("track_off_route_unloaded", "卸车后绕行回程", "another way home from the plant", _after),
)  # fmt: skip
