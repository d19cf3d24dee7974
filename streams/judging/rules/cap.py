"""A cap and what was drawn on it: counted in order, judged over the set, told by manifest."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence, LegalBasis
from schemas.quantity import tonnes_text
from streams.judging.outcome import Draw, Outcome, State, china_text
from streams.judging.rules.rule import LimitRule, Said, not_applicable, says

__all__ = ["Cap", "Excess", "exceeded", "excess_of", "within"]

_DOUBTFUL = (
    "其中有运抵后作废的联单，不计该联单则未超出，须人工核查。",
    " Without manifests voided after arrival the cap is kept: to be checked.",
)


class Cap(NamedTuple):
    """How much, of what (for a sentence), and the record that says so."""

    grams: int
    of_zh: str
    of_en: str
    record: Evidence


class Excess(NamedTuple):
    """The draws that count, in order, those that end past the cap, and whether that is certain."""

    counted: list[Draw]
    past: list[Draw]
    certain: bool

    @property
    def total(self) -> int:
        """Grams of all draws that count."""
        return sum(d.grams for d in self.counted)

    @property
    def at(self) -> datetime:
        """When the first load past the cap left or came."""
        return self.past[0].at


def excess_of(draws: Sequence[Draw], grams: int) -> Excess | None:
    """Return what exceeds ``grams``: for certain, else only with draws in doubt; None if nothing."""
    counted = sorted((d for d in draws if d.state != "released"), key=_order)
    certain = [d for d in counted if d.state != "doubtful"]
    for chosen in (certain, counted):
        past, total = [], 0
        for draw in chosen:
            total += draw.grams
            if total > grams:
                past.append(draw)
        if past:
            return Excess(chosen, past, chosen is certain)
    return None


def _order(draw: Draw) -> tuple[datetime, str]:
    """Order by the minute, then by manifest number (domain 9)."""
    return draw.at.replace(second=0, microsecond=0), draw.manifest


def within(rule: LimitRule, draws: Sequence[Draw], cap: Cap) -> tuple[Outcome, ...]:
    """Return the outcome of a cap that is kept."""
    counted = [d for d in draws if d.state != "released"]
    if not counted:
        return not_applicable(rule, "total", "nothing_drawn")
    total = sum(d.grams for d in counted)
    said = (
        f"{cap.of_zh} {tonnes_text(cap.grams)} 吨，已用 {tonnes_text(total)} 吨",
        f"{cap.of_en} {tonnes_text(cap.grams)} t, {tonnes_text(total)} t drawn",
    )
    left = f"{tonnes_text(cap.grams - total)} t"
    return (says(rule, "passed", "total", "within", said, margin=left),)


def exceeded(
    rule: LimitRule,
    cap: Cap,
    excess: Excess,
    law: tuple[LegalBasis, ...],
    *,
    state: State = "violated",
    reason: str = "exceeded",
    note: Said = ("", ""),
) -> tuple[Outcome, ...]:
    """Return the finding about a cap; needs review where it rests on draws in doubt."""
    if state == "violated" and not excess.certain:
        state, reason, note = "needs_review", "voided_after_arrival", _DOUBTFUL
    over = excess.total - cap.grams
    first = excess.past[0].manifest
    said = (
        f"{cap.of_zh} {tonnes_text(cap.grams)} 吨，{len(excess.counted)} 份联单累计 "
        f"{tonnes_text(excess.total)} 吨，超出 {tonnes_text(over)} 吨；自联单 {first} 起超出。{note[0]}",
        f"{cap.of_en} {tonnes_text(cap.grams)} t; {len(excess.counted)} manifests add up to "
        f"{tonnes_text(excess.total)} t, {tonnes_text(over)} t too much, from manifest {first} on."
        f"{note[1]}",
    )
    return (
        says(
            rule,
            state,
            "total",
            reason,
            said,
            margin=f"-{tonnes_text(over)} t",
            grams=over,
            act_at=excess.at,
            evidence=(cap.record, *(_evidence(d) for d in excess.past)),
            law=law,
        ),
    )


def _evidence(draw: Draw) -> Evidence:
    at, tonnes = china_text(draw.at), tonnes_text(draw.grams)
    return Evidence("manifest", draw.manifest, None, f"{at}，{tonnes} 吨", f"{at}, {tonnes} t")
