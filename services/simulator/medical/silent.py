"""A week of a small hospital: one that falls silent, and weeks that only look so.

The only week from Monday to Sunday that the world holds whole and in peace is ``WEEK``. Each story has a
small hospital of its own.
"""

from services.simulator.medical.bag import Day
from services.simulator.medical.houses import City, House
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.times import DAYS, WEEK, date_of

__all__ = ["WEEKS_ALIKE", "fell_silent", "week_subject"]


def week_subject(house: House) -> str:
    """Return the name of the week of a house."""
    return f"week/{house.firm.uscc}/{date_of(WEEK.start)}"


def _ward(scene: MedicalScene, city: City) -> Day:
    """Take a small hospital, with all its days."""
    return scene.take(city, ("ward",), (WEEK.start,), around=(WEEK.start, DAYS))


def _nothing_on(scene: MedicalScene, day: Day, days: "range | tuple[int, ...]") -> None:
    for n in days:
        scene.days[day.house.number, n].bags.clear()


def fell_silent(scene: MedicalScene, city: City, turn: int) -> None:
    """Plant a week of which nothing, or next to nothing, is told."""
    day = _ward(scene, city)
    _nothing_on(scene, day, (*WEEK[:3], *WEEK[4:]) if turn % 2 else WEEK)
    zh, en = (
        ("一周上报量远少于床位应产生量", "far less in a week than the beds make")
        if turn % 2
        else ("有床位的医院一周毫无上报", "a hospital with beds tells of nothing for a week")
    )
    scene.breaks("review", "silent_week", week_subject(day.house), zh, en)


def _low_occupancy(scene: MedicalScene, city: City, _: int) -> None:
    day = _ward(scene, city)
    _nothing_on(scene, day, WEEK[:6:2])
    zh, en = (
        "病床大多空置，上报量仍高于提示线",
        "most beds are empty, yet more than the least is told",
    )
    scene.lawful("low_occupancy", week_subject(day.house), zh, en)


def _closed(scene: MedicalScene, city: City, _: int) -> None:
    day = _ward(scene, city)
    last = WEEK[2]
    _nothing_on(scene, day, range(last + 1, DAYS))
    scene.closed[day.house.number] = date_of(last)
    zh, en = (
        "医院周三停业，收运协议同日终止",
        "the hospital closed on the Wednesday, and its agreement ended",
    )
    scene.lawful("closed_in_the_week", week_subject(day.house), zh, en)


def _began(scene: MedicalScene, city: City, _: int) -> None:
    day = _ward(scene, city)
    _nothing_on(scene, day, range(WEEK[4]))
    zh, en = "医院周五才开始上报", "the hospital began to report on the Friday"
    scene.lawful("began_in_the_week", week_subject(day.house), zh, en)


WEEKS_ALIKE = (_low_occupancy, _closed, _began)
"""Each plays one story: ``(scene, city, turn)``."""
