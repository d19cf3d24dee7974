"""停留与失联: by water, in a forbidden area, for hours, without a word; and for good reasons."""

from collections.abc import Callable
from datetime import timedelta

from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive
from services.simulator.trucks.journeys import by, city, fits, heard, inside, longer, ordinary
from services.simulator.trucks.places import Place, beside, between
from services.simulator.trucks.scene import TruckScene
from services.simulator.trucks.story import Story
from services.simulator.wide.scene import WideScene

__all__ = ["STANDING"]

_WATER, _LONG, _GAP = "track.stop_at_water", "track.long_stop", "track.signal_gap"


_Make = Callable[[WideScene, int], list[Trip]]


def _with(minutes: int) -> _Make:
    """Return what makes a load with so much time to spare."""

    def make(scene: WideScene, turn: int) -> list[Trip]:
        return ordinary(scene, inside(scene, turn, minutes).complete())

    return make


def _by_the_yard(scene: WideScene, turn: int) -> list[Trip]:
    """Play a load with time for a night in its carrier's yard."""
    while True:
        carrier = scene.dice.pick(scene.cast.carriers)
        maker = scene.dice.pick(scene.cast.makers_in(carrier.province))
        plant = scene.dice.pick([p for p in scene.cast.plants if p.firm.province == maker.province])
        if fits(maker, carrier) and fits(carrier, plant.firm) and fits(maker, plant.firm):
            break
    trip = inside(scene, turn, plant=plant, maker=maker)
    trip.legs = [heard(scene, carrier)]
    way = by(*(city(firm.site) for firm in (maker, carrier, plant.firm)))
    return ordinary(scene, longer(trip, way + 480).complete())


def _stop(scene: TruckScene, trip: Trip, place: Place, minutes: float) -> None:
    """Stop once on the way."""
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin).go(place).stand(minutes)
    scene.tell(trip, scene.finish(drive, trip, ends))


