"""名单条件: conditions of a white list on what it let be approved directly: 一事一批, done within N days.

Basis: order 23 Art 25 (provinces with an agreement may simplify); what an agreement asks in return is
its own (Anhui 2022: one case, one approval, and the move ends within 30 days of it; domain 3.1). An
approval may just as well have been consulted on as usual, and then nothing of this binds: for review.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.alert import Evidence
from schemas.instant import china_day
from schemas.registry import TransferApproval, WhitelistEntry
from streams.judging.explanation import Condition, Cure
from streams.judging.facts import Fact, Facts
from streams.judging.law import order_23
from streams.judging.limit import limit_of
from streams.judging.outcome import Draw, Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.cap import MOST_GRAMS, counted_draws, draw_evidence
from streams.judging.rules.crossing import CrossingLine, needing_approval
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import Group, condition, some
from streams.judging.rules.rule import (
    LimitRule,
    ManifestRule,
    event_evidence,
    not_applicable,
    record_evidence,
    says,
)
from streams.judging.rules.transfer import TAKING_OVER, codes, crosses, names
from streams.judging.working_days import end_of_day

__all__ = ["AGREED", "FINISHED_LATE", "USED_AGAIN"]

AGREED = (
    order_23(
        "第二十五条",
        "省级生态环境主管部门之间可以依协议简化审批，名单条件须遵守",
        "provinces may simplify the approval by agreement; the list's conditions are to be kept",
        "consignor",
    ),
)


# done within N days ----------------------------------------------------------------------------------


class _Finish(NamedTuple):
    """Until when the transfer of a line had to be done, by which approval and entry."""

    line: CrossingLine
    approval: TransferApproval
    entry: WhitelistEntry
    over: datetime


def _finish(line: CrossingLine) -> _Finish | None:
    """Return the term that binds a line: the last of what may bear it; None where one sets none."""
    entries = line.shortening
    if not entries or any(e.finish_within_days is None for e in entries):
        return None
    entry = max(entries, key=lambda e: (e.finish_within_days or 0, e.id))
    approval = max((c.approval for c in line.candidates), key=lambda a: (a.decided_on, a.id))
    last = approval.decided_on + timedelta(days=entry.finish_within_days or 0)
    return _Finish(line, approval, entry, end_of_day(last))


def _terms(facts: Facts, view: RegistryView) -> list[_Finish] | str:
    crossing = needing_approval(facts, view)
    if isinstance(crossing, str):
        return crossing
    found = [term for x in crossing.standing("approved") if (term := _finish(x)) is not None]
    return found or "no_condition"


def _due(_rule: ManifestRule, facts: Facts, view: RegistryView) -> datetime | None:
    if facts.taken_over is not None:
        return None
    terms = _terms(facts, view)
    return None if isinstance(terms, str) else min(term.over for term in terms)


def _unbound(_rule: ManifestRule, facts: Facts, view: RegistryView, _now: datetime | None) -> bool:
    """Whether the load stays in its province, or no list sets a term."""
    form = facts.form
    if not crosses(form.consignor.site_region, form.receiver.site_region):
        return True
    return isinstance(_terms(facts, view), str)


def _finished_late(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    terms, moved = _terms(facts, view), facts.moved
    if isinstance(terms, str) or moved is None:
        return not_applicable(rule, "-", terms if isinstance(terms, str) else "not_moved")
    end = facts.taken_over
    until = now if end is None else end.at
    late = [t for t in terms if until is not None and t.over <= until]
    if not late:
        if end is None:
            return not_applicable(rule, "-", "term_runs")
        over = min(t.over for t in terms)
        said = f"期限 {_last(over)} 前已运抵", f"it was there by {_last(over)}"
        return (says(rule, "passed", "-", "in_time", said, margin=_spare(over, end)),)
    first = min(late, key=lambda t: (t.over, t.line.waste.line))
    wastes = [t.line.waste for t in late]
    amount = shipped(facts, wastes)
    days, document = first.entry.finish_within_days, first.approval.document
    done_zh, done_en = (
        ("至今没有运抵的上报", "no arrival was reported")
        if end is None
        else (f"于 {china_text(end.at)} 才运抵", f"it arrived only on {china_text(end.at)}")
    )
    said = (
        f"审批 {document}（{first.approval.decided_on}）的接受人列于白名单 {first.entry.list_id}，名单要求批准后 "
        f"{days} 日内（至 {_last(first.over)}）完成转移；{names(wastes)}共 {amount.zh}，{done_zh}。"
        "该审批若已按常规征求意见则不受此限，须人工核查。",
        f"Approval {document} ({first.approval.decided_on}) names a receiver on white list "
        f"{first.entry.list_id}, which asks that the transfer be done within {days} days of it, by "
        f"{_last(first.over)}; {amount.en} of {codes(wastes)}: {done_en}. An approval that was "
        "consulted on as usual is not bound by this: to be checked.",
    )
    evidence = event_evidence(moved, "起运", "dispatch")
    if end is not None:
        evidence += event_evidence(end, "运抵", "arrival")
    evidence += [
        _letter(first.approval),
        record_evidence(
            "whitelist_entry",
            first.entry.id,
            f"白名单 {first.entry.list_id}",
            f"white list {first.entry.list_id}",
        ),
    ]
    return (
        says(
            rule,
            "needs_review",
            "-",
            "late" if end is not None else "silent",
            said,
            amount=amount,
            act_at=first.over,
            evidence=tuple(evidence),
            law=AGREED,
            margin=None if end is None else _spare(first.over, end),
            conditions=(
                *scope.transfer(facts, wastes),
                scope.across(facts),
                _asks(first.entry.id, (f"批准后 {days} 日内完成", f"done within {days} days")),
                condition(
                    ("转移完成", "the transfer was done"),
                    ("未上报", "not reported") if end is None else (china_text(end.at),) * 2,
                    (f"不晚于 {_last(first.over)}", f"not after {_last(first.over)}"),
                    holds=None,
                    group=_of(first.approval),
                ),
            ),
            cures=(
                _CONSULTED,
                Cure(
                    zh=f"若不晚于 {_last(first.over)} 运抵，则无需核查。",
                    en=f"Had it been there by {_last(first.over)}, nothing would be to check.",
                    party="carrier",
                ),
            ),
        ),
    )


def _spare(over: datetime, end: Fact) -> str:
    """Return the days from an end to the last day of a term, negative after it."""
    return f"{(china_day(over) - china_day(end.at)).days - 1} d"


def _last(over: datetime) -> str:
    """Return the last day of a term that ends with it, for a sentence."""
    return f"{china_day(over - timedelta(seconds=1))} 24:00"


def _letter(approval: TransferApproval) -> Evidence:
    return record_evidence(
        "transfer_approval",
        approval.id,
        f"审批 {approval.document}",
        f"approval {approval.document}",
    )


def _of(approval: TransferApproval) -> Group:
    return Group(
        f"审批 {approval.document}",
        f"approval {approval.document}",
        f"transfer_approval/{approval.id}",
    )


def _asks(entry_id: str, what: tuple[str, str]) -> Condition:
    return condition(
        ("名单条件", "the list's condition"),
        what,
        holds=True,
        role="applies",
        group=Group("白名单条目", "white-list entry", f"whitelist_entry/{entry_id}"),
    )


_CONSULTED = Cure(
    zh="若该审批已按常规征得接受地同意，则不受名单条件所限；登记部门更正名单或审批记录后附理由撤回。",
    en="Had the destination consented to the approval as usual, the list's conditions would not bind; once "
    "the record of list or approval is corrected this is withdrawn with the reason.",
    party="authority",
    kind="transfer_approval",
)


# 一事一批 --------------------------------------------------------------------------------------------


def _used_again(
    rule: LimitRule, subject: str, draws: Sequence[Draw], view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    limit = limit_of(subject)
    if limit is None or limit.kind != "single":
        return ()
    approval, counted = view.approval(limit.record), counted_draws(draws)
    if approval is None or not counted:
        return not_applicable(rule, "uses", "no_limit" if approval is None else "nothing_drawn")
    days = sorted({china_day(d.at) for d in counted})
    if len(days) < 2:  # several vehicles of one day are one transfer
        said = (
            f"审批 {approval.document} 只用于一次转移",
            f"approval {approval.document} was used for one transfer",
        )
        return (says(rule, "passed", "uses", "used_once", said),)
    again = [d for d in counted if china_day(d.at) != days[0]]
    zh, en = some(d.manifest for d in again)
    said = (
        f"审批 {approval.document} 的接受人列于白名单，名单要求一事一批；该审批 {days[0]} 已转移，联单 {zh} 又在另外 "
        f"{len(days) - 1} 日起运。该审批若已按常规征求意见则不受此限，须人工核查。",
        f"Approval {approval.document} names a receiver on a white list that asks for one approval a "
        f"transfer; it was used on {days[0]}, and {en} left on "
        f"{len(days) - 1} other day{'s' if len(days) > 2 else ''}. An "
        "approval that was consulted on as usual is not bound by this: to be checked.",
    )
    return (
        says(
            rule,
            "needs_review",
            "uses",
            "used_again",
            said,
            grams=min(sum(d.grams for d in again), MOST_GRAMS),
            unweighed=any(d.unweighed for d in again),
            act_at=again[0].at,
            evidence=(
                _letter(approval),
                record_evidence("whitelist_entry", limit.part, "白名单条目", "white-list entry"),
                *map(draw_evidence, again),
            ),
            law=AGREED,
            conditions=(
                _asks(limit.part, ("一事一批", "one approval a transfer")),
                condition(
                    ("起运的日数", "days on which loads left"),
                    (f"{len(days)} 日：{some(map(str, days))[0]}", some(map(str, days))[1]),
                    ("1 日", "1 day"),
                    holds=None,
                    group=_of(approval),
                ),
                condition(
                    ("首日之后的联单", "manifests after the first day"),
                    (zh, en),
                    holds=True,
                    role="figure",
                ),
            ),
            cures=(
                _CONSULTED,
                Cure(
                    zh="若首日之后的各次转移另行取得审批，则无需核查。",
                    en="Had each transfer after the first day an approval of its own, nothing would be to "
                    "check.",
                    party="consignor",
                    kind="transfer_approval",
                ),
            ),
        ),
    )


FINISHED_LATE = ManifestRule(
    "whitelist.finished_late",
    1,
    "未在名单要求的期限内完成转移",
    "not done within the days that a white list asks for",
    _finished_late,
    due=_due,
    gravest="medium",
    reads=TAKING_OVER,
    quiet=_unbound,
)
USED_AGAIN = LimitRule(
    "whitelist.used_again",
    1,
    "一事一批的审批用于多次转移",
    "an approval for one transfer used again",
    _used_again,
    frozenset(("single",)),
    gravest="medium",
)
