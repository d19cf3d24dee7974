"""他省: a stay in a province that is neither origin nor destination; a load of one province that left it.

Basis: order 23 Art 11 (the carrier records the track and delivers to the receiver named). Transit is
lawful and never a finding of the first rule; a road that crosses a corner of the next province is common,
so both are for review, and positions near a border count for no province at all.
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.region import province_name, province_of
from streams.judging.explanation import Cure
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.track.law import TRACKED, dumping
from streams.judging.rules.track.rule import (
    TrackRule,
    choice,
    clock_text,
    found_on,
    hours_text,
    loaded_span,
    map_note,
    map_words,
    not_tracked,
    place_text,
    silent,
    span_text,
)
from streams.judging.tracks.journey import Trip
from streams.judging.tracks.segments import Stay, Stop, instant

__all__ = ["LEFT_PROVINCE", "THIRD_PROVINCE"]

_MINUTES = ("分钟", "minutes")
EXPLAINED = Cure(
    zh="承运人说明停留或绕行的原因并附凭证（如维修、封路、指定停车场），经核实后本告警可关闭。",
    en="The carrier explains the stay or the way taken, with proof (repair, closed road, assigned park); "
    "once checked the alert can be closed.",
    party="carrier",
)


def _stayed(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    own = {province_of(trip.leg.origin), province_of(trip.leg.destination)}
    ends = trip.ends
    abroad: dict[str, list[tuple[Stop, str]]] = {}
    transit = False
    for stop in trip.track.stops_within(trip.begins, ends):
        if stop.province is None or stop.province in own:
            continue
        transit = True
        took = stop.ends - stop.begins
        other = any(f.role == "receiver" and f.owner != trip.leg.receiver for f in stop.fences)
        known = any(f.role == "other" for f in stop.fences)
        if other and took >= rule.parameters["unloading"] * 60:
            abroad.setdefault(stop.province, []).append((stop, "at_another_receiver"))
        elif not known and took > rule.parameters["minutes"] * 60:
            abroad.setdefault(stop.province, []).append((stop, "stayed"))
    if not abroad:
        transit = transit or any(
            s.province not in own and s.enter < ends and s.leave > trip.begins
            for s in trip.track.stays
        )
        if transit:
            return silent(rule, "transit", ("只是途经", "in transit only"), "passed")
        return silent(
            rule,
            "own_provinces",
            (
                "未见在移出地、接受地以外的省份",
                "in no province but those of origin and destination",
            ),
            "passed",
        )
    return tuple(
        _stay_finding(rule, trip, province, stops) for province, stops in sorted(abroad.items())
    )


def _stay_finding(
    rule: TrackRule,
    trip: Trip,
    province: str,
    stops: Sequence[tuple[Stop, str]],
) -> Outcome:
    order = ("at_another_receiver", "stayed")
    stop, reason = min(
        stops, key=lambda s: (order.index(s[1]), s[0].begins - s[0].ends, s[0].begins)
    )
    leg, place, took = trip.leg, place_text(stop), hours_text(stop.ends - stop.begins)
    when = span_text(stop.begins, stop.ends)
    where = (
        ("，且位于另一接收单位围栏内", ", inside another receiver's site")
        if reason == "at_another_receiver"
        else ("", "")
    )
    note = map_words(trip)
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 在{place[0]}停留 {took[0]}{where[0]}；该省既非移出地也非"
        f"接受地，是否卸载须核查。{note[0]}",
        f"{leg.plate}, loaded with {leg.waste_en}, stood for {took[1]} in {place[1]}, {when[1]} (China "
        f"time){where[1]}; the province is neither origin nor destination. Whether it unloaded is to be "
        f"checked.{note[1]}",
    )
    minutes = rule.parameters["unloading" if reason == "at_another_receiver" else "minutes"]
    return found_on(
        rule,
        trip,
        province,
        reason,
        said,
        at=stop.begins,
        seen=(stop.begins, stop.ends),
        fences=stop.fences,
        law=dumping(instant(stop.begins)),
        conditions=(
            loaded_span(trip),
            condition(
                ("停留省份", "province of the stay"),
                (province_name(province + "0000"),) * 2,
                (
                    f"{province_name(leg.origin)} 或 {province_name(leg.destination)}",
                    f"{province_name(leg.origin)} or {province_name(leg.destination)}",
                ),
                holds=False,
            ),
            condition(
                ("停留时间", "how long it stood"),
                took,
                (f"不超过 {minutes} 分钟", f"no longer than {minutes} minutes"),
                holds=None,
            ),
            map_note(trip),
        ),
        cures=(EXPLAINED,),
        margin=f"{minutes - stop.minutes} min",
    )


def _left(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    own = province_of(trip.leg.origin)
    if own != province_of(trip.leg.destination):
        return silent(rule, "crosses", ("本来就是跨省转移", "the manifest crosses provinces"))
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    ends, least = trip.ends, rule.parameters["minutes"] * 60
    outside: dict[str, list[Stay]] = {}
    for stay in trip.track.stays:
        enter, leave = max(stay.enter, trip.begins), min(stay.leave, ends)
        if stay.province != own and leave - enter > least:
            outside.setdefault(stay.province, []).append(Stay(stay.province, enter, leave))
    if not outside:
        return silent(rule, "inside", ("未见驶出本省", "it did not leave the province"), "passed")
    return tuple(
        _left_finding(rule, trip, max(stays, key=lambda s: (s.leave - s.enter, -s.enter)))
        for _, stays in sorted(outside.items())
    )


def _left_finding(rule: TrackRule, trip: Trip, stay: Stay) -> Outcome:
    leg, took, minutes = trip.leg, hours_text(stay.leave - stay.enter), rule.parameters["minutes"]
    name, own = province_name(stay.province + "0000"), province_name(leg.origin)
    note = map_words(trip)
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，联单为{own}省内转移，{clock_text(stay.enter)} 起在{name}境内行驶或停留 "
        f"{took[0]}；是否绕行、是否实为跨省转移须核查。{note[0]}",
        f"{leg.plate}, loaded with {leg.waste_en} on a manifest inside {own}, was in {name} for {took[1]} "
        f"from {clock_text(stay.enter)} (China time) on; whether it is a detour or a transfer to another "
        f"province is to be checked.{note[1]}",
    )
    return found_on(
        rule,
        trip,
        stay.province,
        "left_province",
        said,
        at=stay.enter,
        seen=(stay.enter, stay.leave),
        law=TRACKED,
        conditions=(
            loaded_span(trip),
            condition(
                ("在他省的时间", "time in another province"),
                took,
                (f"不超过 {minutes} 分钟", f"no longer than {minutes} minutes"),
                holds=None,
            ),
            map_note(trip),
        ),
        cures=(EXPLAINED,),
    )


THIRD_PROVINCE = TrackRule(
    "track.third_province",
    1,
    "载运途中在第三省停留",
    "stay in a third province while loaded",
    _stayed,
    "trip",
    parameters=Parameters(
        choice(
            "minutes",
            60,
            _MINUTES,
            10,
            2880,
            "停留超过此数即须核查",
            "a longer stay is to be checked",
        ),
        choice(
            "unloading",
            20,
            _MINUTES,
            5,
            1440,
            "在另一接收单位围栏内停留达此数即须核查",
            "a stay of so long inside another receiver's site is to be checked",
        ),
    ),
)
LEFT_PROVINCE = TrackRule(
    "track.left_province",
    1,
    "省内转移的车辆驶出本省",
    "vehicle left the province on a manifest inside it",
    _left,
    "trip",
    gravest="high",
    parameters=Parameters(
        choice(
            "minutes",
            10,
            _MINUTES,
            1,
            1440,
            "在他省超过此数即须核查",
            "longer outside is to be checked",
        ),
    ),
)
