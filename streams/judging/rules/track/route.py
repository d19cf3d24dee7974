"""规定路线: a vehicle with medical waste that left the way prescribed for it.

Basis: GB 39707-2020, vehicles take the prescribed route. Only where a route is on record for the carrier, and
only of vehicles for medical waste. Positions show no load: it is taken to be loaded from when it stood at an
institution until it stands at the next site on record or at the end of the route. Roads are closed and orders
given: a detour is for review, and an emergency order in force where the waste was taken up silences the rule.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.registry import Fence, PrescribedRoute
from streams.judging.explanation import Cure
from streams.judging.medical.regime import region_of
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView, area_mark, in_force, party_mark
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.rule import record_evidence
from streams.judging.rules.track.law import prescribed_route
from streams.judging.rules.track.rule import (
    TrackRule,
    choice,
    clock_text,
    fence_evidence,
    found,
    hours_text,
    silent,
    span_text,
    track_evidence,
    vehicle_evidence,
)
from streams.judging.tracks.journey import PlateDay
from streams.judging.tracks.segments import LEAST_GAP_S, Beside, Stop, instant

__all__ = ["OFF_ROUTE", "route_marks"]

_LONGEST_S = 24 * 3600
"""Of a round of collections; what comes later is told of no load. [D]"""
_ENDS = ("generator", "receiver", "carrier_yard")
"""Standing in such a fence ends the way from the last institution."""


class _Haul(NamedTuple):
    """The way from an institution to the next site: the stop there, its fence, until when."""

    stop: Stop
    site: Fence
    ends: int


class _Stray(NamedTuple):
    """A time beyond the margins of all routes: its first and last second, how far at the most from which."""

    begins: int
    ends: int
    metres: int
    route: PrescribedRoute


def _taken_up(plate: PlateDay) -> Iterator[tuple[int, Stop, Fence]]:
    """Yield the stops in fences of generators that ended on the day, with their number in the track."""
    for n, stop in enumerate(plate.track.stops if plate.track is not None else ()):
        if plate.has(stop.ends):
            for site in stop.fences:
                if site.role == "generator" and site.owner is not None:
                    yield n, stop, site


def _hauls(rule: TrackRule, plate: PlateDay, routes: Sequence[Beside]) -> Iterator[_Haul]:
    """Yield the ways on from each institution left on the day."""
    track = plate.track
    if track is None:
        return
    for n, stop, site in _taken_up(plate):
        ends = min(stop.ends + _LONGEST_S, track.times[-1])
        for later in track.stops[n + 1 :]:
            if any(f.role in _ENDS for f in later.fences) or _at_end(rule, plate, routes, later):
                ends = min(ends, later.begins)
                break
        yield _Haul(stop, site, ends)


def _at_end(rule: TrackRule, plate: PlateDay, routes: Sequence[Beside], stop: Stop) -> bool:
    """Whether a stop is where a route ends: a plant may have no fence on record."""
    times = plate.track.times if plate.track is not None else ()
    inside = [n for n, at in enumerate(times) if stop.begins <= at <= stop.ends]
    return any(
        min((b.to_end[n] for n in inside), default=_margin(rule, b.route) + 1)
        <= _margin(rule, b.route)
        for b in routes
    )


def _margin(rule: TrackRule, route: PrescribedRoute) -> int:
    return route.margin_m if route.margin_m is not None else rule.parameters["km"] * 1000


def _binding(plate: PlateDay, view: RegistryView, haul: _Haul) -> list[Beside]:
    """Return the routes that bind the vehicle on a way: of its carrier then, as agreed with the institution."""
    then = instant(haul.stop.ends)
    owners = {v.owner for v in view.vehicles(plate.plate) if v.medical and in_force(v, then)}
    bound = [b for b in plate.beside if b.route.carrier in owners and in_force(b.route, then)]
    agreed = {
        (a.plant, a.route)
        for a in view.agreements_in_force(haul.site.owner or "", then)
        if a.route is not None
    }
    named = [b for b in bound if (b.route.carrier, b.route.name) in agreed]
    return named or bound


def _ordered(view: RegistryView, haul: _Haul) -> bool:
    """Whether an emergency order stood in the institution's area at any time on the way."""
    begins, ends = instant(haul.stop.begins), instant(haul.ends)
    region = region_of(view, haul.site.owner or "", begins)
    orders = view.orders(region) if region is not None else ()
    return any(o.from_at <= ends and (o.until_at is None or o.until_at > begins) for o in orders)


