"""运抵: told while the vehicle was elsewhere, or not told although the vehicle had been there.

Basis: order 23 Art 11: the carrier delivers to the receiver named. Only where the receiver has a fence on
record. A word that comes a little early or late is no lie, nor one after a visit long enough to unload.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

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
    silent,
    span_text,
)
from streams.judging.tracks.journey import Trip
from streams.judging.tracks.segments import Visit, instant, seconds

__all__ = ["ARRIVAL_ELSEWHERE", "NO_ARRIVAL"]


def _nothing(rule: TrackRule, trip: Trip) -> Sequence[Outcome] | None:
    if not trip.leg.last:
        return silent(rule, "handed_over", ("该车已将货物交给他车", "it gave the load to another"))
    if not trip.receiver:
        return silent(
            rule, "no_fence", ("登记库中无接受人的围栏", "no fence of the receiver is on record")
        )
    return None


def _elsewhere(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = _nothing(rule, trip)
    if nothing is not None:
        return nothing
    at, reach = trip.leg.arrived, rule.parameters["minutes"] * 60
    if at is None:
        return silent(rule, "not_arrived", ("尚无运抵上报", "no arrival is told yet"))
    if not trip.positions(at - reach, at + reach):
        return silent(
            rule,
            "not_tracked",
            ("运抵前后没有位置", "there are no positions around the arrival"),
        )
    ids = {fence.id for fence in trip.receiver}
    visits = [v for v in trip.track.visits if v.fence.id in ids]
    if any(v.enter <= at + reach and v.leave >= at - reach for v in visits):
        return silent(
            rule,
            "at_receiver",
            ("运抵时在接受人围栏内", "it was in the receiver's fence"),
            "passed",
        )
    if any(v.leave < at for v in trip.visits):
        return silent(
            rule,
            "told_late",
            ("此前已到过接受人处，只是报得晚", "it had been there before; it was told late"),
            "passed",
        )
    return (_elsewhere_finding(rule, trip, at),)


def _elsewhere_finding(rule: TrackRule, trip: Trip, at: int) -> Outcome:
    leg, minutes = trip.leg, rule.parameters["minutes"]
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，承运人上报 {clock_text(at)} 运抵{leg.receiver_name}，前后 {minutes} 分钟内"
        "该车的位置均不在接受人围栏内；货物去向须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}: its arrival at {leg.receiver_name} is told for "
        f"{clock_text(at)} (China time), but within {minutes} minutes of it no position of the vehicle lies "
        "in the receiver's fence; where the load went is to be checked.",
    )
    return found_on(
        rule,
        trip,
        "-",
        "elsewhere",
        said,
        at=at,
        seen=(at - minutes * 60, at + minutes * 60),
        fences=trip.receiver,
        law=dumping(instant(at)),
        conditions=(
            condition(
                ("上报运抵", "arrival told"), (clock_text(at),) * 2, holds=True, role="applies"
            ),
            condition(
                ("运抵前后车辆位置", "where the vehicle was around it"),
                ("不在接受人围栏内", "outside the receiver's fence"),
                (f"前后 {minutes} 分钟内在围栏内", f"inside within {minutes} minutes"),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若运抵时间填错，承运人更正后重新研判；若围栏划错，更正登记后本告警附理由撤回。",
                en="If the time of arrival is wrong, the carrier's correction is judged again; if the fence "
                "is wrong, the alert is withdrawn once the record is put right.",
                party="carrier",
                kind="liandan.manifest.corrected.v1",
            ),
        ),
    )


def _first(trip: Trip) -> Visit | None:
    return next(iter(trip.visits), None)


def _ends(rule: TrackRule, visit: Visit) -> int:
    return visit.leave + rule.parameters["hours"] * 3600


def _term(rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None) -> datetime | None:
    visit = _first(trip)
    if visit is None or not trip.leg.last or trip.leg.taken_over is not None:
        return None
    end = instant(_ends(rule, visit))
    return None if now is not None and now > end else end + timedelta(microseconds=1)


def _silence(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = _nothing(rule, trip)
    if nothing is not None:
        return nothing
    visit = _first(trip)
    if visit is None:
        return silent(
            rule, "not_there", ("未见到达接受人处", "it was not seen at the receiver"), "passed"
        )
    told, end = trip.leg.taken_over, _ends(rule, visit)
    if told is not None and told <= end:
        return silent(rule, "told", ("已上报运抵", "the arrival was told"), "passed")
    if told is None and (now is None or seconds(now) <= end):
        return silent(rule, "in_time", ("期限未满", "the term is not over"), "passed")
    leg, hours = trip.leg, rule.parameters["hours"]
    when = span_text(visit.enter, visit.leave)
    late = (
        (f"{clock_text(told)} 才报运抵", f"the arrival was told for {clock_text(told)} only")
        if told is not None
        else ("至今没有运抵上报", "no arrival was told since")
    )
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 在接受人{leg.receiver_name}围栏内，离开后 {hours} 小时内未报运抵，"
        f"{late[0]}；是否已交付须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, was in the fence of {leg.receiver_name}, {when[1]} (China "
        f"time); no arrival within {hours} hours after it, {late[1]}. Whether it delivered is to be checked.",
    )
    return (
        found_on(
            rule,
            trip,
            "-",
            "late" if told is not None else "silent",
            said,
            at=end,
            seen=(visit.enter, visit.leave),
            fences=[visit.fence],
            law=TRACKED,
            conditions=(
                loaded_span(trip),
                condition(
                    ("在接受人围栏内", "in the receiver's fence"),
                    hours_text(visit.leave - visit.enter),
                    holds=True,
                    role="applies",
                ),
                condition(
                    ("运抵上报", "arrival told"),
                    (clock_text(told),) * 2 if told is not None else ("无", "none"),
                    (f"离开后 {hours} 小时内", f"within {hours} hours of leaving"),
                    holds=None,
                ),
            ),
            cures=(
                Cure(
                    zh="若已交付只是未报，承运人补报运抵（所报时间在期限内）后本告警附理由撤回。",
                    en="If it delivered and that was only not told, the alert is withdrawn once the arrival "
                    "is told for a time within the term.",
                    party="carrier",
                    kind="liandan.manifest.arrived.v1",
                ),
            ),
        ),
    )


ARRIVAL_ELSEWHERE = TrackRule(
    "track.arrival_elsewhere",
    1,
    "上报运抵时车辆不在接受人处",
    "arrival told while the vehicle was elsewhere",
    _elsewhere,
    "trip",
    parameters=Parameters(
        choice(
            "minutes",
            10,
            ("分钟", "minutes"),
            1,
            240,
            "运抵前后在此时间内到过围栏即可",
            "a position in the fence so long before or after the arrival will do",
        ),
    ),
)
NO_ARRIVAL = TrackRule(
    "track.no_arrival",
    1,
    "车辆到过接受人处而无运抵上报",
    "vehicle was at the receiver's, no arrival told",
    _silence,
    "trip",
    due=_term,
    gravest="high",
    parameters=Parameters(
        choice(
            "hours",
            12,
            ("小时", "hours"),
            1,
            720,
            "离开接受人围栏后应报运抵的时限",
            "how long after leaving the receiver's fence the arrival may be told",
        ),
    ),
)
