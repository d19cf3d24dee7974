"""绕行: a load that was driven much farther than the way between where it was taken over and given off.

Basis: order 23 Art 11. Approvals name no route, so a long way breaks no text: it is a clue for review, never
graver than low. Roads wind, and vehicles with dangerous goods are kept off many; what else they call at on
the way has its reason: other loads that the vehicle takes over or gives off, sites on record. The straight
way is measured by way of those. Medical waste goes by rounds, held against the route prescribed for them.
"""

from collections.abc import Sequence
from datetime import datetime

from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.track.law import TRACKED
from streams.judging.rules.track.province import EXPLAINED
from streams.judging.rules.track.rule import (
    TrackRule,
    choice,
    found_on,
    loaded_span,
    not_tracked,
    silent,
    span_text,
)
from streams.judging.rules.track.standing import SITES
from streams.judging.tracks.journey import Trip
from streams.judging.tracks.running import Way, way_of

__all__ = ["DETOUR"]

_CALLS = tuple(role for role in SITES if role != "receiver")
"""Sites that are called at on the way; another receiver's is not."""


def _detour(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    if any(vehicle.medical for vehicle in view.vehicles(trip.leg.plate)):
        said = "医疗废物专用车按收运路线行驶", "a vehicle for medical waste goes by rounds"
        return silent(rule, "medical", said)
    if not _is_over(trip):
        said = (
            "尚未卸载，或何时卸载不明",
            "the load is not off yet, or when it came off is not known",
        )
        return silent(rule, "not_over", said)
    way = way_of(trip.track, trip.begins, trip.ends)
    if way is None:
        said = "途中只有一个位置", "one position only while loaded"
        return silent(rule, "one_position", said)
    calls = _calls(trip)
    straight, km = round(way.straight(calls)), round(way.km)
    most = straight * rule.parameters["percent"] // 100 + rule.parameters["km"]
    if km <= most:
        said = (
            f"行驶至少 {km} 公里，限 {most} 公里",
            f"driven {km} km at the least, {most} km allowed",
        )
        return silent(rule, "near_enough", said, "passed", margin=f"{most - km} km")
    return (_finding(rule, trip, way, (straight, km, most), len(calls)),)


def _is_over(trip: Trip) -> bool:
    """Whether it is known when the load came off: a receipt may be confirmed days after it."""
    leg = trip.leg
    if leg.last:
        return leg.arrived is not None or bool(trip.visits)
    return leg.until is not None


def _calls(trip: Trip) -> list[int]:
    """Return when the vehicle called somewhere for a reason that is on record, in no order."""
    sites = [
        stop.begins
        for stop in trip.track.stops_within(trip.begins, trip.ends)
        if stop.begins > trip.begins and any(fence.role in _CALLS for fence in stop.fences)
    ]
    return [*sites, *(at for at in trip.ride.others if trip.begins < at < trip.ends)]


def _finding(
    rule: TrackRule, trip: Trip, way: Way, figures: tuple[int, int, int], calls: int
) -> Outcome:
    leg, when = trip.leg, span_text(way.begins, way.ends)
    straight, km, most = figures
    percent, extra = rule.parameters["percent"], rule.parameters["km"]
    each = "call" if calls == 1 else "calls"
    by = (
        (f"（经停登记场所或其他装卸处 {calls} 处）", f" (by way of {calls} {each} on record)")
        if calls
        else ("", "")
    )
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 至少行驶 {km} 公里，而两端直线距离为 {straight} 公里{by[0]}；"
        "为何绕行须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, was driven {km} km at the least, {when[1]} (China time); its "
        f"ends are {straight} km apart{by[1]}. Why it took so long a way is to be checked.",
    )
    return found_on(
        rule,
        trip,
        "-",
        "detour",
        said,
        at=way.begins,
        seen=(way.begins, way.ends),
        law=TRACKED,
        conditions=(
            loaded_span(trip),
            condition(
                ("行驶里程", "way driven"),
                (f"至少 {km} 公里", f"{km} km at the least"),
                (f"不超过 {most} 公里", f"no more than {most} km"),
                holds=None,
            ),
            condition(
                ("直线距离", "as the crow flies"),
                (f"{straight} 公里{by[0]}", f"{straight} km{by[1]}"),
                (
                    f"其 {percent}% 另加 {extra} 公里以内不计",
                    f"{percent} % of it and {extra} km are forgiven",
                ),
                holds=True,
                role="figure",
            ),
        ),
        cures=(EXPLAINED,),
        margin=f"{most - km} km",
    )


DETOUR = TrackRule(
    "track.detour",
    1,
    "载运途中绕行过远",
    "driven much farther than the way while loaded",
    _detour,
    "trip",
    gravest="low",
    parameters=Parameters(
        choice(
            "percent",
            200,
            ("%", "%"),
            100,
            1000,
            "行驶里程在直线距离的此比例之内不计",
            "up to so much of the straight way is forgiven",
        ),
        choice("km", 50, ("公里", "km"), 0, 1000, "另加此数", "and so much besides"),
    ),
)