def _strays(
    rule: TrackRule, plate: PlateDay, routes: Sequence[Beside], haul: _Haul
) -> Iterator[_Stray]:
    """Yield the times beyond all margins on a way; a silence ends one."""
    times = plate.track.times if plate.track is not None else ()
    first = last = -1
    for n, at in enumerate(times):
        if not haul.stop.ends < at <= haul.ends:
            continue
        off = all(b.metres[n] > _margin(rule, b.route) for b in routes)
        silent_before = last >= 0 and at - times[last] >= LEAST_GAP_S
        if first >= 0 and (not off or silent_before):
            yield _stray(plate, routes, first, last)
            first = last = -1
        if off:
            first, last = (n if first < 0 else first), n
    if first >= 0:
        yield _stray(plate, routes, first, last)


def _stray(plate: PlateDay, routes: Sequence[Beside], first: int, last: int) -> _Stray:
    """Return a time off all routes, with the one that it was nearest to where it was furthest off."""
    times = plate.track.times if plate.track is not None else ()
    metres, route = max(
        (min((b.metres[n], b.route.id) for b in routes) for n in range(first, last + 1)),
        key=lambda each: each[0],
    )
    nearest = next(b.route for b in routes if b.route.id == route)
    return _Stray(times[first], times[last], metres, nearest)


