"""A cap and what was drawn on it: counted in order, judged over the set, told by manifest.

A cap is exceeded for certain by the least that its draws take; by the most it may be exceeded, which
is for an officer to judge, as is a load that was received in pieces and has no weight.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence, LegalBasis
from schemas.quantity import tonnes_text
from streams.judging.explanation import Condition
from streams.judging.outcome import Draw, Outcome, State, china_text
from streams.judging.rules.explained import Passed, Threshold, limit_explained
from streams.judging.rules.explained.limits import DOUBTS, Cures
from streams.judging.rules.rule import LimitRule, Said, not_applicable, says

__all__ = [
    "Cap",
    "Excess",
    "counted_draws",
    "draw_evidence",
    "exceeded",
    "excess_of",
    "unweighed",
    "within",
]

MOST_NAMED = 5
"""Manifests named in a sentence; the evidence lists them all."""
MOST_GRAMS = 2**63 - 1
"""What an alert's column holds; only invented quantities come near it."""


class Cap(NamedTuple):
    """How much, of what (for a sentence), and the record that says so."""

    grams: int
    of_zh: str
    of_en: str
    record: Evidence
    name: Said
    """What it is called, without a verb."""
    cures: Cures
    """What would have kept it, told only of findings."""
    breach: Threshold | None = None
    """A second threshold above the cap, if only passing that is a violation."""
    notes: tuple[Condition, ...] = ()
    """What an explanation shows of the cap itself."""

    @property
    def thresholds(self) -> list[Threshold]:
        """What the draws are held against, the cap first."""
        cap = Threshold(*self.name, self.grams)
        return [cap] if self.breach is None else [cap, self.breach]


class Excess(NamedTuple):
    """The draws that count, in order, those that end past the cap, and whether that is certain.

    ``total``: grams of all that count, at the least where it is certain, else at the most.
    """

    counted: list[Draw]
    past: list[Draw]
    total: int
    certain: bool
    drawn: list[Draw]
    """All that count, at the most."""
    cap: int
    """Grams that are exceeded."""

    @property
    def at(self) -> datetime:
        """When the first load past the cap left or came."""
        return self.past[0].at


def excess_of(draws: Sequence[Draw], grams: int) -> Excess | None:
    """Return what exceeds ``grams``: for certain, else only at the most; None if nothing."""
    if sum([d.grams for d in draws if d.state != "released"]) <= grams:
        return None
    counted = counted_draws(draws)
    certain = [d for d in counted if d.least or not d.uncertain]
    past, total = [], 0
    for draw in certain:
        total += draw.least
        if total > grams:
            past.append(draw)
    if past:
        return Excess(certain, past, total, True, counted, grams)
    total = 0
    for draw in counted:
        total += draw.grams
        if total > grams:
            past.append(draw)
    return Excess(counted, past, total, False, counted, grams) if past else None


def counted_draws(draws: Sequence[Draw]) -> list[Draw]:
    """Return the draws that count, by the minute and then by manifest number (domain 9)."""
    return sorted((d for d in draws if d.state != "released"), key=_order)


def unweighed(draws: Sequence[Draw]) -> list[Draw]:
    """Return the loads, in order, that were received and still have no weight."""
    return counted_draws([d for d in draws if d.unweighed and d.state == "settled"])


def _order(draw: Draw) -> tuple[datetime, str]:
    """Order by the minute, then by manifest number (domain 9)."""
    at = draw.at
    if at.second or at.microsecond:
        at = at.replace(second=0, microsecond=0)
    return at, draw.manifest


