"""Management plans: wastes without a line, a line that came too late, and those that came in time."""

from datetime import timedelta

from schemas.instant import day_start
from services.simulator.trip import Trip
from services.simulator.waste import USED
from services.simulator.wide.others import ADDED, ADDED_ON, PLANNED
from services.simulator.wide.scene import WideScene

__all__ = ["PLANNED_ALIKE", "no_plan_line"]


def _shipped(scene: WideScene, turn: int, code: str) -> Trip:
    """Return a trip of a producer with a plan, to a plant of its province that takes the code."""
    plant = scene.dice.pick([p for p in scene.cast.plants if p.codes == USED])
    maker = next(m for m in scene.others.planners if m.province == plant.firm.province)
    return scene.trip((maker, plant, code), scene.grams(turn), scene.moment(turn))


def no_plan_line(scene: WideScene, turn: int) -> None:
    """Plant a load of a waste that the plan lacks; in odd turns one that was added a day later."""
    if turn % 2 == 0:
        trip = _shipped(scene, turn, scene.dice.pick(USED[3:]))
        zh, en = "管理计划没有该废物", "the plan has no line for the waste"
    else:
        trip = _shipped(scene, turn, ADDED)
        trip.leave_at(day_start(ADDED_ON) - timedelta(seconds=scene.dice.between(1, 36 * 3600)))
        zh, en = f"{ADDED_ON} 才列入管理计划", f"the line was added on {ADDED_ON}"
    trip.complete()
    scene.review("plan.no_line", trip.number, zh, en)


def _planned(scene: WideScene, turn: int) -> None:
    trip = _shipped(scene, turn, PLANNED[turn % len(PLANNED)]).complete()
    scene.lawful("planned", trip.number, "管理计划列有该废物", "the plan has a line for it")


def _added_in_time(scene: WideScene, turn: int) -> None:
    trip = _shipped(scene, turn, ADDED)
    trip.leave_at(day_start(ADDED_ON) + timedelta(seconds=scene.dice.between(0, 36 * 3600)))
    trip.complete()
    zh, en = "当日增列后起运", "left on the day on which the line was added, or after"
    scene.lawful("plan_line_added_in_time", trip.number, zh, en)


PLANNED_ALIKE = (_planned, _added_in_time)
