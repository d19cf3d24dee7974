"""许可规模: accepted tonnes of a calendar year against the licence's yearly scale.

Over 100 % the unit gets a notice, over 120 % it is a violation (domain 6.1). The scale is prorated
only where the licence covers part of the year (domain 9). Basis: Code Art 534, 1178(2).
"""

from collections.abc import Sequence
from datetime import date, datetime

from schemas.alert import LegalBasis
from schemas.registry import Licence
from streams.judging.law import basis
from streams.judging.limit import limit_of
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.cap import Cap, exceeded, excess_of, unweighed, within
from streams.judging.rules.rule import LimitRule, not_applicable, record_evidence

__all__ = ["SCALE_EXCEEDED"]

BREACH_PERCENT = 120
"""Share of the scale above which it is a violation; between 100 % and this it is a notice. [D]"""

_NOTICE = (
    f"超过核准规模但未超过其 {BREACH_PERCENT}%，提示单位注意。",
    f" Above the scale, not above {BREACH_PERCENT} % of it: a notice to the unit.",
)


def _scale_exceeded(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "licence":
        return ()
    licence = view.licence(limit.record)
    if licence is None or licence.annual_scale_t is None:
        return not_applicable(rule, "total", "no_limit")
    year = int(limit.part)
    scale = _scale_of(licence, licence.annual_scale_t, year)
    of_zh, of_en = (
        f"许可证 {licence.number} {year} 年核准规模",
        f"licence {licence.number} allows for {year}",
    )
    cap = Cap(scale, of_zh, of_en, record_evidence("licence", licence.id, of_zh, of_en))
    collects = _only_collects(licence)

    def law(at: datetime) -> tuple[LegalBasis, ...]:
        return basis("operate_off_licence", at, collects=collects)

    breach = excess_of(draws, scale * BREACH_PERCENT // 100)
    if breach is not None:
        return exceeded(rule, cap, breach, law(breach.at))
    excess = excess_of(draws, scale)
    # A notice reaches no officer; what has no weight may be a violation, so it goes first.
    if excess is None or unweighed(draws):
        return within(rule, draws, cap, law)
    return exceeded(rule, cap, excess, (), state="notice", reason="above_scale", note=_NOTICE)


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
)
