"""超速、疲劳驾驶与绕行: loads that go too fast, too far or without a rest, and those that only seem to."""

from collections.abc import Callable
from datetime import timedelta

from services.simulator.firms import Firm
from services.simulator.trip import Trip
from services.simulator.trucks.drive import Drive, Fix
from services.simulator.trucks.journeys import across, city, inside, ordinary
from services.simulator.trucks.places import beside, km
from services.simulator.trucks.scene import Ends, TruckScene
from services.simulator.trucks.story import Story
from services.simulator.trucks.telling import Manner
from services.simulator.wide.scene import WideScene

__all__ = ["AT_SPEED", "FOUR_HOURS", "HURRIED", "IN_TURNS", "RESTED"]

_SPEED, _WHEEL, _WAY = "track.speeding", "track.driving_time", "track.detour"
_FAST_KMH, _FASTER_KMH, _LAWFUL_KMH, _TIRELESS_KMH = 92.0, 98.0, 71.0, 60.0
"""As the crow flies; its terminal tells a tenth more."""
_SPARE_MIN, _DAY_MIN = 60, 540
_FOUR_HOURS_S = 4 * 3600
_NEAR_KM, _FAR_KM = 70.0, 200.0


def _close(one: Firm, other: Firm) -> bool:
    return km(city(one.site), city(other.site)) < _NEAR_KM


def _near(minutes: int) -> Callable[[WideScene, int], list[Trip]]:
    """Return what makes a load for a receiver nearby with so much time to spare."""

    def make(scene: WideScene, turn: int) -> list[Trip]:
        return ordinary(scene, inside(scene, turn, minutes, between=_close).complete())

    return make


def _far(drivers: str | None = None) -> Callable[[WideScene, int], list[Trip]]:
    """Return what makes a load for a receiver far away with a day to spare, and with whom at the wheel."""

    def make(scene: WideScene, turn: int) -> list[Trip]:
        trip = across(scene, turn, _DAY_MIN, least_km=_FAR_KM)
        trip.driver = drivers or trip.driver
        return ordinary(scene, trip.complete())

    return make


def _off(scene: TruckScene, trip: Trip) -> tuple[Ends, Drive]:
    """Return a drive that is about to leave with its load."""
    ends = scene.ends(trip)
    return ends, scene.start(trip, ends.origin)


def _out_and_back(drive: Drive, trip: Trip, kmh: float) -> Drive:
    """Go to the next town and come half the way back."""
    far = beside(city(trip.consignor.site), -9.0, 20.0)
    return drive.go(far, kmh).go(beside(city(trip.consignor.site), -9.0, 10.0))


def _slowly(ends: Ends, hours: float) -> float:
    """Return the speed at which so many hours make the way not twice as long as the distance."""
    return min(_TIRELESS_KMH, 0.8 * km(ends.origin, ends.destination) / hours)


def _round(drive: Drive, trip: Trip, seconds: float, kmh: float = _TIRELESS_KMH) -> Drive:
    """Drive about between two towns for so long without a halt."""
    towns = [beside(city(trip.consignor.site), x, y) for x, y in ((-9.0, 16.0), (9.0, 34.0))]
    ends, n = drive.now + round(seconds), 0
    while drive.now < ends:
        left = ends - drive.now
        whole = Drive.way_s(drive.here, towns[n % 2], kmh)
        if whole <= left:
            drive.go(towns[n % 2], kmh, rests=False)
        else:
            part = left / whole
            here, there = drive.here, towns[n % 2]
            place = here[0] + (there[0] - here[0]) * part, here[1] + (there[1] - here[1]) * part
            drive.go_in(place, left)
        n += 1
    return drive


