"""Terminals and platforms that err, and manifests that share a vehicle or are no journey: all of it lawful."""

from dataclasses import replace
from datetime import timedelta

from services.simulator.cast import Plant
from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive, Fix
from services.simulator.trucks.journeys import across, city, heard, inside, ordinary
from services.simulator.trucks.places import beside, nearest_abroad
from services.simulator.trucks.scene import TruckScene
from services.simulator.trucks.story import Story
from services.simulator.trucks.telling import Manner
from services.simulator.waste import EXEMPT_EVERYWHERE
from services.simulator.wide.scene import WideScene

__all__ = ["ODDITIES", "track_plainly"]


def _usual(scene: WideScene, turn: int) -> list[Trip]:
    return ordinary(scene, inside(scene, turn, 40).complete())


def _plain(scene: TruckScene, trip: Trip) -> Drive:
    ends = scene.ends(trip)
    return scene.finish(scene.start(trip, ends.origin), trip, ends)


def track_plainly(scene: TruckScene, trip: Trip) -> None:
    """Let a vehicle go straight there, and say so."""
    scene.tell(trip, _plain(scene, trip))
    zh, en = "直达接受人，全程有位置", "straight to the receiver, heard all the way"
    scene.lawful("ordinary", scene.journey(trip), zh, en)


def _manner(likeness: str, zh: str, en: str, manner: Manner) -> Story:
    """Return a plain journey that is told in another manner."""

    def drive(scene: TruckScene, trips: list[Trip], turn: int) -> None:
        (trip,) = trips
        scene.tell(trip, _plain(scene, trip), manner=manner)
        scene.lawful(likeness, scene.journey(trip), zh, en)

    return Story(_usual, drive)


def _filed_long_before(scene: WideScene, turn: int) -> list[Trip]:
    trip = inside(scene, turn, province=("14", "22")[turn % 2])
    trip.filed_at = trip.left_at - timedelta(hours=10)
    return ordinary(scene, trip.complete())


