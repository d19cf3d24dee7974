"""周转箱: boxes that are used again without having been washed, or are not washed in time.

Basis: GB 39707-2020: vehicles and boxes are washed and disinfected within 24 hours of use. A box is used
when a register of the plant names it. Several registers of one trip may name the same box: what comes in
within some hours is one use. A plant that posts no washing of boxes at all around a day is not accused.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.instant import china_day
from streams.judging.explanation import Cure
from streams.judging.medical import law
from streams.judging.medical.day import PlantDay
from streams.judging.medical.said import Counted
from streams.judging.medical.waiting import Clock, Wait
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition, some
from streams.judging.rules.medical.rule import MedicalRule, found, mark_evidence, silent
from streams.judging.rules.parameter import Parameter, Parameters

__all__ = ["BOX_NOT_WASHED"]

_PARAMETERS = Parameters(
    Parameter(
        "hours",
        24,
        ("小时", "hours"),
        1,
        720,
        "law",
        "周转箱使用后清洗消毒的时限",
        "limit of washing a box after use",
        "GB 39707-2020",
    ),
    Parameter(
        "trip_hours",
        6,
        ("小时", "hours"),
        0,
        24,
        "choice",
        "相隔不足此数的入厂登记视为同一车次",
        "arrivals less than this apart are of one trip",
        "本系统 / our own",
    ),
)


class _Use(NamedTuple):
    """The last arrival of a box on one trip, its next use, and its washing, if any."""

    box: str
    trip: int
    """The number of its trip among those of the days looked at."""
    came: Counted
    again: Counted | None
    washed: Counted | None
    end: datetime

    @property
    def reused(self) -> bool:
        """Whether it was used again before it was washed."""
        return self.again is not None and (self.washed is None or self.washed.at > self.again.at)

    def late(self, clock: Clock) -> bool:
        """Whether it was washed late; without a clock only a washing can tell."""
        if self.washed is not None:
            return self.washed.at > self.end
        return clock.over(self.wait)

    @property
    def wait(self) -> Wait:
        """That it is washed."""
        return Wait(f"box/{self.trip}/{self.box}", self.end)


def _uses(rule: MedicalRule, facts: PlantDay) -> list[_Use]:
    """Return the uses that end on the day, by box and time."""
    apart = timedelta(hours=rule.parameters["trip_hours"])
    arrivals: dict[str, list[Counted]] = defaultdict(list)
    for one in (*facts.said, *facts.again):
        if one.verb == "received":
            for box in dict.fromkeys(one.data.boxes):
                arrivals[box].append(one)
    uses = []
    for box, came in sorted(arrivals.items()):
        trips: list[list[Counted]] = []
        for one in sorted(came, key=lambda c: (c.at, c.ref)):
            if trips and one.at - trips[-1][-1].at < apart:
                trips[-1].append(one)
            else:
                trips.append([one])
        nexts = [*(trip[0] for trip in trips[1:]), None]
        for n, (trip, again) in enumerate(zip(trips, nexts, strict=True)):
            last = trip[-1]
            if china_day(last.at) != facts.day:
                continue
            after = [w for w in facts.washed if _is_of(w, box) and w.at >= last.at]
            washed = min(after, key=lambda w: (w.at, w.ref), default=None)
            end = last.at + timedelta(hours=rule.parameters["hours"])
            uses.append(_Use(box, n, last, again, washed, end))
    return uses


def _is_of(washed: Counted, box: str) -> bool:
    return washed.data.what == "box" and washed.subject == box


def _washes(facts: PlantDay) -> bool:
    """Whether the unit reports washings of boxes at all, as far as this day shows."""
    return any(w.data.what == "box" for w in facts.washed)


def _waits(rule: MedicalRule, facts: PlantDay, view: RegistryView) -> list[Wait]:
    if not _washes(facts):
        return []
    return [use.wait for use in _uses(rule, facts) if use.washed is None and not use.reused]


def _box_not_washed(
    rule: MedicalRule, facts: PlantDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    uses = _uses(rule, facts)
    if not uses:
        return silent(rule, "no_box", ("当日没有登记的周转箱入厂", "no box was named on that day"))
    if not _washes(facts):
        return silent(
            rule,
            "not_reported",
            (
                "该单位当日未上报任何周转箱清洗消毒",
                "the unit reported no washing of boxes around that day",
            ),
        )
    dirty = [use for use in uses if use.reused or use.late(clock)]
    if not dirty:
        return silent(
            rule,
            "washed",
            ("均在时限内清洗消毒或时限未到", "washed in time, or the term is running"),
            "passed",
        )
    return (_dirty(rule, dirty),)


def _dirty(rule: MedicalRule, dirty: Sequence[_Use]) -> Outcome:
    reused = [use for use in dirty if use.reused]
    first = min(reused or dirty, key=lambda u: (_broken_at(u), u.box))
    names = some(dict.fromkeys(use.box for use in dirty))
    boxes = len({use.box for use in dirty})
    what, reason = _what(first)
    came = china_text(first.came.at)
    evidence = []
    for use in dirty:
        evidence.append(mark_evidence(use.came, f"入厂 {use.box}", f"came in {use.box}"))
        if use.reused and use.again is not None:
            evidence.append(mark_evidence(use.again, f"再用 {use.box}", f"used again {use.box}"))
        if use.washed is not None:
            evidence.append(mark_evidence(use.washed, f"清洗 {use.box}", f"washed {use.box}"))
    again = (
        (f"，其中 {len(reused)} 个未洗即再用", f", {len(reused)} of them used again unwashed")
        if reused
        else ("", "")
    )
    told = china_text(first.washed.at) if first.washed is not None else "—"
    limit = china_text(min(first.end, _broken_at(first)))
    return found(
        rule,
        "needs_review",
        "boxes",
        reason,
        (
            f"{boxes} 个周转箱（{names[0]}）使用后未按要求清洗消毒{again[0]}：{first.box} {came} 入厂，{what[0]}，"
            "须核查。",
            f"{boxes} boxes ({names[1]}) were not washed as they should after use{again[1]}: {first.box} came in on "
            f"{came} (China time), {what[1]}. To be checked.",
        ),
        act_at=_broken_at(first),
        grams=0,
        evidence=evidence,
        law=law.box_washing(),
        conditions=(
            condition(
                (f"周转箱 {first.box} 清洗消毒时间", f"box {first.box} washed at"),
                (told, told),
                (f"≤ {limit}",) * 2,
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若已清洗消毒只是未报，补报后本告警附理由撤回。",
                en="If it was washed and only not posted, the alert is withdrawn with the reason once it is.",
                party="receiver",
                kind="liandan.medical.washed.v1",
            ),
        ),
    )


def _broken_at(use: _Use) -> datetime:
    """Return when it was used again unwashed, else when its term was over."""
    return use.again.at if use.reused and use.again is not None else use.end


def _what(use: _Use) -> tuple[tuple[str, str], str]:
    if use.reused and use.again is not None:
        at = china_text(use.again.at)
        return (
            f"{at} 再次装运入厂，其间没有清洗消毒的登记",
            f"and again on {at} with no washing between",
        ), "reused"
    end = china_text(use.end)
    if use.washed is None:
        return (
            f"应在 {end} 前清洗消毒，没有清洗消毒的登记",
            f"to be washed by {end}; no washing was registered",
        ), "silent"
    at = china_text(use.washed.at)
    return (
        f"应在 {end} 前清洗消毒，{at} 才清洗",
        f"to be washed by {end}; it was only on {at}",
    ), "late"


BOX_NOT_WASHED = MedicalRule(
    "medical.box_not_washed",
    1,
    "周转箱未清洗消毒",
    "box not washed",
    _box_not_washed,
    "plant_day",
    waits=_waits,
    gravest="medium",
    parameters=_PARAMETERS,
)