def _hurried(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    """Go too fast, then drive on for hours; every other time by a terminal that tells no speed."""
    (trip,) = trips
    ends, drive = _off(scene, trip)
    told = turn % 2 == 0
    drive = _out_and_back(drive, trip, _FAST_KMH if told else _FASTER_KMH)
    if told:
        minutes, halt = scene.dice.between(255, 320), 0
        _round(drive, trip, minutes * 60)
        zh, en = f"一人连续驾驶 {minutes} 分钟", f"one driver, {minutes} min without a rest"
    else:
        halt = scene.dice.between(7, 15)
        _round(_round(drive, trip, 150 * 60).stand(halt), trip, 140 * 60)
        zh, en = f"近五小时内只停 {halt} 分钟", f"nearly five hours with a halt of {halt} min"
    scene.tell(trip, scene.finish(drive, trip, ends), manner=Manner(speed=told))
    scene.review(_WHEEL, scene.journey(trip), zh, en)
    zh, en = (
        "在两镇之间往返数小时，远超到接受人的路程",
        "hours to and fro between two towns, far beyond its way",
    )
    scene.review(_WAY, scene.journey(trip), zh, en)
    zh, en = "载货以百公里左右时速行驶", "went at some 100 km/h with its load"
    scene.review(_SPEED, scene.journey(trip), zh, en)


def _one_position(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends, drive = _off(scene, trip)
    begins = drive.now
    drive = scene.finish(_out_and_back(drive, trip, _LAWFUL_KMH), trip, ends)
    odd = tuple(Fix(at, *drive.place_at(at), 141) for at in (begins + 307, begins + 911))
    scene.tell(trip, drive, manner=Manner(odd=odd))
    for likeness, zh, en in (
        ("track_at_78_km_h", "以 78 公里左右时速行驶", "went at some 78 km/h"),
        (
            "track_one_position_at_speed",
            "只有孤立位置报 141 公里时速",
            "lone positions tell 141 km/h",
        ),
    ):
        scene.lawful(likeness, scene.journey(trip), zh, en)


def _four_hours(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends = scene.ends(trip)
    drive = Drive(trip.left_at - timedelta(minutes=70), beside(ends.origin, 0.0, -40.0))
    drive.go(ends.origin, _FAST_KMH).until(trip.left_at + scene.minutes(2, 9))
    _round(drive, trip, _FOUR_HOURS_S, _slowly(ends, 4.0)).stand(30)
    scene.tell(trip, scene.finish(drive, trip, ends))
    for likeness, zh, en in (
        (
            "track_nearly_twice_the_way",
            "行驶里程近直线距离的两倍",
            "driven nearly twice as far as its ends are apart",
        ),
        (
            "track_fast_while_empty",
            "空车去装货途中超速",
            "too fast, but empty on its way to the load",
        ),
        ("track_exactly_four_hours", "连续驾驶恰四小时后休息", "rests after exactly four hours"),
    ):
        scene.lawful(likeness, scene.journey(trip), zh, en)


def _rested(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends, drive = _off(scene, trip)
    kmh = _slowly(ends, 7.5)
    _round(_round(drive, trip, 180 * 60, kmh).stand(20), trip, 150 * 60, kmh).quiet(24).stand(22)
    scene.tell(trip, scene.finish(_round(drive, trip, 120 * 60, kmh).stand(20), trip, ends))
    for likeness, zh, en in (
        ("track_rest_of_20_minutes", "停车休息恰 20 分钟", "a rest of exactly 20 minutes"),
        ("track_rest_unheard", "休息时终端休眠，没有位置", "it rested while its terminal slept"),
    ):
        scene.lawful(likeness, scene.journey(trip), zh, en)


def _in_turns(scene: TruckScene, trips: list[Trip], turn: int) -> None:
    (trip,) = trips
    ends, drive = _off(scene, trip)
    minutes = scene.dice.between(255, 320)
    _round(drive, trip, minutes * 60, _slowly(ends, minutes / 60))
    scene.tell(trip, scene.finish(drive, trip, ends))
    zh, en = "联单填有两名驾驶员，轮换驾驶", "two drivers on the manifest take turns"
    scene.lawful("track_two_drivers", scene.journey(trip), zh, en)


HURRIED = Story(_near(_DAY_MIN), _hurried, planted=True)
AT_SPEED = Story(_near(_SPARE_MIN), _one_position)
FOUR_HOURS = Story(_far(), _four_hours)
RESTED = Story(_far(), _rested)
IN_TURNS = Story(_far("示例驾驶员、示例副驾驶员"), _in_turns)
"""Loads, each of which is also the pattern of a run that no manifest names (``unnamed``)."""
