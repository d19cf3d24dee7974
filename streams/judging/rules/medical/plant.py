"""处置单位: what a plant does: how long it keeps, by which process it treats, what it washes, how much.

Basis: GB 39707-2020 (store 24/72/168 hours for infectious, sharps and pathological waste; processes;
washing within 24 hours); chemical and pharmaceutical waste is stored by GB 18597 and not judged here.
Pharmaceutical, chemical and cytotoxic waste needs incineration. Capacity is a figure of the registry:
more than it on one day is for review.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.checks import Refusal
from schemas.plate import read_plate
from streams.judging.explanation import Cure
from streams.judging.medical import law
from streams.judging.medical.day import HospitalDay, PlantDay
from streams.judging.medical.package import Mark, Package
from streams.judging.medical.regime import Limit, limit_end, region_of
from streams.judging.medical.said import Counted
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
from streams.judging.rules.rule import Said, record_evidence

__all__ = ["NOT_WASHED", "OVER_CAPACITY", "PLANT_STORE", "PROCESS_FIGURES", "WRONG_PROCESS"]

_BY_STANDARD = ("infectious", "sharps", "pathological")


def _hours(name: str, hours: int, zh: str, en: str) -> Parameter:
    return Parameter(name, hours, ("小时", "hours"), 1, 720, "law", zh, en, "GB 39707-2020")


_STORE = Parameters(
    _hours("warm", 24, "贮存温度不低于 5 ℃ 的时限", "limit at 5 °C or more"),
    _hours("cold", 72, "贮存温度低于 5 ℃ 的时限", "limit below 5 °C"),
    _hours(
        "remote",
        168,
        "偏远地区、低于 5 ℃ 且已消毒的时限",
        "limit in remote areas, cold and disinfected",
    ),
)


class _Stay(NamedTuple):
    package: Package
    start: Mark
    treated: Mark | None
    limit: Limit

    def too_long(self, clock: Clock) -> bool:
        if self.treated is not None:
            return self.treated.at > self.limit.end
        return clock.over(self.wait)

    @property
    def wait(self) -> Wait:
        return Wait(f"plant/{self.start.unit}/{self.package.id}", self.limit.end)


def _stays(rule: MedicalRule, facts: HospitalDay, view: RegistryView) -> list[_Stay]:
    stays = []
    for package in facts.packages:
        start = package.received
        if start is None or package.sealed is None:
            continue
        if package.sealed.data.waste not in _BY_STANDARD:
            continue
        held = view.institution(facts.institution, start.at)
        remote = held is not None and held.remote and start.data.disinfected
        name = "warm" if not start.data.cold else "remote" if remote else "cold"
        region = region_of(view, start.unit, start.at)
        orders = view.orders(region) if region is not None else ()
        limit = limit_end(
            start.at,
            rule.parameters[name],
            [(o, o.plant_hours) for o in orders if o.plant_hours is not None],
        )
        stays.append(_Stay(package, start, package.treated, limit))
    return stays


def _store_waits(rule: MedicalRule, facts: HospitalDay, view: RegistryView) -> list[Wait]:
    return [s.wait for s in _stays(rule, facts, view) if s.treated is None]


def _plant_store(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    stays = _stays(rule, facts, view)
    if not stays:
        return silent(
            rule, "nothing_received", ("没有入厂登记", "nothing was weighed in at a plant")
        )
    by_plant: dict[str, list[_Stay]] = defaultdict(list)
    for stay in stays:
        if stay.too_long(clock):
            by_plant[stay.start.unit].append(stay)
    return tuple(_kept(rule, plant, over) for plant, over in sorted(by_plant.items())) or silent(
        rule,
        "in_time",
        ("均在时限内处置或时限未到", "treated in time, or the term is running"),
        "passed",
    )


def _kept(rule: MedicalRule, plant: str, over: Sequence[_Stay]) -> Outcome:
    worst = min(over, key=lambda s: (s.limit.end, s.package.id))
    waiting = sum(s.treated is None for s in over)
    names = named(s.package for s in over)
    grams = sum(
        s.start.weight_g or (s.package.sealed.weight_g or 0 if s.package.sealed else 0)
        for s in over
    )
    order = worst.limit.order
    by = (
        (f"（应急令 {order.document}）", f" (emergency order {order.document})")
        if order
        else ("", "")
    )
    rest = (
        (f"其中 {waiting} 件至今未处置", f"{waiting} of them were not treated yet")
        if waiting
        else ("后已处置", "all were treated later")
    )
    said = (
        f"{len(over)} 件医疗废物（{names[0]}）共 {kilograms(grams)}入厂后贮存超过 {worst.limit.hours} 小时{by[0]}：最早"
        f"一件 {china_text(worst.start.at)} 入厂，应在 {china_text(worst.limit.end)} 前处置，{rest[0]}。",
        f"{len(over)} packages ({names[1]}), {kilograms(grams)}: kept at the plant for more than "
        f"{worst.limit.hours} hours{by[1]}; the first was weighed in on {china_text(worst.start.at)}, to be treated by "
        f"{china_text(worst.limit.end)} (China time); {rest[1]}.",
    )
    evidence = [
        mark_evidence(s.start, f"入厂 {s.package.id}", f"received {s.package.id}") for s in over
    ]
    evidence += [
        mark_evidence(s.treated, f"处置 {s.package.id}", f"treated {s.package.id}")
        for s in over
        if s.treated is not None
    ]
    late = [s.treated.at - s.limit.end for s in over if s.treated is not None]
    return found(
        rule,
        "violated",
        plant,
        "silent" if waiting else "late",
        said,
        act_at=worst.limit.end,
        grams=grams,
        evidence=evidence,
        law=(*law.store_at_plant(), *(law.epidemic() if order is not None else ())),
        margin=None if waiting else f"-{int(max(late).total_seconds() // 3600)} h",
        conditions=(
            condition(
                ("贮存条件", "kept"),
                ("低于 5 ℃", "below 5 °C")
                if worst.start.data.cold
                else ("不低于 5 ℃", "at 5 °C or more"),
                holds=True,
                role="applies",
            ),
            condition(
                ("处置时间", "treated at"),
                (china_text(worst.treated.at) if worst.treated is not None else "—",) * 2,
                (f"≤ {china_text(worst.limit.end)}",) * 2,
                holds=False,
            ),
        ),
        cures=(
            Cure(
                zh="若已在时限内处置只是未报，补报处置后本告警附理由撤回。",
                en="If it was treated in time and only not posted, the alert is withdrawn with the reason once "
                "it is.",
                party="receiver",
                kind="liandan.medical.treated.v1",
            ),
        ),
    )


_PROCESS: dict[str, Said] = {
    "incineration": ("焚烧", "incineration"),
    "steam": ("高温蒸汽", "steam"),
    "microwave": ("微波", "microwave"),
    "dry_heat": ("高温干热", "dry heat"),
    "chemical": ("化学消毒", "chemical disinfection"),
}
_CLASS: dict[str, Said] = {
    "infectious": ("感染性", "infectious"),
    "sharps": ("损伤性", "sharps"),
    "pathological": ("病理性", "pathological"),
    "chemical": ("化学性", "chemical"),
    "pharmaceutical": ("药物性", "pharmaceutical"),
}


def _fits(package: Package, process: str) -> bool | None:
    """Whether a process fits a package; None where an officer must look."""
    if process == "incineration" or package.sealed is None:
        return True
    data = package.sealed.data
    if data.waste in ("pharmaceutical", "chemical") or data.cytotoxic:
        return False
    if data.waste == "pathological" and process in ("steam", "dry_heat"):
        return None
    return True


def _wrong_process(
    rule: MedicalRule, facts: HospitalDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    treated = [(p, p.treated) for p in facts.packages if p.treated is not None]
    if not treated:
        return silent(rule, "not_treated", ("尚未处置", "nothing was treated yet"))
    wrong: dict[tuple[str, str, bool], list[tuple[Package, Mark]]] = defaultdict(list)
    for package, mark in treated:
        fits = _fits(package, mark.data.process)
        if fits is not True:
            wrong[mark.unit, mark.data.process, fits is False].append((package, mark))
    return tuple(
        _misfit(rule, unit, process, its, certain=certain)
        for (unit, process, certain), its in sorted(wrong.items())
    ) or silent(rule, "fits", ("处置方式与类别相符", "the process fits the class"), "passed")


def _misfit(
    rule: MedicalRule,
    unit: str,
    process: str,
    treated: Sequence[tuple[Package, Mark]],
    *,
    certain: bool,
) -> Outcome:
    first = min((m for _, m in treated), key=lambda m: (m.at, m.ref))
    names = named(p for p, _ in treated)
    sealed = [p.sealed for p, _ in treated if p.sealed is not None]
    classes = sorted({m.data.waste for m in sealed})
    zh, en = "、".join(_CLASS[c][0] for c in classes), ", ".join(_CLASS[c][1] for c in classes)
    if any(m.data.cytotoxic for m in sealed):
        zh, en = f"{zh}（含细胞毒性）", f"{en} (cytotoxic)"
    grams = sum(m.weight_g or 0 for m in sealed)
    ends = (
        ("不适用于该类别。", "does not fit it.")
        if certain
        else ("是否适用须核查。", "is to be checked.")
    )
    said = (
        f"{len(treated)} 件{zh}医疗废物（{names[0]}）共 {kilograms(grams)}，{china_text(first.at)} 以"
        f"{_PROCESS[process][0]}处置，{ends[0]}",
        f"{len(treated)} packages of {en} waste ({names[1]}), {kilograms(grams)}, were treated by "
        f"{_PROCESS[process][1]} on {china_text(first.at)} (China time): the process {ends[1]}",
    )
    return found(
        rule,
        "violated" if certain else "needs_review",
        f"{unit}|{process}",
        "wrong_process" if certain else "doubtful_process",
        said,
        act_at=first.at,
        grams=grams,
        evidence=[mark_evidence(m, p.id, p.id) for p, m in treated],
        law=law.process(),
        conditions=(
            condition(
                ("处置方式适用于类别", "the process fits the class"),
                (f"{_PROCESS[process][0]} · {zh}", f"{_PROCESS[process][1]} · {en}"),
                ("焚烧", "incineration"),
                holds=False if certain else None,
            ),
        ),
        cures=(
            Cure(
                zh="若类别或处置方式填报有误，由上报方更正后本告警附理由撤回。",
                en="If class or process were reported wrongly, the alert is withdrawn with the reason once "
                "corrected.",
                party="receiver",
                kind="liandan.medical.corrected.v1",
            ),
        ),
    )


_LEAST: dict[str, tuple[tuple[str, int, str], ...]] = {
    "incineration": (("temperature_c", 850, "℃"), ("residence_ms", 2000, "ms")),
    "steam": (("temperature_c", 134, "℃"), ("pressure_kpa", 220, "kPa"), ("minutes", 45, "min")),
    "microwave": (("temperature_c", 95, "℃"), ("minutes", 45, "min")),
    "dry_heat": (("temperature_c", 170, "℃"), ("minutes", 20, "min")),
    "chemical": (),
}
_FIGURE: dict[str, Said] = {
    "temperature_c": ("温度", "temperature"),
    "residence_ms": ("停留时间", "residence"),
    "pressure_kpa": ("压力", "pressure"),
    "minutes": ("时间", "time"),
}


def _process_figures(
    rule: MedicalRule, facts: PlantDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    batches = [one for one in facts.said if one.verb == "treated"]
    if not batches:
        return silent(rule, "not_treated", ("当日没有处置", "nothing was treated on that day"))
    outcomes = []
    for one in batches:
        below = [
            (name, figure, least, unit)
            for name, least, unit in _LEAST[one.data.process]
            if (figure := getattr(one.data, name)) is not None and figure < least
        ]
        if below:
            outcomes.append(_below(rule, one, below))
    return tuple(outcomes) or silent(
        rule,
        "in_standard",
        ("上报的工艺参数达标", "the figures reported reach the standard"),
        "passed",
    )


def _below(rule: MedicalRule, one: Counted, below: Sequence[tuple[str, int, int, str]]) -> Outcome:
    zh = "、".join(f"{_FIGURE[n][0]} {f} {u}（应 ≥ {least}）" for n, f, least, u in below)
    en = ", ".join(f"{_FIGURE[n][1]} {f} {u} (≥ {least})" for n, f, least, u in below)
    process = _PROCESS[one.data.process]
    return found(
        rule,
        "violated",
        one.subject,
        "below_standard",
        (
            f"批次 {one.subject} 于 {china_text(one.at)} 以{process[0]}处置，{zh}，未达标准。",
            f"Batch {one.subject}, treated by {process[1]} on {china_text(one.at)} (China time): {en}.",
        ),
        act_at=one.at,
        grams=one.data.weight_g or 0,
        evidence=[mark_evidence(one, "处置批次", "the batch")],
        law=law.process(),
        conditions=tuple(
            condition(
                _FIGURE[name],
                (f"{figure} {unit}",) * 2,
                (f"≥ {least} {unit}",) * 2,
                holds=False,
                margin=f"{figure - least} {unit}",
            )
            for name, figure, least, unit in below
        ),
        cures=(
            Cure(
                zh="若参数填报有误，更正后本告警附理由撤回；确未达标的应重新处置。",
                en="If a figure was reported wrongly, the alert is withdrawn once corrected; what did not reach "
                "the standard is to be treated again.",
                party="receiver",
                kind="liandan.medical.corrected.v1",
            ),
        ),
    )


_WASH = Parameters(_hours("hours", 24, "车辆使用后清洗消毒的时限", "limit of washing after use"))


def _uses(
    rule: MedicalRule, facts: PlantDay
) -> list[tuple[str, Counted, datetime, Counted | None]]:
    """Return of each plate its last use that day, when it must be washed, and its washing if any."""
    last: dict[str, Counted] = {}
    for one in facts.said:
        if one.verb == "received" and one.data.plate is not None:
            last[one.data.plate] = one
    uses = []
    for plate, one in sorted(last.items()):
        end = one.at + timedelta(hours=rule.parameters["hours"])
        after = (w for w in facts.washed if _is_of(w, plate) and w.at >= one.at)
        uses.append((plate, one, end, min(after, key=lambda w: (w.at, w.ref), default=None)))
    return uses


def _is_of(washed: Counted, plate: str) -> bool:
    """Whether a washing is of a vehicle, however its plate is written."""
    try:
        return washed.data.what == "vehicle" and read_plate(washed.subject) == plate
    except Refusal:
        return False


def _wait(plate: str, end: datetime) -> Wait:
    return Wait(f"vehicle/{plate}", end)


def _wash_waits(rule: MedicalRule, facts: PlantDay, view: RegistryView) -> list[Wait]:
    if not _washes(facts):
        return []
    return [_wait(plate, end) for plate, _, end, washed in _uses(rule, facts) if washed is None]


def _washes(facts: PlantDay) -> bool:
    """Whether the unit reports washings at all, as far as this day shows."""
    return bool(facts.washed)


def _not_washed(
    rule: MedicalRule, facts: PlantDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    uses = _uses(rule, facts)
    if not uses:
        return silent(rule, "no_vehicle", ("当日没有车辆入厂", "no vehicle came in on that day"))
    if not _washes(facts):
        return silent(
            rule,
            "not_reported",
            ("该单位当日未上报任何清洗消毒", "the unit reported no washing at all around that day"),
        )
    dirty = [
        (plate, one, end, washed)
        for plate, one, end, washed in uses
        if (washed.at > end if washed is not None else clock.over(_wait(plate, end)))
    ]
    return tuple(_dirty(rule, *each) for each in dirty) or silent(
        rule,
        "washed",
        ("均在时限内清洗消毒或时限未到", "washed in time, or the term is running"),
        "passed",
    )


def _dirty(
    rule: MedicalRule, plate: str, one: Counted, end: datetime, washed: Counted | None
) -> Outcome:
    done = (
        ("没有清洗消毒的登记", "no washing was registered")
        if washed is None
        else (
            f"{china_text(washed.at)} 才清洗消毒",
            f"it was washed only on {china_text(washed.at)}",
        )
    )
    evidence = [mark_evidence(one, "车辆入厂", "the vehicle came in")]
    if washed is not None:
        evidence.append(mark_evidence(washed, "清洗消毒", "washed"))
    return found(
        rule,
        "needs_review",
        plate,
        "silent" if washed is None else "late",
        (
            f"车辆 {plate} {china_text(one.at)} 运送医疗废物入厂，应在 {china_text(end)} 前清洗消毒，"
            f"{done[0]}，须核查。",
            f"Vehicle {plate} brought medical waste on {china_text(one.at)} and was to be washed by "
            f"{china_text(end)} (China time); {done[1]}: to be checked.",
        ),
        act_at=end,
        grams=0,
        evidence=evidence,
        law=law.washing(),
        conditions=(
            condition(
                ("清洗消毒时间", "washed at"),
                (china_text(washed.at) if washed is not None else "—",) * 2,
                (f"≤ {china_text(end)}",) * 2,
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


_PERCENT = Parameters(
    Parameter(
        "percent",
        100,
        ("%", "%"),
        1,
        1000,
        "choice",
        "当日处置量占处置能力超过此比例即提示",
        "share of the daily capacity past which a day is told",
        "本系统 / our own",
    )
)


def _over_capacity(
    rule: MedicalRule, facts: PlantDay, view: RegistryView, clock: Clock
) -> Sequence[Outcome]:
    batches = [one for one in facts.said if one.verb == "treated" and one.data.weight_g]
    if not batches:
        return silent(
            rule, "not_weighed", ("当日没有称重的处置批次", "no weighed batch on that day")
        )
    last = batches[-1]
    held = view.medical_plant(facts.unit, last.at)
    if held is None or held.capacity_t_per_day is None:
        return silent(
            rule,
            "no_capacity",
            ("登记库没有该单位的处置能力", "the registry has no capacity of the unit"),
        )
    grams = sum(one.data.weight_g for one in batches)
    most = held.capacity_t_per_day * rule.parameters["percent"] // 100
    if grams <= most:
        return silent(rule, "within", ("在处置能力之内", "within the capacity"), "passed")
    return (
        found(
            rule,
            "needs_review",
            "-",
            "over_capacity",
            (
                f"{held.name} {facts.day} 处置 {kilograms(grams)}，超过登记的处置能力 {kilograms(most)}，须核查。",
                f"{held.name} treated {kilograms(grams)} on {facts.day}, more than its capacity on record, "
                f"{kilograms(most)}: to be checked.",
            ),
            act_at=last.at,
            grams=grams - most,
            evidence=[
                record_evidence("medical_plant", held.id, held.name, held.name),
                *(
                    mark_evidence(one, f"批次 {one.subject}", f"batch {one.subject}")
                    for one in batches
                ),
            ],
            law=law.process(),
            margin=f"-{kilograms(grams - most)}",
            conditions=(
                condition(
                    ("当日处置量", "treated on that day"),
                    (kilograms(grams),) * 2,
                    (f"≤ {kilograms(most)}",) * 2,
                    holds=None,
                ),
            ),
            cures=(
                Cure(
                    zh="若处置能力登记有误，登记部门更正后本告警附理由撤回。",
                    en="If the capacity on record is wrong, the alert is withdrawn with the reason once it is "
                    "corrected.",
                    party="authority",
                    kind="medical_plant",
                ),
            ),
        ),
    )


PLANT_STORE = MedicalRule(
    "medical.plant_store",
    1,
    "处置单位贮存医疗废物超时",
    "medical waste kept at the plant too long",
    _plant_store,
    "hospital_day",
    waits=_store_waits,
    parameters=_STORE,
)
WRONG_PROCESS = MedicalRule(
    "medical.wrong_process",
    1,
    "处置方式与医疗废物类别不符",
    "process does not fit the class",
    _wrong_process,
    "hospital_day",
)
PROCESS_FIGURES = MedicalRule(
    "medical.process_figures",
    1,
    "处置工艺参数不达标",
    "figures of the process below the standard",
    _process_figures,
    "plant_day",
)
NOT_WASHED = MedicalRule(
    "medical.not_washed",
    1,
    "运送车辆未按时清洗消毒",
    "vehicle not washed in time",
    _not_washed,
    "plant_day",
    waits=_wash_waits,
    gravest="medium",
    parameters=_WASH,
)
OVER_CAPACITY = MedicalRule(
    "medical.over_capacity",
    1,
    "超过处置能力",
    "more treated than the capacity",
    _over_capacity,
    "plant_day",
    gravest="high",
    parameters=_PERCENT,
)
