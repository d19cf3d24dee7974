"""上报主体: who spoke of a manifest without being entitled to, and who said one thing two ways.

Both go to an officer and change no fact (design §4). They are about the reports themselves, so they
weigh nothing and know no other reading.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.alert import Evidence
from schemas.envelope import unit_of
from streams.judging.facts import Fact, Facts, Ignored
from streams.judging.law import order_23
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules.explained import VERBS_ZH, conflict_explained, stranger_explained
from streams.judging.rules.rule import ManifestRule, says

if TYPE_CHECKING:
    from streams.judging.statement import Ref

__all__ = ["CONFLICTING_REPORTS", "LAW", "NOT_ENTITLED"]

LAW = (
    order_23(
        "第十条至第十二条",
        "移出人、承运人、接受人各自填写、运行联单中自己的部分",
        "consignor, carrier and receiver each fill in their own part of the manifest",
    ),
)
MOST_SHOWN = 20
"""Events shown as evidence; a flood by one unit needs no longer list."""


def _not_entitled(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Return one outcome a unit that may not speak; nothing while the manifest is not filed."""
    if facts.filed is None:
        return ()
    strangers: dict[str, list[tuple[Ignored, Evidence]]] = {}
    parties = _parties(facts, facts.filed)
    for one in facts.ignored:
        ref, verb, reason, _ = one
        # What a party corrects may still come; nobody else has said anything to correct.
        foreign = reason == "corrects_nothing_known" and unit_of(ref.source) not in parties
        if foreign or reason in ("not_entitled", "number_taken"):
            zh = f"{VERBS_ZH[verb]}（不计入事实）"
            evidence = Evidence("event", str(ref), ref.digest, zh, f"{verb} (counts for nothing)")
            strangers.setdefault(unit_of(ref.source), []).append((one, evidence))
    return tuple(
        says(
            rule,
            "needs_review",
            unit,
            "not_entitled",
            (
                f"单位 {unit} 对联单 {facts.subject} 上报了"
                f"{'、'.join(VERBS_ZH[v] for v in sorted({i.verb for i, _ in said}))}，"
                "但其不是有权上报的一方；所报不计入事实，须人工核查。",
                f"Unit {unit} reported {', '.join(sorted({i.verb for i, _ in said}))} of manifest "
                f"{facts.subject} and is not a party who may; it counts for nothing, to be checked.",
            ),
            act_at=min(i.at for i, _ in said),
            evidence=tuple(evidence for _, evidence in said[:MOST_SHOWN]),
            law=LAW,
            **stranger_explained(facts, unit, [i for i, _ in said])._asdict(),
        )
        for unit, said in sorted(strangers.items())
    )


def _conflicting_reports(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    """Return one outcome a party of the manifest that gave one id to different contents."""
    if facts.filed is None or not facts.conflicts:
        return ()
    parties = _parties(facts, facts.filed)
    told: dict[str, list[tuple[Ref, Evidence]]] = {}
    for ref in facts.conflicts:
        unit = unit_of(ref.source)
        if unit in parties:
            zh, en = "同一编号、内容不同的上报", "the same id with other contents"
            told.setdefault(unit, []).append((ref, Evidence("event", str(ref), ref.digest, zh, en)))
    return tuple(
        says(
            rule,
            "needs_review",
            unit,
            "conflicting_reports",
            (
                f"单位 {unit} 对联单 {facts.subject} 以同一事件编号上报了不同内容；"
                "先收到的计入事实，须人工核查。",
                f"Unit {unit} reported different contents under one id of manifest "
                f"{facts.subject}; the first received counts, to be checked.",
            ),
            act_at=facts.filed.at,
            evidence=tuple(evidence for _, evidence in said[:MOST_SHOWN]),
            law=LAW,
            **conflict_explained(facts, [ref for ref, _ in said])._asdict(),
        )
        for unit, said in sorted(told.items())
    )


def _parties(facts: Facts, filed: Fact) -> set[str]:
    """Return who has a part in the manifest, and who filed it for the consignor."""
    form = facts.form
    return {form.consignor.uscc, form.receiver.uscc, unit_of(filed.ref.source), *facts.carriers}


NOT_ENTITLED = ManifestRule(
    "form.not_entitled",
    1,
    "无权单位上报联单事件",
    "report by a unit that may not speak",
    _not_entitled,
    on_reports=True,
    quiet=lambda _rule, facts, _view, _now: not facts.ignored,
)
CONFLICTING_REPORTS = ManifestRule(
    "form.conflicting_reports",
    1,
    "同一事件编号内容不一致",
    "one event reported with different contents",
    _conflicting_reports,
    on_reports=True,
    quiet=lambda _rule, facts, _view, _now: not facts.conflicts,
)
