"""Terms of the wide world: receipts, back-entries and journeys that are late, and those just in time."""

from datetime import datetime, timedelta

from schemas.instant import CHINA
from services.simulator.silence import RECEIPT_DAYS, end_of_working_days, hours_on_the_way
from services.simulator.trip import Trip
from services.simulator.wide.scene import WideScene

__all__ = [
    "TERMS_ALIKE",
    "back_entry_late",
    "receipt_late",
    "receipt_missing",
    "slow_journey",
]

_SECOND = timedelta(seconds=1)
_BACK_ENTRY_DAYS = 10


def _inside(scene: WideScene, turn: int) -> Trip:
    """Return a trip inside a province, early enough for all that has to follow."""
    return scene.trip(scene.within(), scene.grams(turn), scene.moment(turn))


def receipt_late(scene: WideScene, turn: int) -> None:
    """Plant a load that is confirmed after its five working days; in even turns by a second."""
    trip = _inside(scene, turn)
    over = end_of_working_days(trip.arrived_at, RECEIPT_DAYS)
    late = timedelta(0) if turn % 2 == 0 else timedelta(hours=scene.dice.between(9, 60))
    trip.received_at = over + late
    trip.file().depart().arrive().receive()
    zh, en = "运抵后第五个工作日结束才确认", "confirmed after the fifth working day"
    scene.violation("time.receipt_overdue", trip.number, zh, en)


def receipt_missing(scene: WideScene, turn: int) -> None:
    """Plant a load that arrives and is never confirmed (``tell_silence`` labels it)."""
    _inside(scene, turn).file().depart().arrive()


def back_entry_late(scene: WideScene, turn: int) -> None:
    """Plant a paper manifest that is entered after ten working days; in even turns by a second."""
    trip = _inside(scene, turn)
    late = timedelta(0) if turn % 2 == 0 else timedelta(hours=scene.dice.between(9, 60))
    trip.back_entry = True
    trip.filed_at = end_of_working_days(trip.arrived_at, _BACK_ENTRY_DAYS) + late
    trip.file().depart().arrive().receive()
    zh, en = "纸质联单逾十个工作日才补录", "a paper manifest entered after ten working days"
    scene.violation("time.back_entry_overdue", trip.number, zh, en)


def slow_journey(scene: WideScene, turn: int) -> None:
    """Plant a load that takes longer than its distance allows, or never comes, in turns."""
    trip = _inside(scene, turn)
    if turn % 2:
        trip.file().depart()
        return  # labelled by what does not come
    hours = hours_on_the_way(trip) + scene.dice.between(1, 20)
    trip.arrived_at = trip.left_at + timedelta(hours=hours)
    trip.received_at = trip.arrived_at + timedelta(hours=5)
    trip.file().depart().arrive().receive()
    zh, en = "在途时间超过常理", "longer on the way than the distance allows"
    scene.review("time.transit_overdue", trip.number, zh, en)


def _last_minute(scene: WideScene, turn: int) -> None:
    trip = _inside(scene, turn)
    trip.received_at = end_of_working_days(trip.arrived_at, RECEIPT_DAYS) - _SECOND
    trip.file().depart().arrive().receive()
    zh, en = "第五个工作日最后一分钟确认", "confirmed in the last minute of the fifth working day"
    scene.lawful("receipt_last_minute", trip.number, zh, en)


def _over_holidays(scene: WideScene, turn: int) -> None:
    trip = scene.trip(
        scene.within(),
        scene.grams(turn),
        datetime(2026, 9, 29, 9, tzinfo=CHINA) + timedelta(minutes=scene.dice.between(0, 400)),
    )
    trip.received_at = end_of_working_days(trip.arrived_at, RECEIPT_DAYS) - timedelta(hours=8)
    trip.file().depart().arrive().receive()
    zh, en = "国庆放假期间不计工作日", "National Day is no working day"
    scene.lawful("receipt_over_holidays", trip.number, zh, en)


def _tenth_day(scene: WideScene, turn: int) -> None:
    trip = _inside(scene, turn)
    trip.back_entry = True
    trip.filed_at = end_of_working_days(trip.arrived_at, _BACK_ENTRY_DAYS) - _SECOND
    trip.file().depart().arrive().receive()
    zh, en = "纸质联单于第十个工作日补录", "a paper manifest entered on the tenth working day"
    scene.lawful("back_entry_tenth_day", trip.number, zh, en)


def _long_way(scene: WideScene, turn: int) -> None:
    trip = _inside(scene, turn)
    trip.arrived_at = trip.left_at + timedelta(hours=hours_on_the_way(trip)) - _SECOND
    trip.received_at = trip.arrived_at + timedelta(hours=2)
    trip.file().depart().arrive().receive()
    zh, en = "路上较久但在常理之内", "long on the way, and within what the distance allows"
    scene.lawful("journey_just_in_time", trip.number, zh, en)


TERMS_ALIKE = (_last_minute, _over_holidays, _tenth_day, _long_way)
