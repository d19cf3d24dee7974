"""Approval lines that are drawn on too much, and lines that only look so."""

from datetime import date, datetime, timedelta

from schemas.instant import china_day
from services.simulator.letters import approve
from services.simulator.scene import Route, Scene
from services.simulator.trip import Trip

__all__ = [
    "exactly_used",
    "exceeded",
    "freed_by_refusal",
    "freed_by_void",
    "members",
    "opening",
    "settled_at_accepted",
    "weekly",
    "window",
]

_TONNE = 1_000_000
_NEW_LAW = date(2026, 8, 15)
_BEFORE, _AFTER = date(2026, 7, 14), date(2026, 10, 15)
"""Latest beginnings whose four weeks end before the law changed, and before the world ends."""


def _loads(scene: Scene, turn: int, cap: int, weights: list[int]) -> tuple[str, list[Trip]]:
    """Record a line of ``cap`` grams and begin a trip a week for each weight."""
    at = opening(scene, turn)
    route = scene.cross()
    record = approve(scene, route, cap, *window(at))
    return f"approval/{record}/1", weekly(scene, route, weights, at)


def window(at: datetime) -> tuple[date, date]:
    """Return the first and last day of a letter that covers the weeks after ``at``."""
    return china_day(at) - timedelta(days=20), china_day(at) + timedelta(days=60)


def opening(scene: Scene, turn: int) -> datetime:
    """Return a moment whose four weeks lie on one side of the law change."""
    at = scene.moment(turn)
    latest = _BEFORE if china_day(at) < _NEW_LAW else _AFTER
    return at - timedelta(days=max(0, (china_day(at) - latest).days))


def weekly(scene: Scene, route: Route, weights: list[int], at: datetime) -> list[Trip]:
    """Begin a trip a week over the route for each weight."""
    trips = []
    for n, grams in enumerate(weights):
        wait = timedelta(days=7 * n, seconds=scene.dice.below(3600))
        trips.append(scene.trip(route, grams, at + wait, receipt=timedelta(hours=20)))
    return trips


def exceeded(scene: Scene, turn: int) -> None:
    """Plant a line whose manifests together exceed it."""
    weights = [scene.dice.between(4_000, 14_000) * 1000 for _ in range(3 + turn % 2)]
    past = (700_000, 2_000_000, 5_000_000, 11_000_000)[turn % 4]
    cap = max(sum(weights) - past, max(weights) // 2)
    subject, trips = _loads(scene, turn, cap, weights)
    for trip in trips:
        trip.complete()
    members(scene, trips)
    total = sum(weights) / _TONNE
    scene.violation(
        "cross_province.quantity_exceeded",
        subject,
        f"审批 {cap / _TONNE:g} 吨，{len(trips)} 份联单共 {total:g} 吨",
        f"{len(trips)} manifests carried {total:g} t on a line of {cap / _TONNE:g} t",
    )


def exactly_used(scene: Scene, turn: int) -> None:
    """Use a line to the last gram."""
    weights = [scene.dice.between(2_000, 12_000) * 1000 for _ in range(2)]
    subject, trips = _loads(scene, turn, sum(weights), weights)
    for trip in trips:
        trip.complete()
    members(scene, trips)
    scene.lawful(
        "limit_exactly_used", subject, "审批数量恰好用完", "the line is used to the last gram"
    )


def freed_by_refusal(scene: Scene, turn: int) -> None:
    """Refuse the first load, so that the second fits."""
    weights = [scene.dice.between(6_000, 12_000) * 1000 for _ in range(2)]
    subject, trips = _loads(scene, turn, sum(weights) - _TONNE, weights)
    trips[0].file().depart().arrive().receive(accepted=[0], opinion="refused")
    trips[1].complete()
    members(scene, trips)
    scene.lawful(
        "limit_freed_by_refusal", subject, "一车被拒收，不占数量", "a refused load draws nothing"
    )


def freed_by_void(scene: Scene, turn: int) -> None:
    """Void the first load on its way, so that the second fits."""
    weights = [scene.dice.between(6_000, 12_000) * 1000 for _ in range(2)]
    subject, trips = _loads(scene, turn, sum(weights) - _TONNE, weights)
    first = trips[0].file().depart()
    first.void(first.left_at + timedelta(hours=3), "车辆故障返回，作废")
    trips[1].complete()
    members(scene, trips)
    scene.lawful(
        "limit_freed_by_void", subject, "一车作废返回，不占数量", "a voided load draws nothing"
    )


def settled_at_accepted(scene: Scene, turn: int) -> None:
    """Accept less than was dispatched, so that the sum fits."""
    weights = [scene.dice.between(6_000, 12_000) * 1000 for _ in range(2)]
    subject, trips = _loads(scene, turn, sum(weights) - _TONNE, weights)
    less = weights[0] - 2 * _TONNE
    trips[0].file().depart().arrive().receive(accepted=[less], opinion="partly")
    trips[1].complete()
    members(scene, trips)
    scene.lawful(
        "limit_settled_at_accepted",
        subject,
        "部分接收，按接收量计入后未超量",
        "partly accepted; the accepted quantity counts and fits",
    )


def members(scene: Scene, trips: list[Trip]) -> None:
    """Label the manifests of a limit, which are lawful by themselves."""
    for trip in trips:
        scene.lawful(
            "draws_on_limit",
            trip.number,
            "单份联单合法，只与审批数量有关",
            "lawful by itself; only the limit may be concerned",
        )
