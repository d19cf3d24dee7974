"""What the registry learns days after the load: suspensions, approvals, and records struck out."""

from datetime import datetime, timedelta

from schemas.instant import china_day
from services.simulator.letters import approve_around
from services.simulator.trip import Trip
from services.simulator.wide.scene import WideScene

__all__ = ["LEARNED_ALIKE", "learned_late"]

_HOURS, _DAY = timedelta(hours=5), timedelta(days=1)


def learned_late(scene: WideScene, turn: int) -> None:
    """Plant one load that nobody could object to when it came; two kinds in turn."""
    grams, at = scene.grams(turn), scene.moment(turn)
    if turn % 2:
        route = scene.unapproved()
        record = approve_around(scene, route, at, grams)
        trip = scene.trip(route, grams, at).complete()
        scene.register.strike_out(record, _later(scene, trip))
        zh, en = "审批系误录，事后撤销登记", "its approval was entered by mistake and struck out"
        scene.violation("cross_province.no_approval", trip.number, zh, en)
        return
    record, plant = scene.found_plant(turn)
    began = china_day(at) - scene.dice.between(1, 4) * _DAY
    before = scene.trip(scene.within(plant), grams, at - 6 * _DAY, transit=_HOURS).complete()
    trip = scene.trip(scene.within(plant), grams, at, transit=_HOURS).complete()
    scene.register.suspend(record, _later(scene, trip), (began, began + 20 * _DAY))
    zh, en = f"许可证 {began} 起暂扣，数日后才录入", f"suspended from {began}, recorded days later"
    scene.violation("licence.suspended", trip.number, zh, en)
    zh, en = f"暂扣自 {began} 起，此前已运抵", f"arrived before the suspension of {began}"
    scene.lawful("suspended_only_afterwards", before.number, zh, en)


def _suspension_lifted(scene: WideScene, turn: int) -> None:
    grams, at = scene.grams(turn), scene.moment(turn)
    began = china_day(at) - 8 * _DAY
    record, plant = scene.found_plant(turn, suspensions=[(began, None)])
    trip = scene.trip(scene.within(plant), grams, at).complete()
    ended = began + scene.dice.between(2, 6) * _DAY
    scene.register.suspend(record, _later(scene, trip), (began, ended))
    zh, en = f"暂扣已于 {ended} 解除，事后录入", f"lifted on {ended}, recorded afterwards"
    scene.lawful("suspension_lifted_before", trip.number, zh, en)


def _approval_entered_late(scene: WideScene, turn: int) -> None:
    route, grams, at = scene.cross(), scene.grams(turn), scene.moment(turn)
    trip = scene.trip(route, grams, at).complete()
    approve_around(scene, route, at, grams, recorded=_later(scene, trip))
    zh, en = "审批在先，录入在后", "approved before, entered in the registry afterwards"
    scene.lawful("approval_recorded_late", trip.number, zh, en)


def _later(scene: WideScene, trip: Trip) -> datetime:
    """Return a moment days after a load was taken over."""
    return trip.arrived_at + timedelta(seconds=scene.dice.between(2 * 86_400, 7 * 86_400))


LEARNED_ALIKE = (_suspension_lifted, _approval_entered_late)
"""Each plays one lawful story: ``(scene, turn)``."""
