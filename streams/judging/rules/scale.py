"""许可规模: accepted tonnes of a calendar year against the licence's yearly scale.

Over 100 % the unit gets a notice, over 120 % it is a violation (domain 6.1). The scale is prorated
only where the licence covers part of the year (domain 9). Basis: Code Art 534, 1178(2).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial

from schemas.alert import LegalBasis
from schemas.quantity import tonnes_text
from schemas.registry import Licence
from streams.judging.explanation import Condition, Cure
from streams.judging.law import basis
from streams.judging.limit import Limit, limit_of
from streams.judging.outcome import Draw, Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.cap import Cap, exceeded, excess_of, unweighed, within
from streams.judging.rules.explained import Passed, Threshold
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import LimitRule, not_applicable, record_evidence

__all__ = ["SCALE_EXCEEDED", "scale_cap"]

_PARAMETERS = Parameters(
    Parameter(
        "breach_percent",
        120,
        ("%", "%"),
        100,
        200,
        "choice",
        "超过核准规模至此为提示，再多为违法",
        "over the scale up to this is a notice, more is a violation",
        "经营许可证管理办法：超过规模 20% 须重新申领 / a new licence beyond 20 % over",
    )
)


def _scale_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "licence":
        return ()
    percent = rule.parameters["breach_percent"]
    cap, licence = scale_cap(limit, view, percent), view.licence(limit.record)
    if cap is None or licence is None:
        return not_applicable(rule, "total", "no_limit")
    collects = _only_collects(licence)

    def law(at: datetime) -> tuple[LegalBasis, ...]:
        return basis("operate_off_licence", at, collects=collects)

    assert cap.breach is not None  # noqa: S101 - a licence's cap has one
    breach = excess_of(draws, cap.breach.grams)
    if breach is not None:
        return exceeded(rule, cap, breach, law(breach.at))
    excess = excess_of(draws, cap.grams)
    # A notice reaches no officer; what has no weight may be a violation, so it goes first.
    if excess is None or unweighed(draws):
        return within(rule, draws, cap, law)
    note = (
        f"超过核准规模但未超过其 {percent}%，提示单位注意。",
        f" Above the scale, not above {percent} % of it: a notice to the unit.",
    )
    return exceeded(rule, cap, excess, (), state="notice", reason="above_scale", note=note)


def scale_cap(limit: Limit, view: RegistryView, breach_percent: int) -> Cap | None:
    """Return a licence's scale for the year, and its share that is the breach; None: it sets none."""
    licence = view.licence(limit.record)
    if licence is None or licence.annual_scale_t is None:
        return None
    year = int(limit.part)
    scale = _scale_of(licence, licence.annual_scale_t, year)
    of_zh, of_en = (
        f"许可证 {licence.number} {year} 年核准规模",
        f"licence {licence.number} allows for {year}",
    )
    name_en = f"the {year} scale of licence {licence.number}"
    breach_t = Threshold(
        f"{of_zh}的 {breach_percent}%",
        f"{breach_percent} % of {name_en}",
        scale * breach_percent // 100,
    )
    return Cap(
        scale,
        of_zh,
        of_en,
        record_evidence("licence", licence.id, of_zh, of_en),
        (of_zh, name_en),
        partial(_larger, licence),
        breach_t,
        _share(licence.annual_scale_t, scale),
    )


def _share(whole: int, scale: int) -> tuple[Condition, ...]:
    """Return the whole year's scale, where the licence covers only a part of the year."""
    if whole == scale:
        return ()
    text, part = tonnes_text(whole), tonnes_text(scale)
    return (
        condition(
            (
                "全年核准规模，按许可证覆盖天数折算",
                "whole year's scale, by the days that it covers",
            ),
            (f"{text} 吨，折算 {part} 吨", f"{text} t, of it {part} t"),
            holds=True,
            role="figure",
        ),
    )


def _larger(licence: Licence, passed: Passed) -> Iterable[Cure]:
    name, when = licence.holder_name or licence.holder, china_text(passed.at)
    total, over = tonnes_text(passed.total), tonnes_text(passed.over)
    yield Cure(
        zh=f"若{name}在 {when} 前申请变更、许可证 {licence.number} 当年核准规模不低于 {total} 吨，则本项合法。",
        en=f"Had {name} had the scale of licence {licence.number} raised to {total} t for the year "
        f"before {when} (China time), this would be legal.",
        party="receiver",
        kind="licence",
    )
    yield Cure(
        zh=f"若其中 {over} 吨由移出人交由其他尚有核准规模的持证单位，则本项合法。",
        en=f"Had {over} t of it gone to another licensed unit with scale to spare, this would be legal.",
        party="consignor",
    )


def _scale_of(licence: Licence, scale: int, year: int) -> int:
    """Return the scale of a calendar year: whole, or the share of the days that it covers."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    begin = max(first, licence.valid_from)
    end = last if licence.valid_to is None else min(last, licence.valid_to)
    covered = max((end - begin).days + 1, 0)
    return scale * covered // ((last - first).days + 1)


def _only_collects(licence: Licence) -> bool:
    modes = {mode for line in licence.scope for mode in line.modes}
    return bool(modes) and modes <= {"collection", "storage"}


SCALE_EXCEEDED = LimitRule(
    "licence.scale_exceeded",
    1,
    "超出许可证年度核准规模",
    "licence's yearly scale exceeded",
    _scale_exceeded,
    frozenset(("licence",)),
    _PARAMETERS,
)
