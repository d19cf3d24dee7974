"""White lists that ask for something in return: one approval a transfer, done within some days."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schemas.instant import china_day
from services.simulator.cast import PROVINCES, Plant
from services.simulator.letters import approve_around
from services.simulator.limits import members, opening, weekly
from services.simulator.scene import Route
from services.simulator.trip import Trip
from services.simulator.wide.others import CONDITIONED
from services.simulator.wide.scene import WideScene

__all__ = ["finished_in_time", "finished_late", "used_again", "used_once"]


@dataclass(frozen=True)
class _Way:
    """A route to a listed receiver, and what its entry is recorded with."""

    route: Route
    origin: str

    def listed(self, scene: WideScene, turn: int, **asked: Any) -> str:
        _, plant, code = self.route
        kind = ("direct", "short_consult")[turn % 2]
        return scene.register.whitelist(plant.firm, [code], [self.origin + "0000"], kind, **asked)


def _way(scene: WideScene) -> _Way:
    for _ in range(10_000):
        host, origin = scene.dice.pick(scene.others.hosts), scene.dice.pick(PROVINCES)
        code = scene.dice.pick(CONDITIONED)
        if host.province != origin and scene.claim_entry(host, code, origin):
            break
    else:
        raise RuntimeError("too few firms for so many stories")
    maker = scene.dice.pick(scene.cast.makers_in(origin))
    return _Way((maker, Plant(host, "disposal", (code,)), code), origin)


def _finished(scene: WideScene, turn: int, late: int) -> Trip:
    """Return a trip that is there ``late`` days after the last day that the list gives."""
    way = _way(scene)
    trip = scene.trip(way.route, scene.grams(turn), scene.moment(turn))
    approval = approve_around(scene, way.route, trip.left_at, trip.loads[0].grams)
    taken = china_day(trip.arrived_at) - scene.register.decided_on(approval)
    way.listed(scene, turn, finish_within_days=taken.days - late)
    return trip.complete()


def finished_late(scene: WideScene, turn: int) -> None:
    """Plant a transfer that is done a day or more after the list's last one."""
    late = 1 + turn % 3
    trip = _finished(scene, turn, late)
    zh, en = f"晚于名单要求 {late} 日完成", f"done {late} d after the last day that the list gives"
    scene.review("whitelist.finished_late", trip.number, zh, en)


def finished_in_time(scene: WideScene, turn: int) -> None:
    """Be there on the last day that the list gives."""
    trip = _finished(scene, turn, 0)
    zh, en = "名单要求的最后一日运抵", "there on the last day that the list gives"
    scene.lawful("whitelist_finished_last_day", trip.number, zh, en)


def _used(scene: WideScene, turn: int, loads: int) -> tuple[str, list[Trip]]:
    """Record an entry for one use, and begin a load a week on one approval."""
    way, at = _way(scene), opening(scene, turn)
    weights = [scene.dice.between(2_000, 9_000) * 1_000 for _ in range(loads)]
    approval = approve_around(scene, way.route, at, 3 * sum(weights))
    entry = way.listed(scene, turn, single_use=True)
    return f"single/{approval}/{entry}", weekly(scene, way.route, weights, at)


def used_again(scene: WideScene, turn: int) -> None:
    """Plant an approval for one transfer that is used in two or three weeks."""
    subject, trips = _used(scene, turn, 2 + turn % 2)
    for trip in trips:
        trip.complete()
    members(scene, trips)
    zh, en = "一事一批的审批多次使用", "an approval for one transfer was used again"
    scene.review("whitelist.used_again", subject, zh, en)


def used_once(scene: WideScene, turn: int) -> None:
    """Use it on one day only: by two vehicles; again after a refusal, or after a void."""
    subject, trips = _used(scene, turn, 2)
    first, second = trips
    match turn % 3:
        case 0:
            name, zh, en = "by_two_vehicles", "同日两车", "two vehicles on one day"
            midnight = first.left_at.replace(hour=0, minute=0, second=0, microsecond=0)
            first.leave_at(midnight + timedelta(hours=8))
            second.leave_at(midnight + timedelta(hours=9))
            first.complete()
        case 1:
            name, zh, en = "after_a_refusal", "首车被拒收", "the first load was refused"
            first.file().depart().arrive().receive([0], "refused")
        case _:
            name, zh, en = "after_a_void", "首车作废", "the first load was voided"
            first.file().depart().void(first.left_at + timedelta(hours=3), "车辆故障返回，作废")
    second.complete()
    members(scene, trips)
    scene.lawful(
        f"single_use_{name}", subject, f"一事一批：{zh}", f"one transfer an approval: {en}"
    )