def _by_the_lake(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    metres, minutes = scene.dice.between(100, 450), scene.dice.between(12, 60)
    lake = scene.lake(trip.consignor.site)
    _stop(scene, trip, beside(lake, 1.5 + metres / 1000, 0.3), minutes)
    zh, en = f"载运途中停在湖边约 {metres} 米处", f"stood some {metres} m from a lake while loaded"
    scene.review(_WATER, scene.journey(trip), zh, en)


def _in_the_reserve(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    reserve = scene.reserve(trip.consignor.site)
    _stop(scene, trip, beside(reserve, 0.4, -0.2), scene.dice.between(12, 60))
    zh, en = "载运途中停在禁入区内", "stood inside a forbidden area while loaded"
    scene.review(_WATER, scene.journey(trip), zh, en)


def _emptied(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    place = beside(city(trip.consignor.site), -13.1, 15.2)
    drive = scene.start(trip, ends.origin).load().go(place).stand(12).unload()
    scene.tell(trip, scene.finish(drive.stand(scene.dice.between(12, 40)), trip, ends))
    zh, en = "途中路边由载货变为空车", "went from laden to empty by the road"
    scene.review("track.emptied", scene.journey(trip), zh, en)


def _off_the_lake(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    lake = scene.lake(trip.consignor.site)
    _stop(scene, trip, beside(lake, 1.5 + 2.6, 0.3), scene.dice.between(20, 60))
    zh, en = "停在离湖两公里多处", "stood more than two kilometres off the lake"
    scene.lawful("track_off_the_lake", scene.journey(trip), zh, en)


def _past_the_lake(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    lake = scene.lake(trip.consignor.site)
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin).go(beside(lake, 1.7, -6.0)).go(beside(lake, 1.7, 6.0))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "沿湖驶过，没有停留", "along the lake without a stop"
    scene.lawful("track_past_the_lake", scene.journey(trip), zh, en)


def _by_the_reserve(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    reserve = scene.reserve(trip.consignor.site)
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin).load().go(beside(reserve, -1.3, 0.0)).stand(11)
    drive.unload().stand(4).load().stand(scene.dice.between(11, 25))
    scene.tell(trip, scene.finish(drive, trip, ends).unload())
    for likeness, zh, en in (
        ("track_beside_a_forbidden_area", "停在禁入区外", "stood outside the forbidden area"),
        ("track_sensor_flickers", "载货传感器闪断几分钟", "its sensor fails for some minutes"),
    ):
        scene.lawful(likeness, scene.journey(trip), zh, en)


def _river_site(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    scene.river(ends.destination)
    drive = scene.finish(scene.start(trip, ends.origin).load(), trip, ends, unloading=20)
    scene.tell(trip, drive.unload().stand(20))
    for likeness, zh, en in (
        (
            "track_receiver_by_a_river",
            "接受人厂区临河，在厂内卸货",
            "the receiver's site lies by a river",
        ),
        ("track_emptied_at_the_receiver", "在接受人厂区变为空车", "emptied in the receiver's site"),
    ):
        scene.lawful(likeness, scene.journey(trip), zh, en)


def _for_hours(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    minutes = scene.dice.between(250, 320)
    place = beside(city(trip.consignor.site), -14.6, 16.5)
    _stop(scene, trip, place, minutes)
    zh, en = f"载运途中路边停留 {minutes} 分钟", f"stood by the road for {minutes} min while loaded"
    scene.review(_LONG, scene.journey(trip), zh, en)


def _queue(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    gate = beside(ends.destination, 1.4, 0.0)
    drive = scene.start(trip, ends.origin)
    hours = timedelta(minutes=scene.dice.between(120, 220))
    drive = scene.finish(drive, trip, ends._replace(destination=gate), trip.arrived_at - hours, 0)
    came = trip.arrived_at - timedelta(minutes=5)
    scene.tell(
        trip, drive.until(came - timedelta(minutes=3)).reach(ends.destination, came).stand(40)
    )
    zh, en = "在接受人门外排队数小时", "queued for hours outside the receiver's gate"
    scene.lawful("track_queue_at_the_gate", scene.journey(trip), zh, en)


def _service_area(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    scene.tell(trip, scene.finish(scene.start(trip, ends.origin), trip, ends))
    zh, en = "在服务区过夜", "a night at a service area"
    scene.lawful("track_night_at_a_service_area", scene.journey(trip), zh, en)


def _yard(scene: TruckScene, trip: Trip) -> Drive:
    """Return a drive that has just come into its carrier's yard with the load."""
    ends = scene.ends(trip)
    return scene.start(trip, ends.origin).go(scene.site(trip.carriers[0][0], "carrier_yard"))


def _night_in_the_yard(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    drive = _yard(scene, trip).stand(scene.dice.between(300, 420))
    scene.tell(trip, scene.finish(drive, trip, scene.ends(trip)))
    zh, en = "在承运人车场过夜", "a night in the carrier's own yard"
    scene.lawful("track_night_in_the_yard", scene.journey(trip), zh, en)


def _asleep(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    minutes = scene.dice.between(300, 400)
    drive = _yard(scene, trip).stand(15).quiet(minutes).stand(minutes + 10)
    scene.tell(trip, scene.finish(drive, trip, scene.ends(trip)))
    zh, en = "车场内终端休眠", "its terminal slept in the yard"
    scene.lawful("track_terminal_asleep", scene.journey(trip), zh, en)


def _lost(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    minutes = scene.dice.between(135, 200)
    drive = scene.start(trip, ends.origin).go(between(ends.origin, ends.halt, 0.3))
    scene.tell(trip, scene.finish(drive.quiet(minutes), trip, ends))
    zh, en = f"载运途中 {minutes} 分钟没有位置", f"no positions for {minutes} min while loaded"
    scene.review(_GAP, scene.journey(trip), zh, en)


def _tunnel(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin).go(between(ends.origin, ends.halt, 0.3))
    drive.quiet(scene.dice.between(18, 100))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "隧道内短时没有信号", "without a signal in a tunnel for a while"
    scene.lawful("track_tunnel", scene.journey(trip), zh, en)


_DETOUR = _with(240)
STANDING = (
    Story(_DETOUR, _by_the_lake, planted=True), Story(_DETOUR, _in_the_reserve, planted=True),
    Story(_DETOUR, _emptied, planted=True), Story(_with(460), _for_hours, planted=True),
    Story(_with(240), _lost, planted=True),
    Story(_DETOUR, _off_the_lake), Story(_DETOUR, _past_the_lake), Story(_DETOUR, _by_the_reserve),
    Story(_with(20), _river_site), Story(_with(240), _queue), Story(_with(540), _service_area),
    Story(_by_the_yard, _night_in_the_yard), Story(_by_the_yard, _asleep),
    Story(_with(150), _tunnel),
)  # fmt: skip
