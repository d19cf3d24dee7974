"""一车一程: runs from a generator to a receiver that no manifest names, and runs that are none."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from services.simulator.firms import Firm
from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive
from services.simulator.trucks.journeys import inside, ordinary
from services.simulator.trucks.oddities import track_plainly
from services.simulator.trucks.places import Place
from services.simulator.trucks.road import AT_SPEED, FOUR_HOURS, HURRIED, IN_TURNS, RESTED
from services.simulator.trucks.scene import TruckScene
from services.simulator.trucks.story import Story
from services.simulator.wide.scene import WideScene

__all__ = ["UNNAMED"]

_RULE = "track.no_manifest"


class _Run(NamedTuple):
    """Who drives from where to where: the way of another's manifest, a day and a half after it."""

    firm: Firm
    plate: str
    at: datetime
    generator: Place
    receiver: Place


def _pattern(scene: WideScene, turn: int) -> list[Trip]:
    """Play a load whose two sites the run goes between."""
    return ordinary(scene, inside(scene, turn, 30).complete())


def _run(
    scene: TruckScene, trip: Trip, owner: Firm | None = None, *, medical: bool = False
) -> _Run:
    firm = owner or scene.haulier
    ends = scene.ends(trip)
    at = (trip.left_at + timedelta(hours=36)).replace(hour=6, minute=0, second=0)
    return _Run(firm, scene.buy(firm, medical=medical), at, ends.origin, ends.destination)


def _driven(scene: TruckScene, run: _Run, drive: Drive) -> str:
    """Let it be told, and return the name of the vehicle's day."""
    scene.tell_of(run.firm, run.plate, drive)
    return scene.day(run.plate, run.at)


def _usual(run: _Run, loading: float = 40, hours: float = 0.2) -> Drive:
    """From a yard five kilometres off to the generator, on to the receiver, and away."""
    drive = Drive(run.at, (run.generator[0] + 0.05, run.generator[1])).go(run.generator)
    drive.stand(loading).go(_aside(run)).stand(60 * hours)
    return drive.go(run.receiver).stand(35).go(_aside(run))


def _aside(run: _Run) -> Place:
    return run.receiver[0] + 0.02, run.receiver[1] + 0.16


def _bare(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    HURRIED.drive(scene, trips, turn)
    run = _run(scene, trips[0])
    subject = _driven(scene, run, _usual(run))
    zh, en = "由产生单位到接收单位，没有联单", "from a generator to a receiver without a manifest"
    scene.review(_RULE, subject, zh, en)


_Way = Callable[[_Run], Drive]


def _alike(likeness: str, zh: str, en: str, way: _Way, load: Story) -> Story:
    """Return a run that only looks like one."""

    def drive(scene: TruckScene, trips: list[Trip], turn: int) -> None:
        load.drive(scene, trips, turn)
        run = _run(scene, trips[0])
        scene.lawful(likeness, _driven(scene, run, way(run)), zh, en)

    return Story(load.make, drive)


def _back(run: _Run) -> Drive:
    drive = Drive(run.at, _aside(run)).go(run.receiver).stand(30)
    return drive.go(run.generator).stand(30).go((run.generator[0] + 0.05, run.generator[1]))


def _no_carrier(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    IN_TURNS.drive(scene, trips, turn)
    run = _run(scene, trip, trip.consignor)
    zh, en = "自有车辆，不属持许可的承运人", "a vehicle of its own, of no carrier with a permit"
    scene.lawful("track_vehicle_of_no_carrier", _driven(scene, run, _usual(run)), zh, en)


def _medical(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    track_plainly(scene, trip)
    run = _run(scene, trip, medical=True)
    zh, en = "医疗废物专用车，按登记运行", "for medical waste, which runs under registers"
    scene.lawful("track_medical_vehicle", _driven(scene, run, _usual(run)), zh, en)


def _departure_not_told(scene: WideScene, turn: int) -> list[Trip]:
    return ordinary(scene, inside(scene, turn, 30).file().arrive().receive())


def _covered(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    scene.tell(trip, scene.finish(scene.start(trip, ends.origin), trip, ends))
    zh, en = "联单载明该车，只是未报起运", "a manifest names it; only its departure was not told"
    subject = scene.day(trip.carriers[0][1], trip.left_at)
    scene.lawful("track_departure_not_told", subject, zh, en)


UNNAMED = (
    Story(HURRIED.make, _bare, planted=True), Story(IN_TURNS.make, _no_carrier), Story(_pattern, _medical),
    Story(_departure_not_told, _covered),
    _alike("track_goods_run", "由接收单位到产生单位", "from a receiver to a generator", _back, AT_SPEED),
    _alike(
        "track_short_call", "在产生单位只停几分钟", "only some minutes at the generator's",
        lambda run: _usual(run, loading=7), FOUR_HOURS,
    ),
    _alike(
        "track_two_days", "两处相隔一天以上", "more than a day between the two",
        lambda run: _usual(run, hours=26), RESTED,
    ),
)  # fmt: skip
