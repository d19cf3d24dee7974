"""What a rule of vehicles' tracks is, and the words that they share."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from schemas.alert import Evidence, LegalBasis, Severity
from schemas.region import province_name
from streams.judging.explanation import Condition, Cure
from streams.judging.outcome import Outcome, State, china_text
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import Said, record_evidence, says
from streams.judging.severity import SEVERITY_CUTS, SeverityCuts
from streams.judging.tracks.segments import Stop, instant, seconds

if TYPE_CHECKING:
    from schemas.registry import Fence
    from streams.judging.registry import RegistryView
    from streams.judging.tracks.journey import Trip
    from streams.judging.tracks.segments import Track

__all__ = ["LOADED", "TrackRule", "choice", "clock_text", "fence_evidence", "found"]
__all__ += [
    "found_on",
    "hours_text",
    "loaded_span",
    "map_note",
    "map_words",
    "not_tracked",
    "place_text",
    "silent",
    "span_text",
    "track_evidence",
]

_NONE = Parameters()
_MOST_EVENTS = 3
"""Track events that a finding shows: each has up to a thousand positions."""


class TrackRule(NamedTuple):
    """A rule of one journey of a vehicle on a manifest, or of a vehicle and its manifests together."""

    id: str
    version: int
    title_zh: str
    title_en: str
    judge: "Callable[[TrackRule, Any, RegistryView, datetime | None], Sequence[Outcome]]"
    scope: Literal["trip", "plate"]
    due: "Callable[[TrackRule, Any, RegistryView, datetime | None], datetime | None] | None" = None
    """The next instant after the clock at which time alone may change the outcome."""
    gravest: Severity = "critical"
    cuts: SeverityCuts = SEVERITY_CUTS
    parameters: Parameters = _NONE


def choice(
    name: str, default: int, unit: Said, least: int, most: int, zh: str, en: str
) -> Parameter:
    """Return a figure that no text sets."""
    return Parameter(
        name, default, unit, least, most, "choice", zh, en, "法规未规定，本系统 / no text, our own"
    )


def silent(
    rule: TrackRule,
    reason: str,
    said: Said,
    state: State = "not_applicable",
    margin: str | None = None,
) -> tuple[Outcome]:
    """Return the single outcome of a rule that finds nothing."""
    more: dict[str, Any] = {} if margin is None else {"margin": margin}
    return (says(rule, state, "-", reason, said, **more),)


def found(
    rule: TrackRule,
    discriminator: str,
    reason: str,
    said: Said,
    *,
    at: int,
    grams: int,
    unweighed: bool,
    evidence: Iterable[Evidence],
    law: Sequence[LegalBasis],
    conditions: Sequence[Condition],
    cures: Sequence[Cure],
    margin: str | None = None,
) -> Outcome:
    """Return a finding, always one for review: positions show where, never what or why."""
    return says(
        rule,
        "needs_review",
        discriminator,
        reason,
        said,
        act_at=instant(at),
        grams=grams,
        unweighed=unweighed,
        evidence=tuple(evidence),
        law=tuple(law),
        conditions=tuple(conditions),
        cures=tuple(cures),
        margin=margin,
    )


def found_on(
    rule: TrackRule,
    trip: "Trip",
    discriminator: str,
    reason: str,
    said: Said,
    *,
    at: int,
    seen: tuple[int, int],
    fences: "Iterable[Fence]" = (),
    law: Sequence[LegalBasis],
    conditions: Sequence[Condition],
    cures: Sequence[Cure],
    margin: str | None = None,
) -> Outcome:
    """Return a finding about a journey's load, with its manifest and what was told of a time as evidence."""
    leg = trip.leg
    return found(
        rule,
        discriminator,
        reason,
        said,
        at=at,
        grams=leg.grams,
        unweighed=leg.unweighed,
        evidence=[
            *leg.evidence(),
            *track_evidence(trip.track, *seen),
            *fence_evidence(fences),
        ],
        law=law,
        conditions=conditions,
        cures=cures,
        margin=margin,
    )


