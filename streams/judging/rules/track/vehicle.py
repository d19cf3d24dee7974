"""一车一程: a run from a generator to a receiver that no manifest names; one vehicle at two places at once.

Basis: order 23 Art 11 and Art 10 (a manifest goes with the load). It may be told later than the positions are, so a
run without one is told only after some hours. Positions show no load: an empty run, a
delivery of goods and medical waste, which runs under registers of its own, look the same. A milk run, one
vehicle with loads of several units for one receiver, is lawful and is no second place.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from schemas.distance import least_km
from schemas.region import province_name
from schemas.registry import Fence
from streams.judging.explanation import Cure
from streams.judging.law import order_23
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.track.law import TRACKED
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
from streams.judging.tracks.journey import LONGEST_HAUL_H, PlateDay
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.segments import Stop, instant, seconds

__all__ = ["NO_MANIFEST", "NO_MANIFEST_LAW", "TWO_PLACES"]

NO_MANIFEST_LAW = (
    order_23(
        "第十条",
        "转移危险废物应当填写、运行电子转移联单",
        "a transfer of hazardous waste runs an electronic manifest",
        "consignor",
    ),
    *TRACKED,
)

_OPEN_S = 7 * 86_400
"""A load whose end is not told bars no later one: from anywhere to anywhere takes less. [D]"""


_Haul = tuple[Stop, Fence, Stop, Fence]


def _stood_in(stop: Stop, role: str) -> list[Fence]:
    return [f for f in stop.fences if f.role == role and f.owner is not None]


def _hauls(rule: TrackRule, plate: PlateDay) -> Iterator[_Haul]:
    """Yield stops at a generator left on the day, with the next at another unit's receiver within the hours."""
    least = rule.parameters["minutes"] * 60
    stops = [s for s in plate.track.stops if s.ends - s.begins >= least] if plate.track else []
    for n, stop in enumerate(stops):
        for site in _stood_in(stop, "generator") if plate.has(stop.ends) else ():
            for later in stops[n + 1 :]:
                if later.begins - stop.ends > rule.parameters["hours"] * 3600:
                    break
                ends = [f for f in _stood_in(later, "receiver") if f.owner != site.owner]
                if ends:
                    yield stop, site, later, ends[0]
                    break


