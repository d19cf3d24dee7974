"""暂存: packages that stay in an institution's store for more than two days, and pick-ups that never come.

Basis: regulation of 2003 Arts 17 and 25. Two days are 48 hours from sealing (domain 9); an emergency
order may set another limit. The institution must not keep it longer, the plant must come for it: when
nobody came at all in that time, both are told. Remote places without a collection agreement treat on
the spot (Art 21) and are left in peace.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import LegalBasis
from streams.judging.explanation import Condition, Cure
from streams.judging.medical import law
from streams.judging.medical.day import HospitalDay
from streams.judging.medical.package import Mark, Package
from streams.judging.medical.regime import Limit, limit_end, region_of
from streams.judging.medical.waiting import Clock, Wait
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.medical.rule import (
    MedicalRule,
    found,
    kilograms,
    mark_evidence,
    named,
    silent,
)
from streams.judging.rules.once import once
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import Said, record_evidence

__all__ = ["CAME", "NOT_COLLECTED", "STORED_TOO_LONG", "ends_of_waiting"]

CAME = "came"
"""The reason that nobody is told of a stay: somebody came meanwhile."""

_HOURS = Parameter(
    "hours",
    48,
    ("小时", "hours"),
    1,
    720,
    "law",
    "暂存时限，自封装时起",
    "how long a package may stay in store, from its sealing",
    "医疗废物管理条例第十七条 / regulation of 2003 Art 17",
)


class _Stay(NamedTuple):
    """One package in one store: where, from when, until what."""

    holder: str
    package: Package
    start: Mark
    left: Mark | None
    limit: Limit
    hours: int
    """The limit without orders, which may be another rule's."""

    def too_long(self, clock: Clock) -> bool:
        """Whether it stayed longer than it may; without a clock only what has ended can tell."""
        if self.left is not None:
            return self.left.at > self.limit.end
        return clock.over(self.wait)

    @property
    def wait(self) -> Wait:
        """That it leaves the store."""
        return Wait(f"store/{self.hours}/{self.holder}/{self.package.id}", self.limit.end)


@once
def _stays(facts: HospitalDay, view: RegistryView, hours: int) -> list[_Stay]:
    """Return each package's time in a store; ``hours``: the limit without orders."""
    limits: dict[tuple[str, datetime], Limit] = {}

    def stay(holder: str, package: Package, start: Mark, left: Mark | None) -> _Stay:
        known = limits.get((holder, start.at))
        if known is None:
            region = region_of(view, holder, start.at)
            orders = view.orders(region) if region is not None else ()
            known = limits[holder, start.at] = limit_end(
                start.at,
                hours,
                [(o, o.store_hours) for o in orders if o.store_hours is not None],
            )
        return _Stay(holder, package, start, left, known, hours)

    stays = []
    for package in facts.packages:
        if package.sealed is None or package.lost is not None:
            continue
        moved = package.transferred
        left = package.left_store
        if moved is not None and (left is None or moved.at <= left.at):
            stays.append(stay(facts.institution, package, package.sealed, moved))
            stays.append(stay(moved.data.to, package, moved, left))
        else:
            stays.append(stay(facts.institution, package, package.sealed, left))
    return stays


def _in_peace(facts: HospitalDay, view: RegistryView, at: datetime) -> bool:
    held = view.institution(facts.institution, at)
    return held is not None and held.remote and not view.agreements_in_force(facts.institution, at)


def _asked(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView
) -> list[_Stay] | tuple[Outcome]:
    stays = _stays(facts, view, rule.parameters["hours"])
    if not stays:
        return silent(rule, "nothing_sealed", ("当日没有封装", "nothing was sealed on that day"))
    if _in_peace(facts, view, stays[0].start.at):
        return silent(
            rule,
            "remote",
            (
                "偏远地区且无收运协议，就地处置",
                "a remote place without an agreement treats on the spot",
            ),
        )
    return stays


def ends_of_waiting(facts: HospitalDay, view: RegistryView, rule: MedicalRule) -> list[datetime]:
    """Return when the term ends of each package that is still in a store, in order."""
    stays = _asked(rule, facts, view)
    return [] if isinstance(stays, tuple) else sorted(s.limit.end for s in stays if s.left is None)


def _waits(rule: MedicalRule, facts: HospitalDay, view: RegistryView) -> list[Wait]:
    stays = _asked(rule, facts, view)
    return [] if isinstance(stays, tuple) else [s.wait for s in stays if s.left is None]