def _clock(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    scene.tell(trip, _plain(scene, trip), manner=Manner(behind=timedelta(hours=8)))
    zh, en = "终端时钟慢八小时", "its terminal's clock is eight hours late"
    scene.lawful("track_clock_eight_hours_off", scene.journey(trip), zh, en)


def _stray(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    """Let a terminal tell one place 2,000 km away, two at 0, 0, and one that it calls not positioned."""
    (trip,) = trips
    at = int(trip.left_at.timestamp()) + 601
    far = beside(city(trip.consignor.site), 0.0, -2000.0)
    _, abroad = nearest_abroad(trip.consignor.province, city(trip.consignor.site))
    odd = (
        Fix(at, *far, 60), Fix(at + 127, 0.0, 0.0, 0), Fix(at + 250, 0.0, 0.0, 0),
        Fix(at + 371, *abroad, 0, 1),
    )  # fmt: skip
    scene.tell(trip, _plain(scene, trip), manner=Manner(odd=odd))
    zh, en = "孤立跳点、零点和未定位的位置", "a lone jump, places at 0, 0, and one not positioned"
    scene.lawful("track_stray_positions", scene.journey(trip), zh, en)


def _stranger(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    scene.tell(trip, _plain(scene, trip))
    _, abroad = nearest_abroad(trip.consignor.province, city(trip.consignor.site))
    lie = Drive(trip.left_at, abroad).until(trip.arrived_at + timedelta(hours=5))
    scene.tell_of(scene.meddler, trip.carriers[0][1], lie)
    zh, en = (
        "与该车无关的单位报来的位置不算",
        "positions told by a unit that has nothing to do with it",
    )
    scene.lawful("track_told_by_a_stranger", scene.journey(trip), zh, en)


def _home(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    drive = _plain(scene, trip)
    lake = scene.lake(trip.receiver.site)
    drive.go(beside(lake, 1.7, 0.2)).stand(scene.dice.between(280, 400)).quiet(200).stand(210)
    scene.tell(trip, drive)
    zh, en = "卸货后回程，停留和失联与货物无关", "on its way home: stops and gaps are no matter"
    scene.lawful("track_home_after_unloading", scene.journey(trip), zh, en)


def _relay(scene: WideScene, turn: int) -> list[Trip]:
    trip = across(scene, turn, 120)
    trip.legs = [heard(scene, carrier) for carrier in scene.some_carriers(2)]
    return ordinary(scene, trip.complete())


def _handed_over(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    first = scene.start(trip, ends.origin).reach(ends.halt, trip.handed_at - timedelta(minutes=8))
    second = Drive(trip.handed_at - timedelta(minutes=30), ends.halt)
    second.until(trip.handed_at + timedelta(minutes=9))
    back = beside(ends.halt, -9.0, 9.0)
    scene.tell(trip, first.stand(30).go(back).stand(300), 0)
    scene.tell(trip, scene.finish(second, trip, ends), 1)
    for leg in (0, 1):
        zh, en = "途中交给另一车", "handed over to another vehicle on the way"
        scene.lawful("track_handed_over", scene.journey(trip, leg), zh, en)


def _voided(scene: WideScene, turn: int) -> list[Trip]:
    trip = inside(scene, turn, 60).file().depart()
    trip.void(trip.left_at + timedelta(hours=3), "车辆故障，原车返回")
    return ordinary(scene, trip)


def _came_back(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    origin = scene.site(trip.consignor, "generator")
    lake = scene.lake(trip.consignor.site)
    drive = scene.start(trip, origin).go(beside(lake, 1.8, 0.0)).stand(300).go(origin).stand(30)
    scene.tell(trip, drive)
    zh, en = "已作废，原车返回", "voided, and the vehicle came back"
    scene.lawful("track_of_a_voided_manifest", scene.journey(trip), zh, en)


def _exempt(scene: WideScene, turn: int) -> list[Trip]:
    user = Plant(scene.cast.user, "disposal", (EXEMPT_EVERYWHERE,))
    near = scene.cast.makers_in(user.firm.province)
    trip = inside(scene, turn, 400, plant=user, maker=scene.dice.pick(near))
    trip.loads = [replace(load, code=EXEMPT_EVERYWHERE, method="disposal") for load in trip.loads]
    return ordinary(scene, trip.complete())


def _exempted(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin).go(beside(scene.lake(trip.consignor.site), 1.7, 0.0))
    scene.tell(trip, scene.finish(drive.stand(290), trip, ends))
    zh, en = "全部环节豁免的废物", "waste that is exempt throughout"
    scene.lawful("track_of_exempt_waste", scene.journey(trip), zh, en)


def _two_generators(scene: WideScene, turn: int) -> list[Trip]:
    """Play two loads of one vehicle for one receiver: the second is taken up on the way."""
    one = inside(scene, turn, 100)
    maker = one.consignor
    near = [m for m in scene.cast.makers if m.site == maker.site and m is not maker]
    plant = next(p for p in scene.cast.plants if p.firm is one.receiver)
    two = inside(scene, turn, plant=plant, maker=scene.dice.pick(near or [maker]))
    two.leave_at(one.complete().left_at + timedelta(minutes=50))
    two.arrived_at = one.arrived_at + timedelta(minutes=3)
    two.received_at = two.arrived_at + timedelta(minutes=90)
    plate = one.carriers[0][1]
    two.legs = [replace(one.legs[0], plate=plate)]
    for trip in (one, two.complete()):
        zh, en = "一车依次收集两家，运往同一接受人", "a milk run: two loads on one vehicle"
        scene.lawful("milk_run", trip.number, zh, en)
    return [one, two]


def _milk_run(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    one, two = trips
    first, ends = scene.ends(one), scene.ends(two)
    drive = scene.start(one, first.origin).go(ends.origin).until(two.left_at + timedelta(minutes=5))
    scene.tell(one, scene.finish(drive, one, ends, one.arrived_at - timedelta(minutes=3), 50))
    for trip in trips:
        zh, en = "一车依次收集两家", "a milk run: one vehicle, two generators"
        scene.lawful("track_milk_run", scene.journey(trip), zh, en)


ODDITIES = (
    _manner(
        "track_told_in_bulk", "位置数小时后一并补传", "all told at once, hours later",
        Manner(bulk=timedelta(hours=9)),
    ),
    _manner("track_without_speed", "终端不报速度", "a terminal that tells no speed", Manner(speed=False)),
    Story(_filed_long_before, _clock), Story(_usual, _stray), Story(_usual, _stranger),
    Story(_usual, _home), Story(_relay, _handed_over), Story(_voided, _came_back),
    Story(_exempt, _exempted), Story(_two_generators, _milk_run),
)  # fmt: skip
