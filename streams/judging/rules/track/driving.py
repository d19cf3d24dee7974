"""超速与疲劳驾驶: a load that went too fast for too long, or whose driver went too long without a rest.

Basis: order 29 of 2019 (危险货物道路运输安全管理办法) Art 46, no more than 80 km/h on motorways and 60 km/h on
other roads; 道路交通安全法实施条例 Art 62(7), no more than four hours without a rest of 20 minutes. Positions tell
neither which road it was nor who drove: the speed is held against the higher limit, and where two may take
turns at the wheel nothing is said. Clocks, sensors and positions err: all of it is for review.
"""

from collections.abc import Sequence
from datetime import datetime

from streams.judging.explanation import Cure
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.track.law import RESTED, speeds
from streams.judging.rules.track.rule import (
    TrackRule,
    choice,
    found_on,
    hours_text,
    loaded_span,
    not_tracked,
    silent,
    span_text,
)
from streams.judging.tracks.journey import Trip
from streams.judging.tracks.running import Drive, Fast, driven, fast
from streams.judging.tracks.segments import instant

__all__ = ["DRIVING_TIME", "SPEEDING"]

_KMH = ("公里/小时", "km/h")
_MINUTES = ("分钟", "minutes")


def _speeding(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    limit, tolerance = rule.parameters["limit"], rule.parameters["tolerance"]
    least = rule.parameters["seconds"]
    stretches = [
        f
        for f in fast(trip.track, trip.begins, trip.ends, limit, tolerance)
        if f.ends - f.begins > least
    ]
    if not stretches:
        return silent(rule, "none", ("未见持续超速", "no lasting speed above the limit"), "passed")
    worst = max(stretches, key=lambda f: (f.kmh, f.ends - f.begins, -f.begins))
    return (_speeding_finding(rule, trip, worst, len(stretches)),)


def _speeding_finding(rule: TrackRule, trip: Trip, worst: Fast, count: int) -> Outcome:
    leg, when, took = trip.leg, span_text(worst.begins, worst.ends), _seconds(worst)
    limit, tolerance = rule.parameters["limit"], rule.parameters["tolerance"]
    seconds, kmh, by_way = rule.parameters["seconds"], f"{worst.kmh:.0f}", _by_way(worst)
    more = (
        (f"（共 {count} 段，此为最快）", f" (the fastest of {count} stretches)")
        if count > 1
        else ("", "")
    )
    source = ("终端上报", "as told by its terminal") if worst.told else ("按位置推算", "by its way")
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 持续 {took[0]}平均时速 {kmh} 公里（{source[0]}）{more[0]}，"
        f"高于危险货物运输车辆在高速公路上的限速 {limit} 公里；是否属实须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, went at {kmh} km/h in the mean ({source[1]}) for {took[1]}, "
        f"{when[1]} (China time){more[1]}: more than the {limit} km/h that a vehicle with dangerous goods may "
        "go on a motorway. Whether that is so is to be checked.",
    )
    return found_on(
        rule,
        trip,
        "-",
        "speeding",
        said,
        at=worst.begins,
        seen=(worst.begins, worst.ends),
        law=speeds(instant(worst.begins)),
        conditions=(
            loaded_span(trip),
            condition(
                ("平均时速", "speed in the mean"),
                (f"{kmh} 公里/小时（{source[0]}）", f"{kmh} km/h ({source[1]})"),
                (
                    f"不超过 {limit} 公里/小时，另允许误差 {tolerance}",
                    f"no more than {limit} km/h, {tolerance} forgiven",
                ),
                holds=None,
            ),
            condition(
                ("持续时间", "how long"),
                took,
                (f"不超过 {seconds} 秒", f"no longer than {seconds} seconds"),
                holds=None,
            ),
            condition(
                ("两端位置之间的平均时速", "speed by the way between its positions"),
                (f"至少 {by_way} 公里/小时", f"{by_way} km/h at the least"),
                (f"超过 {limit} 公里/小时方计入", f"counts above {limit} km/h"),
                holds=True,
                role="figure",
            ),
            condition(
                ("道路类别", "class of the road"),
                (
                    "位置不能说明，按较高的限速判断",
                    "not told by positions: held against the higher limit",
                ),
                holds=True,
                role="figure",
            ),
        ),
        cures=(
            Cure(
                zh="承运人核对行驶记录仪；若终端速度或时钟有误，附检定或维修凭证说明，经核实后本告警可关闭。",
                en="The carrier checks the tachograph; if the terminal's speed or clock is wrong it says so with "
                "proof, and once checked the alert can be closed.",
                party="carrier",
            ),
        ),
        margin=f"{limit - worst.kmh:.0f} km/h",
    )


def _seconds(stretch: Fast) -> tuple[str, str]:
    minutes, rest = divmod(stretch.ends - stretch.begins, 60)
    if not rest:
        return f"{minutes} 分钟", f"{minutes} min"
    zh, en = (f"{minutes} 分 ", f"{minutes} min ") if minutes else ("", "")
    return f"{zh}{rest} 秒", f"{en}{rest} s"


def _by_way(stretch: Fast) -> str:
    return f"{stretch.km * 3600 / (stretch.ends - stretch.begins):.0f}"


