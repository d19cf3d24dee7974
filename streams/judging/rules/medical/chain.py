"""去向: packages that vanish between store and plant, that nobody sealed, whose weights do not agree.

Basis: regulation of 2003 Art 12 (source, kind, weight or number, hand-over and destination are
registered). No text gives a weight difference or a time on the road: both are parameters, and an
officer looks first. Weights are held together bag by bag, and where a register gives one weight for all
that it lists, with the sum of what was sealed. A weight that is off by a thousand is a slip of the unit
(kg for g), told to the units alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from streams.judging.explanation import Condition, Cure
from streams.judging.medical import law
from streams.judging.medical.day import HospitalDay, Register
from streams.judging.medical.package import Mark, Package
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
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import Said

__all__ = ["NEVER_SEALED", "UNACCOUNTED", "WEIGHT_DIFFERS"]

_ROAD = Parameter(
    "hours",
    24,
    ("小时", "hours"),
    1,
    720,
    "choice",
    "收运后应入厂的时限",
    "how long after collection a package must have reached a plant",
    "部分城市规定 / rule of some cities",
)
_GRAMS = Parameter(
    "grams",
    500,
    ("克", "g"),
    0,
    1_000_000,
    "choice",
    "重量差超过此数才提示",
    "the least difference that is told",
    "本系统 / our own",
)
_PERCENT = Parameter(
    "percent",
    10,
    ("%", "%"),
    0,
    1000,
    "choice",
    "重量差占封装重量超过此比例才提示",
    "the least share of the sealed weight that is told",
    "本系统 / our own",
)
_BATCH_GRAMS = Parameter(
    "batch_grams",
    2000,
    ("克", "g"),
    0,
    10_000_000,
    "choice",
    "整批重量差超过此数才提示",
    "the least difference of a batch that is told",
    "本系统 / our own",
)
_BATCH_PERCENT = Parameter(
    "batch_percent",
    5,
    ("%", "%"),
    0,
    1000,
    "choice",
    "整批重量差占封装重量之和超过此比例才提示",
    "the least share of the sealed weights of a batch that is told",
    "本系统 / our own",
)
_SLIP = 1000
_CLOSE = 0.02
"""How near to a thousandfold a weight must be to be called a slip of the unit."""


def _weight(package: Package) -> int:
    mark = package.sealed or package.received or package.first
    return (mark.weight_g or 0) if mark is not None else 0


def _total(packages: Sequence[Package]) -> int:
    return sum(map(_weight, packages))


def _on_the_road(facts: HospitalDay) -> list[tuple[Package, Mark]]:
    return [
        (p, p.collected)
        for p in facts.packages
        if p.collected is not None and p.reached_plant is None
    ]


def _overdue_at(rule: MedicalRule, mark: Mark) -> datetime:
    return mark.at + timedelta(hours=rule.parameters["hours"])


def _wait(rule: MedicalRule, package: Package, mark: Mark) -> Wait:
    return Wait(f"road/{package.id}", _overdue_at(rule, mark))


def _road_waits(rule: MedicalRule, facts: HospitalDay, view: RegistryView) -> list[Wait]:
    return [_wait(rule, package, mark) for package, mark in _on_the_road(facts)]


def _unaccounted(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    lost = [(p, p.lost) for p in facts.packages if p.lost is not None and p.reached_plant is None]
    gone = [
        (p, mark)
        for p, mark in _on_the_road(facts)
        if p.lost is None and clock.over(_wait(rule, p, mark))
    ]
    if not lost and not gone:
        return silent(
            rule,
            "accounted",
            ("运走的均已入厂或仍在途中", "what was taken reached a plant or is still on its way"),
            "passed",
        )
    outcomes = []
    if lost:
        outcomes.append(_missing(rule, lost, "lost", "reported_lost"))
    by_unit: dict[str, list[tuple[Package, Mark]]] = {}
    for package, mark in gone:
        by_unit.setdefault(mark.unit, []).append((package, mark))
    outcomes += [
        _missing(rule, its, unit, "never_arrived") for unit, its in sorted(by_unit.items())
    ]
    return tuple(outcomes)


def _missing(
    rule: MedicalRule, gone: Sequence[tuple[Package, Mark]], discriminator: str, reason: str
) -> Outcome:
    packages = [p for p, _ in gone]
    first = min((m for _, m in gone), key=lambda m: (m.at, m.ref))
    names, grams = named(packages), _total(packages)
    at, hours = china_text(first.at), rule.parameters["hours"]
    said = (
        (
            f"{len(packages)} 件医疗废物（{names[0]}）共 {kilograms(grams)}，{at} 上报丢失，至今未找到。",
            f"{len(packages)} packages ({names[1]}), {kilograms(grams)}: reported lost on {at} (China time) "
            "and not found since.",
        )
        if reason == "reported_lost"
        else (
            f"{len(packages)} 件医疗废物（{names[0]}）共 {kilograms(grams)}，{at} 起被收运，{hours} 小时内"
            "没有任何处置单位的入厂登记，去向须核查。",
            f"{len(packages)} packages ({names[1]}), {kilograms(grams)}: taken from {at} (China time) on and "
            f"weighed in at no plant within {hours} hours; where they went is to be checked.",
        )
    )
    return found(
        rule,
        "needs_review",
        discriminator,
        reason,
        said,
        act_at=first.at if reason == "reported_lost" else _overdue_at(rule, first),
        grams=grams,
        evidence=[mark_evidence(m, f"{p.id}", p.id) for p, m in gone],
        law=law.register(first.at),
        conditions=(
            _applies(len(packages)),
            condition(
                ("入厂登记", "weighed in at a plant"),
                ("无", "none"),
                (f"收运后 {hours} 小时内", f"within {hours} hours of collection"),
                holds=None,
            ),
        ),
        cures=(
            Cure(
                zh="若已入厂只是未登记，处置单位补报入厂后本告警附理由撤回。",
                en="If they reached a plant and were only not registered, the alert is withdrawn with the "
                "reason once the plant posts it.",
                party="receiver",
                kind="liandan.medical.received.v1",
            ),
        ),
    )


def _applies(packages: int) -> Condition:
    return condition(
        ("当日封装的医疗废物", "medical waste of that day"),
        (f"{packages} 件", f"{packages} packages"),
        holds=True,
        role="applies",
    )


def _never_sealed(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    bare = [
        (p, p.first)
        for p in facts.packages
        if p.sealed is None and p.first is not None and p.first.verb != "lost"
    ]
    if not bare:
        return silent(
            rule, "all_sealed", ("均有封装登记", "all were registered when sealed"), "passed"
        )
    packages = [p for p, _ in bare]
    names, grams = named(packages), _total(packages)
    first = min((m for _, m in bare), key=lambda m: (m.at, m.ref))
    said = (
        f"{len(packages)} 件医疗废物（{names[0]}）共 {kilograms(grams)}，{china_text(first.at)} 起已有登记，"
        "但该机构没有封装登记，来源须核查。",
        f"{len(packages)} packages ({names[1]}), {kilograms(grams)}: on registers from {china_text(first.at)} "
        "(China time) on, but never sealed by the institution; where they came from is to be checked.",
    )
    return (
        found(
            rule,
            "needs_review",
            "-",
            "never_sealed",
            said,
            act_at=first.at,
            grams=grams,
            evidence=[mark_evidence(m, p.id, p.id) for p, m in bare],
            law=law.register(first.at),
            conditions=(
                _applies(len(packages)),
                condition(
                    ("封装登记", "registered when sealed"),
                    ("无", "none"),
                    ("每件一次", "one a package"),
                    holds=None,
                ),
            ),
            cures=(
                Cure(
                    zh="若该机构确已封装只是未报，补报封装后本告警附理由撤回。",
                    en="If the institution did seal them, the alert is withdrawn with the reason once that "
                    "is posted.",
                    party="consignor",
                    kind="liandan.medical.sealed.v1",
                ),
            ),
        ),
    )


def _slipped(a: int, b: int) -> bool:
    low, high = sorted((a, b))
    return low > 0 and abs(high / low / _SLIP - 1) <= _CLOSE


def _weight_differs(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    least, share = rule.parameters["grams"], rule.parameters["percent"]
    pairs = [
        (p, p.sealed.weight_g, p.received.weight_g)
        for p in facts.packages
        if p.sealed is not None
        and p.received is not None
        and p.sealed.weight_g is not None
        and p.received.weight_g is not None
    ]
    batches = _batches(facts)
    if not pairs and not batches:
        return silent(
            rule,
            "not_weighed_twice",
            ("没有两端都称重的包装", "no package was weighed at both ends"),
        )
    slips = [pair for pair in pairs if _slipped(pair[1], pair[2])]
    off = [
        pair
        for pair in pairs
        if not _slipped(pair[1], pair[2])
        and abs(pair[2] - pair[1]) > least
        and abs(pair[2] - pair[1]) * 100 > share * pair[1]
    ]
    slipped = [b for b in batches if _slipped(b.sealed_g, b.told_g)]
    differing = [b for b in batches if b not in slipped and _far_off(rule, b)]
    if not slips and not off and not slipped and not differing:
        return silent(
            rule,
            "agrees",
            ("两端重量相符", "the weights at both ends agree"),
            "passed",
        )
    outcomes = []
    if off:
        outcomes.append(_differing(rule, off, slip=False))
    if slips:
        outcomes.append(_differing(rule, slips, slip=True))
    if differing:
        outcomes.append(_differing_as_one(rule, differing, slip=False))
    if slipped:
        outcomes.append(_differing_as_one(rule, slipped, slip=True))
    return tuple(outcomes)


class _Batch(NamedTuple):
    register: Register
    sealed_g: int
    told_g: int


def _batches(facts: HospitalDay) -> list[_Batch]:
    """Return the registers with one weight for all, where each of their packages was sealed and weighed."""
    found = []
    for register in facts.registers:
        sealed = [p.sealed.weight_g for p in register.packages if p.sealed is not None]
        told = register.mark.weight_g
        if told is not None and len(sealed) == len(register.packages) and None not in sealed:
            found.append(_Batch(register, sum(g or 0 for g in sealed), told))
    return found


def _far_off(rule: MedicalRule, batch: _Batch) -> bool:
    off = abs(batch.told_g - batch.sealed_g)
    share = rule.parameters["batch_percent"]
    return off > rule.parameters["batch_grams"] and off * 100 > share * batch.sealed_g


_VERB: dict[str, Said] = {
    "collected": ("收运", "collected"),
    "received": ("入厂", "received"),
}


def _differing_as_one(rule: MedicalRule, batches: Sequence[_Batch], *, slip: bool) -> Outcome:
    worst = max(batches, key=lambda b: (abs(b.told_g - b.sealed_g), b.register.mark.ref))
    mark, off = worst.register.mark, abs(worst.told_g - worst.sealed_g)
    first = min((b.register.mark for b in batches), key=lambda m: (m.at, m.ref))
    zh, en = _VERB[mark.verb]
    many, told = len(worst.register.packages), kilograms(worst.told_g)
    sealed_as = kilograms(worst.sealed_g)
    weights = f"{sealed_as} → {told}"
    said = (
        (
            f"{len(batches)} 张登记卡的总重与所列包装封装重量之和相差约一千倍（{zh} {mark.subject}：{weights}），"
            "可能误将千克当作克。",
            f"Register {mark.subject} ({en}, {many} packages) gives {told} for what was sealed as {sealed_as}, about a "
            f"thousandfold off (such registers: {len(batches)}): probably kilograms were given for grams.",
        )
        if slip
        else (
            f"{len(batches)} 张登记卡的总重与所列包装封装重量之和不符，最大相差 {kilograms(off)}（{zh} {mark.subject}，"
            f"{many} 件：{weights}），须核查。",
            f"Register {mark.subject} ({en}, {many} packages) gives {told} for what was sealed as {sealed_as}, "
            f"{kilograms(off)} off (such registers: {len(batches)}): to be checked.",
        )
    )
    sealed = [
        mark_evidence(p.sealed, "sealed", "sealed")
        for b in batches
        for p in b.register.packages
        if p.sealed is not None
    ]
    listed = sum(len(b.register.packages) for b in batches)
    most = (rule.parameters["batch_grams"], rule.parameters["batch_percent"])
    return found(
        rule,
        "notice" if slip else "needs_review",
        "batch_unit" if slip else "batch",
        "batch_unit_slip" if slip else "batch_differs",
        said,
        act_at=first.at,
        grams=0 if slip else sum(abs(b.told_g - b.sealed_g) for b in batches),
        evidence=[
            *(mark_evidence(b.register.mark, *_VERB[b.register.mark.verb]) for b in batches),
            *sealed,
        ],
        law=law.register(first.at),
        conditions=(
            condition(
                ("登记卡所列包装", "packages on the registers"),
                (f"{listed} 件", f"{listed} packages"),
                holds=True,
                role="applies",
            ),
            condition(
                ("登记卡总重与封装重量之和的差", "register against the sum of sealed weights"),
                (kilograms(off),) * 2,
                (f"≤ {most[0]} g, ≤ {most[1]} %",) * 2,
                holds=False if slip else None,
            ),
        ),
        cures=(
            Cure(
                zh="若总重或某件的重量有误，由上报方更正后本告警附理由撤回。",
                en="If the weight of all or of one package is wrong, the alert is withdrawn with the reason once it "
                "is corrected.",
                party="receiver",
                kind="liandan.medical.corrected.v1",
            ),
        ),
    )


def _differing(
    rule: MedicalRule, pairs: Sequence[tuple[Package, int, int]], *, slip: bool
) -> Outcome:
    packages = [p for p, _, _ in pairs]
    names = named(packages)
    worst = max(pairs, key=lambda pair: (abs(pair[2] - pair[1]), pair[0].id))
    amount = abs(worst[2] - worst[1])
    one = f"{worst[0].id}: {kilograms(worst[1])} → {kilograms(worst[2])}"
    marks = [m for p in packages for m in (p.sealed, p.received) if m is not None]
    first = min(
        (p.received for p in packages if p.received is not None), key=lambda m: (m.at, m.ref)
    )
    said = (
        (
            f"{len(pairs)} 件医疗废物（{names[0]}）两端重量相差约一千倍（{one}），可能误将千克当作克。",
            f"{len(pairs)} packages ({names[1]}) differ about a thousandfold between both ends ({one}): "
            "probably kilograms were given for grams.",
        )
        if slip
        else (
            f"{len(pairs)} 件医疗废物（{names[0]}）封装与入厂重量不符，最大相差 {kilograms(amount)}（{one}），须核查。",
            f"{len(pairs)} packages ({names[1]}): sealed and received weights do not agree, by up to "
            f"{kilograms(amount)} ({one}); to be checked.",
        )
    )
    return found(
        rule,
        "notice" if slip else "needs_review",
        "unit" if slip else "-",
        "unit_slip" if slip else "differs",
        said,
        act_at=first.at,
        grams=0 if slip else sum(abs(b - a) for _, a, b in pairs),
        evidence=[mark_evidence(m, m.verb, m.verb) for m in marks],
        law=law.register(first.at),
        conditions=(
            _applies(len(packages)),
            condition(
                ("封装与入厂重量差", "difference between both ends"),
                (kilograms(amount),) * 2,
                (f"≤ {rule.parameters['grams']} g, ≤ {rule.parameters['percent']} %",) * 2,
                holds=False if slip else None,
            ),
        ),
        cures=(
            Cure(
                zh="若一端重量有误，由上报方更正后本告警附理由撤回。",
                en="If one of the weights is wrong, the alert is withdrawn with the reason once it is "
                "corrected.",
                party="receiver",
                kind="liandan.medical.corrected.v1",
            ),
        ),
    )


UNACCOUNTED = MedicalRule(
    "medical.unaccounted",
    1,
    "医疗废物去向不明",
    "medical waste unaccounted for",
    _unaccounted,
    "hospital_day",
    waits=_road_waits,
    parameters=Parameters(_ROAD),
)
NEVER_SEALED = MedicalRule(
    "medical.never_sealed",
    1,
    "入厂的医疗废物没有封装登记",
    "received without ever being sealed",
    _never_sealed,
    "hospital_day",
)
WEIGHT_DIFFERS = MedicalRule(
    "medical.weight_differs",
    1,
    "医疗废物重量不符",
    "weights of medical waste do not agree",
    _weight_differs,
    "hospital_day",
    parameters=Parameters(_GRAMS, _PERCENT, _BATCH_GRAMS, _BATCH_PERCENT),
)
