"""停留与失联: a stop by water or in a forbidden area, a long stop outside any fence, a gap in the signal.

Basis: order 23 Art 11. A stop is where dumping begins and is mostly none: drivers rest, queue and repair.
So these are clues for review, the last two never graver than low. Stops inside a site of the consignor, the
receiver or any other unit on record are no business of theirs: a plant may lie by a river.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from streams.judging.explanation import Cure
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.track.law import TRACKED, dumping
from streams.judging.rules.track.province import EXPLAINED
from streams.judging.rules.track.rule import (
    TrackRule,
    choice,
    clock_text,
    found_on,
    hours_text,
    loaded_span,
    not_tracked,
    place_text,
    silent,
    span_text,
)
from streams.judging.tracks.journey import Trip
from streams.judging.tracks.segments import Near, Stop, instant, seconds

__all__ = ["LONG_STOP", "SIGNAL_GAP", "SITES", "STOP_AT_WATER"]

SITES = ("generator", "receiver", "carrier_yard", "other")
"""Fences inside which a stop has its reason; water and forbidden areas give none."""


def _outside(trip: Trip) -> Iterator[Stop]:
    """Yield the stops while loaded that are in no site on record."""
    for stop in trip.track.stops_within(trip.begins, trip.ends):
        if not any(fence.role in SITES for fence in stop.fences):
            yield stop


def _at_water(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    least, reach = rule.parameters["minutes"] * 60, rule.parameters["metres"]
    by: dict[str, list[tuple[Stop, Near]]] = {}
    for stop in _outside(trip):
        for near in stop.near if stop.ends - stop.begins >= least else ():
            if near.metres <= (reach if near.fence.role == "water" else 0):
                by.setdefault(near.fence.id, []).append((stop, near))
    if not by:
        return silent(
            rule,
            "none",
            ("未见在水体旁或禁入区内停留", "no stop by water or in a forbidden area"),
            "passed",
        )
    return tuple(_water_finding(rule, trip, stops) for _, stops in sorted(by.items()))


def _water_finding(rule: TrackRule, trip: Trip, stops: Sequence[tuple[Stop, Near]]) -> Outcome:
    stop, near = max(stops, key=lambda s: (s[0].ends - s[0].begins, -s[0].begins))
    leg, place, took = trip.leg, place_text(stop), hours_text(stop.ends - stop.begins)
    when, fence = span_text(stop.begins, stop.ends), near.fence
    where = (
        (f"禁入区{fence.name}内", f"inside the forbidden area {fence.name}")
        if fence.role == "forbidden"
        else (
            f"距水体{fence.name} {near.metres} 米处",
            f"{near.metres} m from the water {fence.name}",
        )
    )
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 在{place[0]}、{where[0]}停留 {took[0]}；停留原因须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, stood for {took[1]} in {place[1]}, {where[1]}, {when[1]} "
        "(China time); the reason is to be checked.",
    )
    minutes, reach = rule.parameters["minutes"], rule.parameters["metres"]
    return found_on(
        rule,
        trip,
        fence.id,
        "in_forbidden_area" if fence.role == "forbidden" else "at_water",
        said,
        at=stop.begins,
        seen=(stop.begins, stop.ends),
        fences=[fence],
        law=dumping(instant(stop.begins)),
        conditions=(
            loaded_span(trip),
            condition(
                ("停留时间", "how long it stood"),
                took,
                (f"少于 {minutes} 分钟", f"less than {minutes} minutes"),
                holds=None,
            ),
            condition(
                (f"与{fence.name}的距离", f"distance from {fence.name}"),
                (f"{near.metres} 米", f"{near.metres} m"),
                ("不在其内", "outside it")
                if fence.role == "forbidden"
                else (f"超过 {reach} 米", f"more than {reach} m"),
                holds=None,
            ),
        ),
        cures=(EXPLAINED,),
        margin=f"{near.metres - reach} m" if fence.role == "water" else None,
    )


def _long(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    hours = rule.parameters["hours"]
    stops = [s for s in _outside(trip) if s.ends - s.begins > hours * 3600]
    if not stops:
        return silent(
            rule, "none", ("未见围栏外长时间停留", "no long stop outside sites"), "passed"
        )
    stop = max(stops, key=lambda s: (s.ends - s.begins, -s.begins))
    leg, place, took = trip.leg, place_text(stop), hours_text(stop.ends - stop.begins)
    when = span_text(stop.begins, stop.ends)
    more = (
        (f"（共 {len(stops)} 处，此为最长）", f" (the longest of {len(stops)})")
        if len(stops) > 1
        else ("", "")
    )
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 在{place[0]}停留 {took[0]}{more[0]}，不在任何登记围栏内；"
        "停留原因须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, stood for {took[1]} in {place[1]}, {when[1]} (China "
        f"time){more[1]}, in no fence on record; the reason is to be checked.",
    )
    return (
        found_on(
            rule,
            trip,
            "-",
            "long_stop",
            said,
            at=stop.begins,
            seen=(stop.begins, stop.ends),
            law=TRACKED,
            conditions=(
                loaded_span(trip),
                condition(
                    ("停留时间", "how long it stood"),
                    took,
                    (f"不超过 {hours} 小时", f"no longer than {hours} hours"),
                    holds=None,
                ),
            ),
            cures=(EXPLAINED,),
            margin=f"{hours - (stop.ends - stop.begins) / 3600:.1f} h",
        ),
    )


def _silences(trip: Trip) -> Iterator[tuple[int, int]]:
    """Yield the times while loaded without a position, before the first and after the last too."""
    for gap in trip.track.gaps:
        begins, ends = max(gap.begins, trip.begins), min(gap.ends, trip.ends)
        if ends > begins and gap.fence is None:
            yield begins, ends
    times = trip.track.times
    if times[0] > trip.begins:
        yield trip.begins, min(times[0], trip.ends)
    if trip.unloaded is not None and times[-1] < trip.ends:
        yield max(times[-1], trip.begins), trip.ends


def _silent_since(rule: TrackRule, trip: Trip, now: datetime | None) -> int | None:
    """Return since when nothing was heard of a load that is still on the road, once that is too long."""
    end = _last_end(rule, trip)
    if end is None or now is None or seconds(now) <= end:
        return None
    return end - rule.parameters["hours"] * 3600


def _last_end(rule: TrackRule, trip: Trip) -> int | None:
    end = max(trip.track.times[-1], trip.begins) + rule.parameters["hours"] * 3600
    return end if trip.unloaded is None and end <= trip.ride.bound else None


def _gap(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    hours = rule.parameters["hours"]
    gaps = [(a, b) for a, b in _silences(trip) if b - a > hours * 3600]
    since = _silent_since(rule, trip, now)
    if since is not None:
        return (_gap_finding(rule, trip, since, None, len(gaps)),)
    if not gaps:
        return silent(rule, "heard", ("途中位置连续", "positions all the way"), "passed")
    begins, ends = max(gaps, key=lambda g: (g[1] - g[0], -g[0]))
    return (_gap_finding(rule, trip, begins, ends, len(gaps) - 1),)


def _gap_finding(
    rule: TrackRule, trip: Trip, begins: int, ends: int | None, others: int
) -> Outcome:
    leg, hours = trip.leg, rule.parameters["hours"]
    more = ("", "")
    if ends is None:
        when = clock_text(begins)
        zh = f"{when} 起没有位置，已超过 {hours} 小时"
        en = f"has told no position for over {hours} hours, since {when} (China time)"
        took = (f"{when} 起至今", f"since {when}")
        if others:
            more = f"（此前另有 {others} 段）", f" ({others} more before it)"
    else:
        span, took = span_text(begins, ends), hours_text(ends - begins)
        zh, en = (
            f"{span[0]} 共 {took[0]}没有位置",
            f"told no position for {took[1]}, {span[1]} (China time)",
        )
        if others:
            more = f"（共 {others + 1} 段，此为最长）", f" (the longest of {others + 1})"
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{zh}{more[0]}；终端是否故障、是否人为关闭须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, {en}{more[1]}; whether its terminal failed or was "
        "switched off is to be checked.",
    )
    return found_on(
        rule,
        trip,
        "-",
        "signal_gap",
        said,
        at=begins,
        seen=(begins, ends or begins),
        law=TRACKED,
        conditions=(
            loaded_span(trip),
            condition(
                ("没有位置的时间", "time without a position"),
                took,
                (f"不超过 {hours} 小时", f"no longer than {hours} hours"),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若终端存有该段位置，补传后本告警附理由撤回。",
                en="If the terminal has kept these positions, the alert is withdrawn once they are sent.",
                party="carrier",
                kind="liandan.vehicle.track.v1",
            ),
        ),
        margin=f"{hours - (ends - begins) / 3600:.1f} h" if ends is not None else None,
    )


def _gap_due(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> datetime | None:
    end = _last_end(rule, trip)
    if end is None or (now is not None and seconds(now) > end):
        return None
    return instant(end) + timedelta(microseconds=1)


STOP_AT_WATER = TrackRule(
    "track.stop_at_water",
    1,
    "载运途中在水体旁或禁入区内停留",
    "stop by water or in a forbidden area while loaded",
    _at_water,
    "trip",
    parameters=Parameters(
        choice(
            "minutes",
            10,
            ("分钟", "minutes"),
            5,
            1440,
            "停留达此数即须核查",
            "a stop of so long is to be checked",
        ),
        choice("metres", 500, ("米", "m"), 0, 5000, "距水体在此之内", "within so far of the water"),
    ),
)
LONG_STOP = TrackRule(
    "track.long_stop",
    1,
    "载运途中长时间停留",
    "long stop while loaded",
    _long,
    "trip",
    gravest="low",
    parameters=Parameters(
        choice(
            "hours",
            4,
            ("小时", "hours"),
            1,
            72,
            "围栏外停留超过此数",
            "a longer stop outside sites",
        ),
    ),
)
SIGNAL_GAP = TrackRule(
    "track.signal_gap",
    1,
    "载运途中失去位置",
    "no positions while loaded",
    _gap,
    "trip",
    due=_gap_due,
    gravest="low",
    parameters=Parameters(
        choice(
            "hours", 2, ("小时", "hours"), 1, 72, "没有位置超过此数", "longer without a position"
        ),
    ),
)