def _driving_time(
    rule: TrackRule, trip: Trip, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    drivers = trip.leg.drivers
    if drivers is None:
        return silent(
            rule, "not_counted", ("驾驶员人数尚未读取", "how many drive was not looked at yet")
        )
    if drivers > 1:
        return silent(
            rule,
            "two_drivers",
            (
                "联单或登记显示有两名驾驶员，可轮换驾驶",
                "two drivers are on record, who may take turns",
            ),
        )
    nothing = not_tracked(rule, trip)
    if nothing is not None:
        return nothing
    most, rest = rule.parameters["hours"] * 3600, rule.parameters["rest"] * 60
    times = trip.track.times
    longest: Drive | None = None
    if min(trip.ends, times[-1]) - max(trip.begins, times[0]) > most:
        kmh = rule.parameters["speed"]
        drives = driven(trip.track, trip.begins, trip.ends, kmh, rest, most)
        longest = max(drives, key=lambda d: (d.drove, -d.begins), default=None)
    if longest is None or longest.over is None:
        return silent(
            rule, "rested", ("未见连续驾驶超时", "no drive too long without a rest"), "passed"
        )
    return (_driving_finding(rule, trip, longest, longest.over),)


def _driving_finding(rule: TrackRule, trip: Trip, drive: Drive, over: int) -> Outcome:
    leg, when, drove = trip.leg, span_text(drive.begins, drive.ends), hours_text(drive.drove)
    hours, rest, kmh = (rule.parameters[name] for name in ("hours", "rest", "speed"))
    said = (
        f"{leg.plate} 载有{leg.waste_zh}，{when[0]} 共行驶 {drove[0]}，其间没有达到 {rest} 分钟的停车休息；是否由一人"
        "连续驾驶须核查。",
        f"{leg.plate}, loaded with {leg.waste_en}, drove for {drove[1]} from {when[1]} (China time) without a "
        f"rest of {rest} minutes; whether one driver did so is to be checked.",
    )
    return found_on(
        rule,
        trip,
        "-",
        "no_rest",
        said,
        at=over,
        seen=(drive.begins, drive.ends),
        law=RESTED,
        conditions=(
            loaded_span(trip),
            condition(
                ("连续驾驶时间", "driven without a rest"),
                drove,
                (f"不超过 {hours} 小时", f"no longer than {hours} hours"),
                holds=None,
            ),
            condition(
                ("停车休息", "rest"),
                (f"其间没有达到 {rest} 分钟的", f"none of {rest} minutes in that time"),
                (f"不少于 {rest} 分钟", f"{rest} minutes at the least"),
                holds=None,
            ),
            condition(
                ("计为驾驶", "what counts as driving"),
                (f"时速 {kmh} 公里及以上", f"{kmh} km/h and more"),
                ("短停和失去位置的时间不计", "halts and silences do not count"),
                holds=True,
                role="figure",
            ),
            condition(
                ("驾驶员", "drivers"),
                ("联单和登记未见第二名", "no second one on the manifest or on record"),
                ("两名可轮换驾驶", "two may take turns"),
                holds=True,
                role="applies",
            ),
        ),
        cures=(
            Cure(
                zh="若有两名驾驶员轮换，承运人更正联单的驾驶员或登记其从业资格后，本告警附理由撤回。",
                en="If two drivers took turns, the alert is withdrawn once the carrier corrects the drivers on the "
                "manifest or has their certificates recorded.",
                party="carrier",
                kind="liandan.manifest.corrected.v1",
            ),
        ),
        margin=f"{hours - drive.drove / 3600:.1f} h",
    )


_ART_46 = "危险货物道路运输安全管理办法第四十六条 / order 29 of 2019, Art 46"
_ART_62 = (
    "道路交通安全法实施条例第六十二条第（七）项 / regulation on road traffic safety, Art 62(7)"
)
SPEEDING = TrackRule(
    "track.speeding",
    1,
    "载运途中持续超速",
    "above the speed limit for long while loaded",
    _speeding,
    "trip",
    gravest="medium",
    parameters=Parameters(
        Parameter(
            "limit",
            80,
            _KMH,
            30,
            120,
            "law",
            "限速；位置不能说明道路类别，按高速公路的限速",
            "limit: that on motorways, as positions do not tell the road",
            _ART_46,
        ),
        choice(
            "tolerance", 10, _KMH, 0, 40, "超出限速在此之内不计", "so much above it is forgiven"
        ),
        choice(
            "seconds",
            120,
            ("秒", "seconds"),
            10,
            3600,
            "持续超过此数方计入",
            "counts if it lasts longer",
        ),
    ),
)
DRIVING_TIME = TrackRule(
    "track.driving_time",
    1,
    "载运途中连续驾驶超时",
    "too long at the wheel without a rest while loaded",
    _driving_time,
    "trip",
    gravest="medium",
    parameters=Parameters(
        Parameter(
            "hours",
            4,
            ("小时", "hours"),
            1,
            24,
            "law",
            "连续驾驶超过此数须休息",
            "a rest is due after so long at the wheel",
            _ART_62,
        ),
        Parameter(
            "rest",
            20,
            _MINUTES,
            5,
            240,
            "law",
            "停车达此数为休息",
            "standing for so long is a rest",
            _ART_62,
        ),
        choice("speed", 5, _KMH, 1, 30, "达此时速计为驾驶", "counts as driving from this speed on"),
    ),
)