def _off_route(
    rule: TrackRule, plate: PlateDay, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    if plate.track is None:
        return silent(rule, "not_tracked", ("没有位置", "there are no positions"))
    if not any(v.medical for v in view.vehicles(plate.plate)):
        return silent(rule, "not_medical", ("不是医疗废物专用车", "no vehicle for medical waste"))
    if not plate.beside:
        return silent(
            rule, "no_route", ("没有登记该车的规定路线", "no route is on record for the vehicle")
        )
    if not any(True for _ in _taken_up(plate)):
        return silent(
            rule, "not_loaded", ("当日未见在医疗机构停留", "it stood at no institution on the day")
        )
    findings: dict[str, tuple[_Haul, _Stray, int]] = {}
    bound = ordered = False
    for haul in _hauls(rule, plate, plate.beside):
        routes = _binding(plate, view, haul)
        if not routes:
            continue
        bound = True
        if _ordered(view, haul):
            ordered = True
            continue
        least = rule.parameters["minutes"] * 60
        strays = [s for s in _strays(rule, plate, routes, haul) if s.ends - s.begins >= least]
        if not strays:
            continue
        worst = max(strays, key=_length)
        key = f"{haul.site.owner}|{worst.route.carrier}"
        known = findings.get(key)
        if known is None or _length(known[1]) < _length(worst):
            findings[key] = haul, worst, len(strays)
    if findings:
        return tuple(_finding(rule, plate, view, key, *findings[key]) for key in sorted(findings))
    if not bound:
        return silent(
            rule, "not_in_force", ("规定路线当时不在有效期", "no route was in force then")
        )
    if ordered:
        return silent(rule, "ordered", ("应急令有效期间", "an emergency order was in force"))
    return silent(rule, "on_route", ("未见长时间偏离规定路线", "it kept to its route"), "passed")


def _length(stray: _Stray) -> tuple[int, int]:
    return stray.ends - stray.begins, -stray.begins


def _finding(
    rule: TrackRule,
    plate: PlateDay,
    view: RegistryView,
    key: str,
    haul: _Haul,
    stray: _Stray,
    count: int,
) -> Outcome:
    route, when = stray.route, span_text(stray.begins, stray.ends)
    took, km = hours_text(stray.ends - stray.begins), f"{stray.metres / 1000:.1f}"
    minutes, margin = rule.parameters["minutes"], f"{_margin(rule, route) / 1000:g}"
    more = (
        (f"（共 {count} 次，此为最长）", f" (the longest of {count} times)")
        if count > 1
        else ("", "")
    )
    said = (
        f"{plate.plate} 在{haul.site.name}停留后，{when[0]} 偏离规定路线{route.name} {took[0]}，最远 {km} 公里"
        f"{more[0]}；当时是否载有医疗废物、为何绕行须核查。",
        f"After it stood at {haul.site.name}, {plate.plate} was off its prescribed route {route.name} for "
        f"{took[1]}, {km} km at the most, {when[1]} (China time){more[1]}. Whether it carried medical waste then, "
        "and why it went so, is to be checked.",
    )
    return found(
        rule,
        key,
        "off_route",
        said,
        at=stray.begins,
        grams=0,
        unweighed=True,
        evidence=[
            *track_evidence(plate.track, stray.begins, stray.ends),
            record_evidence(
                "prescribed_route", route.id, f"规定路线 {route.name}", f"route {route.name}"
            ),
            *fence_evidence([haul.site]),
            *vehicle_evidence(plate.plate, view),
        ],
        law=prescribed_route(instant(stray.begins)),
        conditions=(
            condition(
                ("此前在医疗机构停留", "stood at an institution before"),
                (
                    f"{haul.site.name}，{clock_text(haul.stop.ends)} 离开",
                    f"{haul.site.name}, left on {clock_text(haul.stop.ends)}",
                ),
                holds=True,
                role="applies",
            ),
            condition(
                ("与规定路线的距离", "distance from the route"),
                (f"最远 {km} 公里", f"{km} km at the most"),
                (f"不超过 {margin} 公里", f"no more than {margin} km"),
                holds=None,
            ),
            condition(
                ("偏离时间", "how long it was off"),
                took,
                (f"少于 {minutes} 分钟", f"less than {minutes} minutes"),
                holds=None,
            ),
            condition(
                ("所在地区的应急令", "emergency order in the area"),
                ("无", "none"),
                ("有效期间不按规定路线判断", "while one is in force nothing is said"),
                holds=True,
                role="applies",
            ),
        ),
        cures=(
            Cure(
                zh="运送单位说明绕行原因并附凭证（如封路、改道通知）；若路线已变更，更正登记后本告警附理由撤回。",
                en="The carrier explains the detour with proof (closed road, notice of diversion); if the route was "
                "changed, the alert is withdrawn once the record is put right.",
                party="carrier",
            ),
        ),
        margin=f"{(_margin(rule, route) - stray.metres) / 1000:.1f} km",
    )


def route_marks(plate: PlateDay, view: RegistryView) -> list[str]:
    """Return what changes bear on a day with routes: the institutions stood at, and orders in their areas."""
    found = []
    for _, stop, site in _taken_up(plate) if plate.beside else ():
        owner = site.owner or ""
        region = region_of(view, owner, instant(stop.begins))
        found += [party_mark(owner), *([area_mark(region)] if region is not None else [])]
    return sorted(set(found))


OFF_ROUTE = TrackRule(
    "track.off_route",
    1,
    "医疗废物车辆偏离规定路线",
    "vehicle with medical waste off its prescribed route",
    _off_route,
    "plate",
    gravest="high",
    parameters=Parameters(
        choice(
            "km",
            2,
            ("公里", "km"),
            1,
            50,
            "路线登记没有写明允许偏离的距离时，在此之内不计",
            "so far beside it is forgiven where the route's record does not say how far",
        ),
        choice(
            "minutes",
            10,
            ("分钟", "minutes"),
            1,
            1440,
            "偏离达此数即须核查",
            "so long beyond it is to be checked",
        ),
    ),
)