def within(
    rule: LimitRule,
    draws: Sequence[Draw],
    cap: Cap,
    law: Callable[[datetime], tuple[LegalBasis, ...]],
) -> tuple[Outcome, ...]:
    """Return the outcome of a cap that what is known keeps; ``law`` gives the basis at an instant.

    For review once a load was received and still has no weight; on its way it will be weighed.
    """
    counted = counted_draws(draws)
    if not counted:
        return not_applicable(rule, "total", "nothing_drawn")
    total = sum(d.grams for d in counted)
    received = unweighed(draws)
    if received:
        zh, en = _named(received)
        said = (
            f"{cap.of_zh} {tonnes_text(cap.grams)} 吨，已知用去 {tonnes_text(total)} 吨；联单 {zh} "
            "已接收，只填件数、未填重量，是否超出须人工核查。",
            f"{cap.of_en} {tonnes_text(cap.grams)} t, {tonnes_text(total)} t drawn as far as known; "
            f"{en} received in pieces without a weight: whether it is exceeded is to be checked.",
        )
        return (
            says(
                rule,
                "needs_review",
                "total",
                "weight_unknown",
                said,
                unweighed=True,
                act_at=received[0].at,
                evidence=(cap.record, *(draw_evidence(d) for d in received)),
                law=law(received[0].at),
                **limit_explained(
                    counted,
                    cap.thresholds,
                    cap.record,
                    cap.cures,
                    passed=None,
                    unweighed=received,
                    notes=cap.notes,
                )._asdict(),
            ),
        )
    more_zh, more_en = _without_weight([d for d in counted if d.unweighed])
    left = f"{tonnes_text(cap.grams - total)} t"
    said = (
        f"{cap.of_zh} {tonnes_text(cap.grams)} 吨，已用 {tonnes_text(total)} 吨{more_zh}",
        f"{cap.of_en} {tonnes_text(cap.grams)} t, {tonnes_text(total)} t drawn{more_en}",
    )
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
    """Return the finding about a cap; needs review where it is exceeded only at the most."""
    doubted = [] if excess.certain else [d for d in excess.counted if d.uncertain]
    doubts = {why: [d for d in doubted if d.doubt == why] for why in DOUBTS}
    if state == "violated" and not excess.certain:
        state, reason = "needs_review", next(why for why, of in doubts.items() if of)
    over = excess.total - cap.grams
    first = excess.past[0].manifest
    pieces = [d for d in excess.counted if d.unweighed]
    more_zh, more_en = _without_weight(pieces)
    most_zh, most_en = ("", "") if excess.certain else ("最多", " at most")
    why_zh, why_en = _why(doubts)
    said = (
        f"{cap.of_zh} {tonnes_text(cap.grams)} 吨，{len(excess.counted)} 份联单{most_zh}累计 "
        f"{tonnes_text(excess.total)} 吨{more_zh}，超出 {tonnes_text(over)} 吨；自联单 {first} 起超出。"
        f"{why_zh}{note[0]}",
        f"{cap.of_en} {tonnes_text(cap.grams)} t; {len(excess.counted)} manifests add up to "
        f"{tonnes_text(excess.total)} t{most_en}{more_en}, {tonnes_text(over)} t too much, from "
        f"manifest {first} on.{why_en}{note[1]}",
    )
    shown = [*excess.past, *(d for d in doubted if d not in excess.past)]
    return (
        says(
            rule,
            state,
            "total",
            reason,
            said,
            margin=f"-{tonnes_text(over)} t",
            grams=min(over, MOST_GRAMS),
            unweighed=bool(pieces),
            act_at=excess.at,
            evidence=(cap.record, *(draw_evidence(d) for d in shown)),
            law=law,
            **limit_explained(
                excess.drawn,
                cap.thresholds,
                cap.record,
                cap.cures,
                passed=_passed(excess, cap),
                notes=cap.notes,
            )._asdict(),
        ),
    )


def _passed(excess: Excess, cap: Cap) -> Passed:
    """Return where a cap is passed, for its explanation."""
    first = excess.past[0]
    before = 0
    for draw in excess.counted:
        if draw is first:
            break
        before += draw.least if excess.certain else draw.grams
    of = tuple(t for t in cap.thresholds if t.grams <= excess.cap)
    return Passed(of, first.manifest, first.at, before, excess.total)


def _why(doubts: dict[str, list[Draw]]) -> Said:
    """Return why the total is only the most, and whose manifests are in doubt."""
    told = [(*_named(of), *DOUBTS[why]) for why, of in doubts.items() if of]
    if not told:
        return "", ""
    zh = "；".join(f"联单 {who} {why}" for who, _, why, _ in told)
    en = "; ".join(f"{who} {why}" for _, who, _, why in told)
    return (
        f"{zh}，按其中较少者计结论不同，须人工核查。",
        f" {en[0].upper()}{en[1:]}; at the least that this leaves the conclusion differs: to be "
        "checked.",
    )


def _without_weight(pieces: Sequence[Draw]) -> Said:
    if not pieces:
        return "", ""
    zh, en = _named(pieces)
    return f"（联单 {zh} 只填件数、未填重量，未计入）", f" (without {en} in pieces, not weighed)"


def _named(draws: Sequence[Draw]) -> Said:
    """Return the manifests of draws for a sentence."""
    numbers = [d.manifest for d in draws[:MOST_NAMED]]
    more = len(draws) - len(numbers)
    zh = "、".join(numbers) + (f" 等 {len(draws)} 份" if more else "")
    en = ", ".join(numbers) + (f" and {more} more" if more else "")
    return zh, f"manifest{'s' if len(draws) > 1 else ''} {en}"


def draw_evidence(draw: Draw) -> Evidence:
    """Return a manifest that drew on a limit as evidence."""
    at, most = china_text(draw.at), tonnes_text(draw.grams)
    zh, en = f"{most} 吨", f"{most} t"
    if draw.uncertain:
        least = tonnes_text(draw.least)
        zh, en = f"{least} 至 {zh}", f"{least} to {en}"
    if draw.unweighed:
        zh, en = f"{zh}，另有重量未填", f"{en} and pieces without a weight"
    return Evidence("manifest", draw.manifest, None, f"{at}，{zh}", f"{at}, {en}")
