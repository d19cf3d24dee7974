"""途中变空: a vehicle whose terminal tells that it went from laden to empty outside any site on record.

Basis: order 23 Art 11 (the carrier delivers to the receiver named). Sensors fail and drivers press buttons, so it
is for review; it is the plainest sign of dumping that a track can give, and is as grave as its load. Nothing
is said where the receiver has no fence on record, nor where the load goes over to another vehicle.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from streams.judging.explanation import Cure
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.track.law import dumping
from streams.judging.rules.track.rule import (
    TrackRule,
    choice,
    clock_text,
    found_on,
    loaded_span,
    not_tracked,
    place_text,
    silent,
)
from streams.judging.rules.track.standing import SITES
from streams.judging.tracks.journey import Trip
from streams.judging.tracks.load import Emptied, emptied, tells_of_loads
from streams.judging.tracks.segments import Stop, instant

__all__ = ["EMPTIED"]

_HANDOVER_S = 3600
"""Before a load is told to have gone over to another vehicle, it may have been moved over."""


def _emptied(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    ends = _ends(trip)
    if not tells_of_loads(trip.track, trip.begins, ends):
        said = "终端未报载货状态", "its terminal tells of no loads"
        return silent(rule, "no_sensor", said)
    if not trip.receiver:
        said = "接受人没有登记围栏", "the receiver has no fence on record"
        return silent(rule, "receiver_no_fence", said)
    least = rule.parameters["minutes"] * 60
    changes = list(emptied(trip.track, trip.begins, ends, least))
    reasons = [_reason(trip, change) for change in changes]
    if None in reasons:
        return (_finding(rule, trip, changes[reasons.index(None)]),)
    reason = next(filter(None, reasons), "laden")
    return silent(rule, reason, _SILENT[reason], "passed")


def _ends(trip: Trip) -> int:
    """Return until when a change is of this load: from where the vehicle takes up another it is of that."""
    later = (at for at in trip.ride.others if at > trip.begins)
    return min(trip.ends, next(later, trip.ends))


_SILENT = {
    "laden": ("途中未见变为空车", "not emptied on the way"),
    "in_a_site": ("在登记场所内变为空车", "emptied inside a site on record"),
    "handed_over": ("随后交给另一车", "handed over to another vehicle soon after"),
}


def _reason(trip: Trip, change: Emptied) -> str | None:
    """Return what it was emptied for, as far as that is on record: a key of ``_SILENT``."""
    leg = trip.leg
    if not leg.last and leg.until is not None and leg.until - change.laden <= _HANDOVER_S:
        return "handed_over"
    inside = any(
        visit.fence.role in SITES and visit.enter <= change.empty and visit.leave >= change.laden
        for visit in trip.track.visits
    )
    return "in_a_site" if inside else None


def _place(trip: Trip, change: Emptied) -> Stop:
    """Return the stop at which it was, the longest of several, else where it was first empty."""
    stops = list(trip.track.stops_within(change.laden, change.empty))
    if stops:
        return max(stops, key=lambda stop: (stop.ends - stop.begins, -stop.begins))
    n = bisect_left(trip.track.times, change.empty)
    return Stop(change.laden, change.empty, trip.track.lon[n], trip.track.lat[n])


def _finding(rule: TrackRule, trip: Trip, change: Emptied) -> Outcome:
    leg, place, minutes = trip.leg, place_text(_place(trip, change)), rule.parameters["minutes"]
    laden, empty = clock_text(change.laden), clock_text(change.empty)
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，终端所报载货状态 {laden} 尚为载货、{empty} 起为空车，当时在{place[0]}，"
        "不在任何登记围栏内；是否卸载须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, was laden until {laden} and empty from {empty} (China time) on, "
        f"as its terminal tells, in {place[1]}, in no fence on record. Whether it unloaded is to be checked.",
    )
    return found_on(
        rule,
        trip,
        "-",
        "emptied",
        said,
        at=change.empty,
        seen=(change.laden, change.empty),
        law=dumping(instant(change.empty)),
        conditions=(
            loaded_span(trip),
            condition(
                ("载货状态", "load as told"),
                (f"{empty} 起为空车", f"empty from {empty} on"),
                ("运抵接受人前均为载货", "laden until it is at the receiver's"),
                holds=None,
            ),
            condition(
                ("变空的地点", "where it was emptied"),
                place,
                ("登记围栏之内", "inside a fence on record"),
                holds=None,
            ),
            condition(
                ("持续时间", "how long"),
                ("变空前后均已持续", "laden before and empty after it for as long"),
                (f"不少于 {minutes} 分钟方计入", f"counts from {minutes} minutes on"),
                holds=True,
                role="figure",
            ),
        ),
        cures=(
            Cure(
                zh="承运人说明当时的情况；若载货传感器或按钮有误，附检定或维修凭证，经核实后本告警可关闭。",
                en="The carrier explains what happened; if the sensor or button was wrong it says so with proof, and "
                "once checked the alert can be closed.",
                party="carrier",
            ),
        ),
    )


EMPTIED = TrackRule(
    "track.emptied",
    1,
    "载运途中在登记场所外变为空车",
    "emptied outside any site while loaded",
    _emptied,
    "trip",
    parameters=Parameters(
        choice(
            "minutes",
            10,
            ("分钟", "minutes"),
            2,
            240,
            "变空前后各持续此数方计入",
            "counts if laden before and empty after it for so long",
        ),
    ),
)