def _stored(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    stays = _asked(rule, facts, view)
    if isinstance(stays, tuple):
        return stays
    late: dict[str, list[_Stay]] = defaultdict(list)
    for stay in stays:
        if stay.too_long(clock):
            late[stay.holder].append(stay)
    if not late:
        return _kept(rule, stays)
    return tuple(
        _finding(
            rule,
            view,
            over,
            "-" if holder == facts.institution else holder,
            ("暂存", "was in store"),
            law.store(over[0].limit.end),
        )
        for holder, over in sorted(late.items())
    )


def _kept(rule: MedicalRule, stays: Sequence[_Stay]) -> tuple[Outcome]:
    waiting = sum(s.left is None for s in stays)
    if waiting:
        return silent(
            rule,
            "term_runs",
            (f"{waiting} 件仍在暂存，时限未到", f"{waiting} in store, within the term"),
        )
    left = min(s.limit.end - s.left.at for s in stays if s.left is not None)
    hours = int(left.total_seconds() // 3600)
    return silent(
        rule,
        "in_time",
        (f"均在时限内运走，余 {hours} 小时", f"all were taken in time, {hours} h to spare"),
        "passed",
    )


def _not_collected(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    stays = _asked(rule, facts, view)
    if isinstance(stays, tuple):
        return stays
    own = [s for s in stays if s.holder == facts.institution and s.too_long(clock)]
    if not own:
        return _kept(rule, stays)
    agreed = view.agreements_in_force(facts.institution, own[0].start.at)
    if not agreed:
        return silent(
            rule,
            "no_agreement",
            (
                "登记库没有该机构的收运协议",
                "the registry has no collection agreement of the institution",
            ),
        )
    alone = [
        s for s in own if not any(s.start.at <= p.mark.at <= s.limit.end for p in facts.pickups)
    ]
    if not alone:
        return silent(
            rule, CAME, ("期间来过收运", "somebody came for the waste in that time"), "passed"
        )
    return tuple(
        _finding(
            rule,
            view,
            alone,
            agreement.plant,
            (
                f"期间 {agreement.plant_name or agreement.plant} 未来收运，暂存",
                "nobody came for it; it was in store",
            ),
            law.collection(alone[0].limit.end),
            record_evidence(
                "collection_agreement",
                agreement.id,
                f"收运协议，至少每 {agreement.every_hours} 小时一次",
                f"collection agreement, at least every {agreement.every_hours} hours",
            ),
        )
        for agreement in agreed
    )


def _finding(
    rule: MedicalRule,
    view: RegistryView,
    over: Sequence[_Stay],
    discriminator: str,
    did: Said,
    cited: Sequence[LegalBasis],
    *more: object,
) -> Outcome:
    worst = min(over, key=lambda s: (s.limit.end, s.package.id))
    grams = sum(s.package.sealed.weight_g or 0 for s in over if s.package.sealed is not None)
    waiting = [s for s in over if s.left is None]
    names = named(s.package for s in over)
    order = worst.limit.order
    rest = (
        (f"其中 {len(waiting)} 件至今未运走", f"{len(waiting)} of them were not taken yet")
        if waiting
        else ("后已运走", "all were taken later")
    )
    by = (
        (f"（应急令 {order.document}）", f" (emergency order {order.document})")
        if order is not None
        else ("", "")
    )
    said = (
        f"{len(over)} 件医疗废物（{names[0]}）共 {kilograms(grams)}{did[0]}超过 {worst.limit.hours} 小时{by[0]}："
        f"最早一件 {china_text(worst.start.at)} 起，应在 {china_text(worst.limit.end)} 前运走，{rest[0]}。",
        f"{len(over)} packages ({names[1]}), {kilograms(grams)}: {did[1]} for more than {worst.limit.hours} "
        f"hours{by[1]}; the first since {china_text(worst.start.at)}, due to leave by "
        f"{china_text(worst.limit.end)} (China time); {rest[1]}.",
    )
    evidence = [
        mark_evidence(s.start, f"封装 {s.package.id}", f"sealed {s.package.id}") for s in over
    ]
    evidence += [
        mark_evidence(s.left, f"运走 {s.package.id}", f"taken {s.package.id}")
        for s in over
        if s.left is not None
    ]
    if order is not None:
        evidence.insert(
            0,
            record_evidence(
                "emergency_order", order.id, f"应急令 {order.document}", f"order {order.document}"
            ),
        )
    late = [s.left.at - s.limit.end for s in over if s.left is not None]
    return found(
        rule,
        "violated",
        discriminator,
        "silent" if waiting else "late",
        said,
        act_at=worst.limit.end,
        grams=grams,
        evidence=[*more, *evidence],  # type: ignore[list-item]
        law=(*cited, *(law.epidemic() if order is not None else ())),
        margin=None if waiting else f"-{int(max(late).total_seconds() // 3600)} h",
        conditions=_conditions(over, worst),
        cures=_cures(),
    )


def _conditions(over: Sequence[_Stay], worst: _Stay) -> tuple[Condition, ...]:
    left = china_text(worst.left.at) if worst.left is not None else "—"
    return (
        condition(
            ("在机构暂存的医疗废物", "medical waste in an institution's store"),
            (f"{len(over)} 件", f"{len(over)} packages"),
            holds=True,
            role="applies",
        ),
        condition(
            ("运走时间", "taken at"),
            (left, left),
            (f"≤ {china_text(worst.limit.end)}",) * 2,
            holds=False,
            margin=None,
        ),
    )


def _cures() -> tuple[Cure, ...]:
    return (
        Cure(
            zh="若在时限前已运走，只是登记未报或时间有误，补报或更正后本告警附理由撤回。",
            en="If it was taken in time and only the register is missing or wrong, the alert is withdrawn "
            "with the reason once that is posted or corrected.",
            party="receiver",
            kind="liandan.medical.collected.v1",
        ),
    )


STORED_TOO_LONG = MedicalRule(
    "medical.stored_too_long",
    1,
    "医疗废物暂存超时",
    "medical waste kept in store too long",
    _stored,
    "hospital_day",
    waits=_waits,
    parameters=Parameters(_HOURS),
)
NOT_COLLECTED = MedicalRule(
    "medical.not_collected",
    1,
    "未按时收运医疗废物",
    "nobody came for medical waste in time",
    _not_collected,
    "hospital_day",
    waits=_waits,
    parameters=Parameters(_HOURS),
)