def not_tracked(rule: TrackRule, trip: "Trip") -> tuple[Outcome] | None:
    """Return the rule's word on a load during which the vehicle told no position at all, else None."""
    if trip.positions(trip.begins, trip.ends):
        return None
    return silent(rule, "not_tracked", ("途中没有位置", "no position while loaded"))


LOADED: Said = ("装载后至卸载前", "while loaded")


def loaded_span(trip: "Trip") -> Condition:
    """Return from when to when the vehicle was loaded, as far as it is told or seen."""
    begins, ends = clock_text(trip.begins), trip.unloaded
    span = (
        span_text(trip.begins, ends)
        if ends is not None
        else (f"{begins} 起，尚无运抵或交付", f"from {begins}, neither arrived nor handed over")
    )
    return condition(LOADED, span, holds=True, role="applies")


def map_note(trip: "Trip") -> Condition:
    """Return by which areas and margin provinces were told."""
    km = trip.margin_km
    areas = (
        (
            "内置粗略范围，不是地图，边界不真实",
            "built-in coarse areas, not a map, borders are not true",
        )
        if trip.coarse
        else ("使用方提供的省界", "borders given by the operator")
    )
    return condition(
        ("省份的判断", "how provinces are told"),
        areas,
        (f"距边界超过 {km} 公里方计入", f"counts more than {km} km inside"),
        holds=True,
        role="figure",
    )


def map_words(trip: "Trip") -> Said:
    """Return what a sentence about provinces adds where they are our coarse areas."""
    if not trip.coarse:
        return "", ""
    return "（省份按内置粗略范围判断，不是地图，边界不真实。）", (
        " (Provinces by built-in coarse areas: not a map, borders are not true.)"
    )


def clock_text(second: int) -> str:
    """Return an instant in China time to the minute."""
    return china_text(instant(second))


def span_text(begins: int, ends: int) -> Said:
    """Return from when to when, China time."""
    a, b = clock_text(begins), clock_text(ends)
    b = b.removeprefix(a[:11])
    return f"{a} 至 {b}", f"{a} to {b}"


def hours_text(seconds_: int) -> Said:
    """Return how long in words: 5 小时 20 分, 5 h 20 min."""
    hours, minutes = divmod(seconds_ // 60, 60)
    zh, en = f"{hours} 小时" if hours else "", f"{hours} h" if hours else ""
    if minutes or not hours:
        zh, en = f"{zh} {minutes} 分钟".strip(), f"{en} {minutes} min".strip()
    return zh, en


def place_text(stop: Stop) -> Said:
    """Return where a stop was."""
    lon, lat = f"{stop.lon:.4f}", f"{stop.lat:.4f}"
    if stop.province is None:
        return f"经度 {lon}、纬度 {lat}", f"{lon} E, {lat} N"
    name = province_name(stop.province + "0000")
    return f"{name}（经度 {lon}、纬度 {lat}）", f"{name} ({lon} E, {lat} N)"


def vehicle_evidence(plate: str, view: "RegistryView") -> list[Evidence]:
    """Return what is on record of a vehicle."""
    return [
        record_evidence("vehicle", v.id, f"车辆 {v.plate}", f"vehicle {v.plate}")
        for v in view.vehicles(plate)
    ]


def track_evidence(track: "Track | None", begins: int, ends: int) -> list[Evidence]:
    """Return the first events whose positions tell of a time, and what was put right in them."""
    if track is None:
        return []
    told = [b for b in track.batches if b.first <= ends and b.last >= begins]
    return [
        Evidence("event", b.ref, b.digest, f"车辆轨迹{note[0]}", f"positions{note[1]}")
        for b in told[:_MOST_EVENTS]
        for note in [_clock_note(b.shifted)]
    ]


def _clock_note(hours: int) -> Said:
    if not hours:
        return "", ""
    return f"，时钟已校正 {hours:+d} 小时", f", clock put right by {hours:+d} h"


def fence_evidence(fences: "Iterable[Fence]") -> list[Evidence]:
    """Return fences as evidence."""
    return [record_evidence("fence", f.id, f"围栏 {f.name}", f"fence {f.name}") for f in fences]


def now_seconds(now: datetime | None) -> int | None:
    """Return the clock in seconds."""
    return None if now is None else seconds(now)
