"""时限: receipts confirmed late or never, paper manifests entered late, loads long on the way or in store.

Basis: order 23 Arts 18 (five working days), 20 (ten working days); an omission is dated by the end of
its term, so one that ends after 2026-08-15 is judged by the Code (domain 9). No text limits the time
on the road: a load that takes longer than its distance allows is for review. So is what a receiver treated
after more than a year (Code Art 535); that nothing was told of it counts only where treatment must be
reported by manifest (parameter ``silence``): elsewhere ledgers tell it, and every load would be accused.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from schemas.instant import CHINA, china_day
from streams.judging.facts import Facts
from streams.judging.law import basis, order_23, stored_too_long
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained.terms import term_explained
from streams.judging.rules.parameter import Parameters
from streams.judging.rules.rule import ManifestRule, Said, event_evidence, not_applicable, says
from streams.judging.rules.term import (
    BACK_ENTRY,
    RECEIPT,
    STORAGE,
    TRANSIT,
    Term,
    back_entry_term,
    entered_at_once,
    receipt_term,
    received_soon,
    storage_term,
    there_soon,
    transit_term,
    treated_soon,
)
from streams.judging.rules.transfer import names

__all__ = [
    "BACK_ENTRY_OVERDUE",
    "RECEIPT_OVERDUE",
    "STORED_TOO_LONG",
    "TRACKED",
    "TRANSIT_OVERDUE",
]

_Runs = Callable[[Facts, RegistryView, Parameters], Term | str]
_READS = ("filed", "dispatched", "moved", "arrived", "received", "voided", "called_off")
_ELECTRONIC: Said = ("不是纸质联单补录", "not the back-entry of a paper manifest")
TRACKED = (
    order_23(
        "第十一条",
        "承运人应当按照联单载明的接受人送达，并如实记录运输轨迹",
        "the carrier records the track and delivers to the receiver named on the manifest",
        "carrier",
    ),
)


def _asked(
    rule: ManifestRule, runs: _Runs, facts: Facts, view: RegistryView, now: datetime | None
) -> Term | tuple[Outcome, ...]:
    """Return the term if it was broken, else the outcome that says why it was not."""
    term = runs(facts, view, rule.parameters)
    if isinstance(term, str):
        if term == "electronic":
            return (says(rule, "not_applicable", "-", term, _ELECTRONIC),)
        return not_applicable(rule, "-", term)
    if _broken(term, now):
        return term
    if term.kept is None:
        return not_applicable(rule, "-", "term_runs")
    at, over = china_text(term.kept.at), until(term.over)
    said = (f"{at} 已{term.owed[0]}，期限至 {over[0]}", f"done on {at}, in time until {over[1]}")
    return (says(rule, "passed", "-", "in_time", said, margin=left(term)),)


def _broken(term: Term, now: datetime | None) -> bool:
    """Whether what was owed came too late, or is still owed after the term."""
    return term.late if term.kept is not None else now is not None and now >= term.over


def _kept(
    runs: _Runs, soon: Callable[[Facts, Parameters], bool]
) -> Callable[[ManifestRule, Facts, RegistryView, datetime | None], bool]:
    """Return whether no term runs that was broken; ``soon``: known without working out the term."""

    def quiet(rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None) -> bool:
        if soon(facts, rule.parameters):
            return True
        term = runs(facts, view, rule.parameters)
        return isinstance(term, str) or not _broken(term, now)

    return quiet


def _silent(runs: _Runs) -> Callable[[ManifestRule, Facts, RegistryView], datetime | None]:
    """Return when a term ends that nothing has ended yet."""

    def due(rule: ManifestRule, facts: Facts, view: RegistryView) -> datetime | None:
        term = runs(facts, view, rule.parameters)
        return None if isinstance(term, str) or term.kept is not None else term.over

    return due


def until(over: datetime) -> Said:
    """Return the end of a term for a sentence: 24:00 of its last day where it ends with a day."""
    local = over.astimezone(CHINA)
    if (local.hour, local.minute) == (0, 0):
        text = f"{(local - timedelta(days=1)).date()} 24:00"
        return text, f"{text} (China time)"
    return china_text(over), f"{china_text(over)} (China time)"


def left(term: Term) -> str | None:
    """Return the margin of what was done: days or hours before the end, negative after it."""
    if term.kept is None:
        return None
    if "小时" in term.length[0]:
        return f"{(term.over - term.kept.at) // timedelta(hours=1)} h"
    return f"{(china_day(term.over) - china_day(term.kept.at)).days - 1} d"


def _receipt_overdue(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    term = _asked(rule, receipt_term, facts, view, now)
    if not isinstance(term, Term):
        return term
    done = (
        ("至今未确认", "it has not been confirmed")
        if term.kept is None
        else (
            f"于 {china_text(term.kept.at)} 才确认",
            f"it was confirmed only on {china_text(term.kept.at)}",
        )
    )
    return (_found(rule, facts, term, done, "violated", basis("receipt_overdue", term.over)),)


def _back_entry_overdue(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    term = _asked(rule, back_entry_term, facts, view, now)
    if not isinstance(term, Term):
        return term
    at = china_text(facts.filed.at) if facts.filed is not None else ""
    done = f"于 {at} 才补录", f"it was entered only on {at}"
    return (_found(rule, facts, term, done, "violated", basis("back_entry_overdue", term.over)),)


def _transit_overdue(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    term = _asked(rule, transit_term, facts, view, now)
    if not isinstance(term, Term):
        return term
    done = (
        (
            "至今没有运抵的上报，去向须核查",
            "no arrival was reported: where it went is to be checked",
        )
        if term.kept is None
        else (
            f"于 {china_text(term.kept.at)} 才运抵，途中情况须核查",
            f"it arrived only on {china_text(term.kept.at)}: what happened on the way is to be checked",
        )
    )
    return (_found(rule, facts, term, done, "needs_review", TRACKED),)


def _stored_too_long(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    term = _asked(rule, storage_term, facts, view, now)
    if not isinstance(term, Term):
        return term
    done = (
        (
            "至今没有利用处置完毕的上报，是否仍在贮存、是否另行转出须核查",
            "no end of its use or disposal was reported: whether it is still in store, or went on under "
            "another manifest, is to be checked",
        )
        if term.kept is None
        else (
            f"于 {china_text(term.kept.at)} 才利用处置完毕，贮存是否经批准延长须核查",
            f"that was done only on {china_text(term.kept.at)}: whether a longer storage was consented "
            "to is to be checked",
        )
    )
    return (_found(rule, facts, term, done, "needs_review", stored_too_long(term.over)),)


def _found(
    rule: ManifestRule, facts: Facts, term: Term, done: Said, state: str, law: Sequence[object]
) -> Outcome:
    """Return the finding; it names no clock, so silence says the same on every day."""
    over, start = until(term.over), china_text(term.start.at)
    wastes = facts.hazardous
    amount = shipped(facts, wastes)
    said = (
        f"{names(wastes)}共 {amount.zh}，{start} {term.started[0]}，应自次日起 {term.length[0]}内"
        f"（至 {over[0]}）由{term.name}{term.owed[0]}，{done[0]}。"
        if "工作日" in term.length[0]
        else f"{names(wastes)}共 {amount.zh}，{start} {term.started[0]}，一般应在 {term.length[0]}内"
        f"（至 {over[0]}）{term.owed[0]}，{done[0]}。",
        f"{amount.en} of {', '.join(w.code for w in wastes)}: {term.started[1]} on {start} (China time); "
        f"{term.name} had {term.length[1]}, until {over[1]}, to {term.owed[1]}; {done[1]}.",
    )
    evidence = event_evidence(term.start, *term.started)
    if term.kept is not None and term.kept is not facts.filed:
        evidence += event_evidence(term.kept, "到期后的上报", "what came after the term")
    if facts.filed is not None:
        evidence += event_evidence(facts.filed, "联单填报", "manifest as filed")
    return says(
        rule,
        state,  # type: ignore[arg-type]
        "-",
        "late" if term.kept is not None else "silent",
        said,
        margin=left(term),
        amount=amount,
        act_at=term.over,
        evidence=tuple(evidence),
        law=tuple(law),
        **term_explained(facts, term, over, review=state == "needs_review")._asdict(),
    )


RECEIPT_OVERDUE = ManifestRule(
    "time.receipt_overdue",
    1,
    "逾期未确认接受",
    "receipt not confirmed in time",
    _receipt_overdue,
    due=_silent(receipt_term),
    gravest="medium",
    reads=_READS,
    parameters=RECEIPT,
    quiet=_kept(receipt_term, received_soon),
)
BACK_ENTRY_OVERDUE = ManifestRule(
    "time.back_entry_overdue",
    1,
    "纸质联单逾期补录",
    "paper manifest entered too late",
    _back_entry_overdue,
    gravest="medium",
    reads=(*_READS, "taken_over"),
    parameters=BACK_ENTRY,
    quiet=_kept(back_entry_term, entered_at_once),
)
TRANSIT_OVERDUE = ManifestRule(
    "time.transit_overdue",
    1,
    "在途时间过长",
    "longer on the way than the distance allows",
    _transit_overdue,
    due=_silent(transit_term),
    reads=(*_READS, "reached"),
    parameters=TRANSIT,
    quiet=_kept(transit_term, there_soon),
)
STORED_TOO_LONG = ManifestRule(
    "time.stored_too_long",
    1,
    "贮存超过一年",
    "stored for more than a year",
    _stored_too_long,
    due=_silent(storage_term),
    gravest="medium",
    reads=(*_READS, "taken_over", "refused", "treated"),
    parameters=STORAGE,
    quiet=_kept(storage_term, treated_soon),
)