def _no_manifest(
    rule: TrackRule, plate: PlateDay, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    if plate.track is None:
        return silent(rule, "not_tracked", ("没有位置", "there are no positions"))
    held = [v for v in view.vehicles(plate.plate) if view.permits(v.owner)]
    if not held:
        return silent(
            rule,
            "no_carrier",
            (
                "登记库中不是持许可承运人的车辆",
                "on record as no vehicle of a carrier with a permit",
            ),
        )
    if any(v.medical for v in held):
        return silent(
            rule,
            "medical",
            ("医疗废物专用车，按登记运行", "for medical waste, which runs under registers"),
        )
    hauls = list(_hauls(rule, plate))
    bare = _bare(plate, view, hauls)
    over = [haul for haul in bare if _over(rule, haul, now)]
    if bare and not over:
        return silent(
            rule,
            "in_time",
            ("联单可能尚未报到", "its manifest may be on its way"),
            "passed",
        )
    if not over:
        reason = "covered" if hauls else "no_run"
        said = (
            ("各次均有联单", "manifests name the vehicle each time")
            if hauls
            else ("未见由产生单位到接收单位", "no run from a generator to a receiver")
        )
        return silent(rule, reason, said, "passed")
    return tuple(_haul_finding(rule, plate, view, *haul) for haul in over)


def _bare(plate: PlateDay, view: RegistryView, hauls: Iterable[_Haul]) -> list[_Haul]:
    """Return those that no manifest covers, of two from one unit to another the first."""
    held = view.vehicles(plate.plate)
    found: dict[str, _Haul] = {}
    for haul in hauls:
        stop, site, later, end = haul
        then = instant(stop.begins)
        carries = any(in_force(v, then) and view.permits_in_force(v.owner, then) for v in held)
        if carries and not any(leg.covers(stop.begins, later.ends) for leg in plate.legs):
            found.setdefault(f"{site.owner}|{end.owner}", haul)
    return list(found.values())


def _told_by(rule: TrackRule, haul: _Haul) -> int:
    """Return until when a manifest for a run may still come in."""
    return haul[2].begins + rule.parameters["wait"] * 3600


def _over(rule: TrackRule, haul: _Haul, now: datetime | None) -> bool:
    return now is not None and seconds(now) > _told_by(rule, haul)


def _run_due(
    rule: TrackRule, plate: PlateDay, view: RegistryView, now: datetime | None
) -> datetime | None:
    waiting = [
        _told_by(rule, haul)
        for haul in _bare(plate, view, _hauls(rule, plate))
        if not _over(rule, haul, now)
    ]
    return instant(min(waiting)) + timedelta(microseconds=1) if waiting else None


def _haul_finding(
    rule: TrackRule,
    plate: PlateDay,
    view: RegistryView,
    stop: Stop,
    site: Fence,
    later: Stop,
    end: Fence,
) -> Outcome:
    first, then = span_text(stop.begins, stop.ends), span_text(later.begins, later.ends)
    hours = rule.parameters["hours"]
    said = (
        f"{plate.plate} {first[0]} 停在产生单位围栏{site.name}，{then[0]} 停在接收单位围栏{end.name}，其间没有联单"
        "载明该车；是否载有危险废物须核查。",
        f"{plate.plate} stood in the generator's fence {site.name}, {first[1]}, and in the receiver's fence "
        f"{end.name}, {then[1]} (China time); no manifest names the vehicle in that time. Whether it carried "
        "hazardous waste is to be checked.",
    )
    return found(
        rule,
        f"{site.owner}|{end.owner}",
        "no_manifest",
        said,
        at=stop.ends,
        grams=0,
        unweighed=True,
        evidence=[
            *track_evidence(plate.track, stop.begins, later.ends),
            *fence_evidence([site, end]),
            *vehicle_evidence(plate.plate, view),
        ],
        law=NO_MANIFEST_LAW,
        conditions=(
            condition(
                ("由产生单位到接收单位", "from a generator to a receiver"),
                hours_text(later.begins - stop.ends),
                (f"{hours} 小时内", f"within {hours} hours"),
                holds=True,
                role="applies",
            ),
            condition(
                ("载明该车的联单", "a manifest that names the vehicle"),
                ("无", "none"),
                ("至少一份", "one at least"),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若确有联单而车牌填错，更正联单后本告警附理由撤回；若未载危险废物，核实后可关闭。",
                en="If there is a manifest with a wrong plate, the alert is withdrawn once it is corrected; if "
                "no hazardous waste was carried it can be closed.",
                party="consignor",
                kind="liandan.manifest.filed.v1",
            ),
        ),
    )


def _points(leg: Leg) -> list[tuple[int, str, str, str]]:
    """Return when a leg says in which region its vehicle was, and what for."""
    points = []
    if leg.first and leg.loaded is not None:
        points.append((leg.loaded, leg.origin, "装载", "loaded"))
    if leg.last and leg.arrived is not None:
        points.append((leg.arrived, leg.destination, "运抵", "arrived"))
    return points


def _together(legs: Sequence[Leg]) -> Iterator[tuple[Leg, Leg]]:
    """Yield pairs that are on the road at one time; legs in order of their loading."""
    for n, one in enumerate(legs):
        start = one.loaded or 0
        end = one.until if one.until is not None else start + _OPEN_S
        for other in legs[n + 1 :]:
            if (other.loaded or 0) >= end:
                break
            if other.until is None or other.until > start:
                yield one, other


def _two_places(
    rule: TrackRule, plate: PlateDay, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    moved = sorted(
        (leg for leg in plate.legs if leg.loaded is not None and leg.judged),
        key=lambda leg: (leg.loaded, leg.manifest),
    )
    pairs = 0
    findings = []
    for one, other in _together(moved):
        pairs += 1
        clash = _clash(rule, one, other) if one.receiver != other.receiver else None
        if clash is not None and plate.has(max(clash[0][0], clash[1][0])):
            findings.append(_clash_finding(rule, plate, (one, other), *clash))
    if findings:
        return tuple(findings)
    if pairs:
        return silent(
            rule,
            "possible",
            ("各联单的行程可以同时成立", "its manifests can all be true"),
            "passed",
        )
    return silent(
        rule, "one_at_a_time", ("同一时间只在一份联单上", "on one manifest at a time"), "passed"
    )


_Point = tuple[int, str, str, str]


def _clash(rule: TrackRule, one: Leg, other: Leg) -> tuple[_Point, _Point, int] | None:
    """Return the two moments that fit together least, with the way between them, if they do not."""
    worst: tuple[float, _Point, _Point, int] | None = None
    spare = rule.parameters["clocks"] / 60
    for a in _points(one):
        for b in _points(other):
            km = least_km(a[1], b[1])
            lack = km / rule.parameters["speed"] - abs(a[0] - b[0]) / 3600 - spare
            if km and lack > 0 and (worst is None or lack > worst[0]):
                worst = lack, a, b, km
    return worst[1:] if worst is not None else None


def _clash_finding(
    rule: TrackRule, plate: PlateDay, legs: tuple[Leg, Leg], a: _Point, b: _Point, km: int
) -> Outcome:
    one, other = legs
    between = hours_text(abs(a[0] - b[0]))
    first, second = province_name(a[1]), province_name(b[1])
    said = (
        f"{plate.plate} 同时在联单 {one.manifest}、{other.manifest} 上：{clock_text(a[0])} 在{first}{a[2]}，"
        f"{clock_text(b[0])} 在{second}{b[2]}，相隔 {between[0]}，两省之间至少 {km} 公里；车牌或时间是否填错、"
        "是否实际运输须核查。",
        f"{plate.plate} is on the manifests {one.manifest} and {other.manifest} at the same time: {a[3]} in "
        f"{first} on {clock_text(a[0])}, {b[3]} in {second} on {clock_text(b[0])} (China time), {between[1]} "
        f"and at the least {km} km apart. Whether a plate or time is wrong, or a load never went, is to be "
        "checked.",
    )
    speed = rule.parameters["speed"]
    return found(
        rule,
        f"{one.manifest}|{other.manifest}",
        "two_places",
        said,
        at=max(a[0], b[0]),
        grams=one.grams + other.grams,
        unweighed=one.unweighed or other.unweighed,
        evidence=[*one.evidence(), *other.evidence()],
        law=TRACKED,
        conditions=(
            condition(
                ("同时在途的联单", "manifests under way at one time"),
                (f"{one.manifest}、{other.manifest}", f"{one.manifest}, {other.manifest}"),
                holds=True,
                role="applies",
            ),
            condition(
                ("两处之间的时间", "time between the two places"),
                between,
                (
                    f"{km} 公里按时速 {speed} 公里所需",
                    f"what {km} km take at {speed} km/h",
                ),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若车牌或时间填错，填报方更正后重新研判。",
                en="If a plate or a time is wrong, the correction of who told it is judged again.",
                party="carrier",
                kind="liandan.manifest.corrected.v1",
            ),
        ),
    )


NO_MANIFEST = TrackRule(
    "track.no_manifest",
    1,
    "由产生单位到接收单位而无联单",
    "from a generator to a receiver without a manifest",
    _no_manifest,
    "plate",
    due=_run_due,
    parameters=Parameters(
        choice(
            "minutes",
            10,
            ("分钟", "minutes"),
            5,
            1440,
            "两处停留均达此数",
            "a stop of so long at both",
        ),
        choice(
            "hours",
            24,
            ("小时", "hours"),
            1,
            LONGEST_HAUL_H,
            "两处停留相隔在此之内",
            "so long between the stops",
        ),
        choice(
            "wait",
            24,
            ("小时", "hours"),
            0,
            480,
            "到达后等候联单报到的时间",
            "how long a manifest is waited for after the second stop",
        ),
    ),
)
TWO_PLACES = TrackRule(
    "carrier.two_places",
    1,
    "同一车辆同时在两处",
    "one vehicle at two places at once",
    _two_places,
    "plate",
    parameters=Parameters(
        choice(
            "speed",
            120,
            ("公里/小时", "km/h"),
            60,
            200,
            "高于此时速即不可能",
            "what would need a higher speed is impossible",
        ),
        choice(
            "clocks",
            15,
            ("分钟", "minutes"),
            0,
            120,
            "各方时钟之差在此之内不计",
            "differences of the parties' clocks up to this are forgiven",
        ),
    ),
)
