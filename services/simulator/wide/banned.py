"""Inbound bans: planted violations, reviews of newer bans, and loads that a ban does not mean."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from schemas.instant import day_end, day_start
from services.simulator.cast import PROVINCES, Plant
from services.simulator.letters import approve_around
from services.simulator.trip import Trip
from services.simulator.wide.others import BANNED
from services.simulator.wide.scene import WideScene

__all__ = ["BAN_ALIKE", "ban_newer_than_approval", "banned", "record_bans"]

_RULE = "inbound.banned"
_WHOLLY, _LIQUID, _DISPOSAL, _UNTIL, _SINCE = BANNED
_BEGAN = date(2026, 1, 5)
"""Every approval of the wide world was decided later."""
_EARLY, _LATE = ("13", "14"), ("22", "63")
_ENDS = dict.fromkeys(_EARLY, date(2026, 8, 5)) | dict.fromkeys(_LATE, date(2026, 9, 25))
_BEGINS = dict.fromkeys(_EARLY, date(2026, 7, 12)) | dict.fromkeys(_LATE, date(2026, 9, 2))
_BANNING = ("13", "22")
"""Provinces that ban the first code wholly; the others do not."""


def record_bans(scene: WideScene) -> None:
    """Record the bans of the four provinces, once in a world."""
    for province in PROVINCES:
        if province in _BANNING:
            scene.register.ban(province, _BEGAN, codes=[_WHOLLY])
        scene.register.ban(province, _BEGAN, codes=[_LIQUID], forms=["liquid"])
        scene.register.ban(province, _BEGAN, categories=["HW22"], purposes=["disposal"])
        scene.register.ban(province, _BEGAN, _ENDS[province], codes=[_UNTIL])
        scene.register.ban(province, _BEGINS[province], codes=[_SINCE])


class _Play(NamedTuple):
    code: str
    method: str = "utilisation"
    provinces: tuple[str, ...] = PROVINCES
    form: str | None = None


def _approved(scene: WideScene, turn: int, play: _Play, at: datetime | None = None) -> Trip:
    """Play a transfer with an approval that is good in every way."""
    grams, at = scene.grams(turn), at or scene.moment(turn)
    hosts = scene.others.hosts_in(*play.provinces)
    route = scene.cross([Plant(h, play.method, (play.code,)) for h in hosts])
    approve_around(scene, route, at, grams)
    trip = scene.trip(route, grams, at)
    trip.loads = [replace(load, form=play.form) for load in trip.loads]
    return trip.complete()


def _days(scene: WideScene, days: int) -> timedelta:
    return timedelta(seconds=scene.dice.between(1, days * 86_400))


def banned(scene: WideScene, turn: int) -> None:
    """Plant one approved load that a ban older than the approval forbids; four kinds in turn."""
    kind = turn % 4
    if kind == 0:
        trip = _approved(scene, turn, _Play(_WHOLLY, provinces=_BANNING))
        zh, en = f"移入省禁止 {_WHOLLY} 移入", f"the province lets no {_WHOLLY} in"
    elif kind == 1:
        trip = _approved(scene, turn, _Play(_LIQUID))
        zh, en = "移入省禁止液态废物移入", "the province lets no liquid in"
    elif kind == 2:
        trip = _approved(scene, turn, _Play(_DISPOSAL, "disposal"))
        zh, en = "移入省禁止为处置而移入", "the province lets nothing of the class in for disposal"
    else:
        side = (_EARLY, _LATE)[turn // 4 % 2]
        ends = _ENDS[side[0]]
        at = day_end(ends) - _days(scene, 18)
        trip = _approved(scene, turn, _Play(_UNTIL, provinces=side), at)
        zh, en = (
            f"限入令至 {ends} 有效，起运在期内",
            f"the ban held until {ends}, the load left before",
        )
    zh, en = f"审批晚于限入令：{zh}", f"approved after the ban began: {en}"
    scene.violation(_RULE, trip.number, zh, en)


def ban_newer_than_approval(scene: WideScene, turn: int) -> None:
    """Plant one load whose approval is older than the ban: to be looked at."""
    side = (_EARLY, _LATE)[turn % 2]
    begins = _BEGINS[side[0]]
    trip = _approved(
        scene, turn, _Play(_SINCE, provinces=side), day_start(begins) + _days(scene, 25)
    )
    zh = f"审批之后，{begins} 起限入，起运在限入期内"
    en = f"approved, then banned from {begins}; the load left after that"
    scene.review(_RULE, trip.number, zh, en)


def _solid(scene: WideScene, turn: int) -> None:
    trip = _approved(scene, turn, _Play(_LIQUID, form="solid"))
    scene.lawful(
        "ban_on_liquid", trip.number, "只限入液态，本批为固态", "liquid is banned, this is solid"
    )


def _to_be_used(scene: WideScene, turn: int) -> None:
    trip = _approved(scene, turn, _Play(_DISPOSAL))
    zh, en = "只限入处置，本批为利用", "banned for disposal, this is to be used"
    scene.lawful("ban_for_disposal", trip.number, zh, en)


def _ended(scene: WideScene, turn: int) -> None:
    side = (_EARLY, _LATE)[turn % 2]
    ends = _ENDS[side[0]]
    at = day_end(ends) + timedelta(seconds=scene.dice.between(1, 20 * 3600))
    trip = _approved(scene, turn, _Play(_UNTIL, provinces=side), at)
    scene.lawful(
        "ban_ended_day_before", trip.number, f"限入令 {ends} 止", f"the ban ended on {ends}"
    )


def _elsewhere(scene: WideScene, turn: int) -> None:
    others = tuple(p for p in PROVINCES if p not in _BANNING)
    trip = _approved(scene, turn, _Play(_WHOLLY, provinces=others))
    scene.lawful("ban_of_another_province", trip.number, "他省限入", "another province bans it")


def _not_begun(scene: WideScene, turn: int) -> None:
    side = (_EARLY, _LATE)[turn % 2]
    begins = _BEGINS[side[0]]
    at = day_start(begins) - timedelta(seconds=scene.dice.between(1, 20 * 3600))
    trip = _approved(scene, turn, _Play(_SINCE, provinces=side), at)
    zh, en = f"限入令 {begins} 才开始", f"the ban begins only on {begins}"
    scene.lawful("ban_not_begun", trip.number, zh, en)


BAN_ALIKE = (_solid, _to_be_used, _ended, _elsewhere, _not_begun)
"""Each plays one lawful story: ``(scene, turn)``."""
