"""Lawful look-alikes by their course: corrected, voided, never moved, talked about by strangers."""

from datetime import timedelta

from services.simulator.firms import Firm
from services.simulator.letters import approve_around
from services.simulator.scene import Scene
from services.simulator.trip import Load, Trip
from services.simulator.waste import NOBODYS

__all__ = ["COURSES"]


def _misfiled(scene: Scene, turn: int) -> Trip:
    """Return a lawful trip across provinces, filed with a wrong code or a wrong receiver."""
    route, grams, at = scene.cross(), scene.grams(turn), scene.moment(turn)
    approve_around(scene, route, at, grams)
    trip = scene.trip(route, grams, at)
    if turn % 2:
        return trip.file(receiver=scene.dice.pick(scene.cast.workshops))
    return trip.file(loads=[Load(scene.dice.pick(NOBODYS), grams, route[1].method)])


def _corrected_before(scene: Scene, turn: int) -> None:
    trip = _misfiled(scene, turn)
    trip.correct(trip.filed_at + (trip.left_at - trip.filed_at) / 2).move()
    zh, en = "填错，起运前已更正", "misfiled, corrected before dispatch"
    scene.lawful("corrected_before_dispatch", trip.number, zh, en)


def _corrected_in_transit(scene: Scene, turn: int) -> None:
    trip = _misfiled(scene, turn)
    trip.correct(trip.left_at + (trip.arrived_at - trip.left_at) / 3).move()
    zh, en = "填错，起运后运抵前更正，警示应撤回", "misfiled, corrected on the road: withdrawn"
    scene.lawful("corrected_in_transit", trip.number, zh, en)


def _unapproved(scene: Scene, turn: int) -> Trip:
    """Return a filed trip that would break a rule if it moved."""
    return scene.trip(scene.cross(), scene.grams(turn), scene.moment(turn)).file()


def _voided_before(scene: Scene, turn: int) -> None:
    trip = _unapproved(scene, turn)
    trip.void(trip.left_at - timedelta(minutes=scene.dice.between(1, 25)), "未获审批，取消转移")
    zh, en = "无审批，起运前作废", "no approval, voided before dispatch"
    scene.lawful("voided_before_dispatch", trip.number, zh, en)


def _voided_after(scene: Scene, turn: int) -> None:
    trip = _unapproved(scene, turn).depart()
    trip.void(trip.left_at + timedelta(hours=1 + scene.dice.below(4)), "车辆故障，原车返回")
    zh, en = "起运后作废，货物返回，警示应撤回", "voided on the road, load came back: withdrawn"
    scene.lawful("voided_after_dispatch", trip.number, zh, en)


def _filed_only(scene: Scene, turn: int) -> None:
    route = scene.within(scene.cast.plants[turn % 4])
    away = scene.dice.pick(scene.cast.workshops)
    trip = scene.trip(route, scene.grams(turn), scene.moment(turn)).file(receiver=away)
    zh, en = "只填报，尚未起运", "filed, not yet moved"
    scene.lawful("filed_only", trip.number, zh, en)


def _never_moved(scene: Scene, turn: int) -> None:
    trip = _unapproved(scene, turn)
    zh, en = "跨省无审批，但从未起运", "no approval, but it never moved"
    scene.lawful("unapproved_but_never_moved", trip.number, zh, en)


def _stranger(scene: Scene, turn: int) -> None:
    """Let a third unit say that an unapproved load left or came, or void a lawful one."""
    before = timedelta(minutes=20)
    if turn % 3 == 2:
        trip = scene.trip(scene.within(), scene.grams(turn), scene.moment(turn)).file()
        stranger = _third(scene, trip)
        trip.void(trip.left_at - before, "他人作废", by=stranger).move()
        zh, en = "第三方作废他人联单，无效", "a stranger voided it; that counts for nothing"
    else:
        trip = _unapproved(scene, turn)
        verb = ("dispatched", "received")[turn % 3]
        trip.meddle(_third(scene, trip), trip.left_at - before, verb)
        zh, en = "第三方冒报，事实上未起运", "only a stranger says that it moved"
    scene.review("form.not_entitled", trip.number, zh, en)


def _third(scene: Scene, trip: Trip) -> Firm:
    parties = {trip.consignor.uscc, trip.receiver.uscc}
    return next(m for m in scene.cast.makers if m.uscc not in parties)


COURSES = (
    _corrected_before, _corrected_in_transit, _voided_before, _voided_after,
    _filed_only, _never_moved, _stranger,
)  # fmt: skip
"""Each plays one story: ``(scene, turn)``."""
