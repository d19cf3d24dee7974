"""运抵: told while the vehicle was elsewhere, or not told; and told a little early, late or by another."""

from datetime import timedelta

from services.simulator.trip import Trip
from services.simulator.trucks.journeys import across, fits, inside, ordinary
from services.simulator.trucks.places import beside
from services.simulator.trucks.scene import TruckScene
from services.simulator.trucks.story import Story
from services.simulator.wide.scene import WideScene

__all__ = ["ARRIVALS"]

_ELSEWHERE, _SILENT = "track.arrival_elsewhere", "track.no_arrival"


def _inside(scene: WideScene, turn: int) -> list[Trip]:
    return ordinary(scene, inside(scene, turn, 60).complete())


def _told_early(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    late = timedelta(minutes=scene.dice.between(90, 200))
    drive = scene.start(trip, ends.origin)
    scene.tell(trip, scene.finish(drive, trip, ends, trip.arrived_at + late))
    minutes = late // timedelta(minutes=1)
    zh, en = f"运抵比到达早报 {minutes} 分钟", f"the arrival was told {minutes} min before it came"
    scene.review(_ELSEWHERE, scene.journey(trip), zh, en)


def _never_there(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    elsewhere = beside(ends.destination, -2.0, -9.0)
    drive = scene.start(trip, ends.origin)
    before = trip.arrived_at - timedelta(minutes=12)
    drive = scene.finish(drive, trip, ends._replace(destination=elsewhere), before, 50)
    scene.tell(trip, drive)
    zh, en = "上报运抵，车辆却停在九公里外", "told to have arrived, it stood nine kilometres away"
    scene.review(_ELSEWHERE, scene.journey(trip), zh, en)


def _just_left(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin)
    drive = scene.finish(drive, trip, ends, trip.arrived_at - timedelta(minutes=35), 30)
    scene.tell(trip, drive.go(beside(ends.destination, 3.0, 12.0)))
    zh, en = "离开后五分钟才上报运抵", "the arrival was told five minutes after it had left"
    scene.lawful("track_arrival_told_after_leaving", scene.journey(trip), zh, en)


def _told_late(scene: WideScene, turn: int) -> list[Trip]:
    return ordinary(scene, across(scene, turn, 60 * 9).complete())


def _there_long_before(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    at = trip.arrived_at - timedelta(minutes=scene.dice.between(400, 520))
    drive = scene.finish(scene.start(trip, ends.origin), trip, ends, at, 45)
    scene.tell(trip, drive.go(beside(ends.destination, 4.0, 15.0)))
    zh, en = "早已送到，数小时后才上报运抵", "delivered, and the arrival told hours later"
    scene.lawful("track_arrival_told_late", scene.journey(trip), zh, en)


def _unheard(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    drive = scene.start(trip, ends.origin)
    drive = scene.finish(drive, trip, ends)
    at = int(trip.arrived_at.timestamp())
    drive.silent.append((at - 40 * 60, at + 20 * 60))
    scene.tell(trip, drive.until(at + 50 * 60))
    zh, en = "运抵前后没有位置", "no positions around the arrival"
    scene.lawful("track_unheard_at_arrival", scene.journey(trip), zh, en)


def _without_fence(scene: WideScene, turn: int) -> list[Trip]:
    _, plant = scene.found_plant(turn)
    while not any(fits(m, plant.firm) for m in scene.cast.makers_in(plant.firm.province)):
        _, plant = scene.found_plant(turn)
    trip = inside(scene, turn, 30, plant=plant)
    return ordinary(scene, trip.complete())


def _no_fence(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip, fenced=False)
    scene.tell(trip, scene.finish(scene.start(trip, ends.origin), trip, ends))
    zh, en = "登记库中无接受人的围栏", "no fence of the receiver is on record"
    scene.lawful("track_receiver_without_fence", scene.journey(trip), zh, en)


def _much_later(scene: WideScene, turn: int) -> list[Trip]:
    return ordinary(scene, across(scene, turn, 60 * (15 + turn % 5)).complete())


def _told_too_late(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    late = timedelta(hours=13, minutes=scene.dice.between(10, 80))
    at = trip.arrived_at - late
    drive = scene.finish(scene.start(trip, ends.origin), trip, ends, at, 40)
    scene.tell(trip, drive.go(beside(ends.destination, 4.0, 15.0)))
    zh, en = (
        "到过接受人处，十二小时后才上报运抵",
        "it was there, and the arrival was told after 12 h",
    )
    scene.review(_SILENT, scene.journey(trip), zh, en)


def _never_told(scene: WideScene, turn: int) -> list[Trip]:
    return [inside(scene, turn, 60).file().depart()]  # labelled by what does not come


def _there_and_gone(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    drive = scene.finish(scene.start(trip, ends.origin), trip, ends, None, 50)
    scene.tell(trip, drive.go(beside(ends.destination, 4.0, 15.0)))
    zh, en = "到过接受人处，始终未报运抵", "it was there, and no arrival was ever told"
    scene.review(_SILENT, scene.journey(trip), zh, en)


def _only_confirmed(scene: WideScene, turn: int) -> list[Trip]:
    trip = inside(scene, turn, 60)
    trip.received_at = trip.arrived_at + timedelta(minutes=scene.dice.between(50, 300))
    return ordinary(scene, trip.file().depart().receive())


def _confirmed(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    scene.tell(trip, scene.finish(scene.start(trip, ends.origin), trip, ends))
    zh, en = "承运人未报运抵，接受人数小时内已确认", "only the receiver told, some hours later"
    scene.lawful("track_only_the_receiver_told", scene.journey(trip), zh, en)


ARRIVALS = (
    Story(_inside, _told_early, planted=True), Story(_inside, _never_there, planted=True),
    Story(_much_later, _told_too_late, planted=True), Story(_never_told, _there_and_gone, planted=True),
    Story(_inside, _just_left), Story(_told_late, _there_long_before), Story(_inside, _unheard),
    Story(_without_fence, _no_fence), Story(_only_confirmed, _confirmed),
)  # fmt: skip
