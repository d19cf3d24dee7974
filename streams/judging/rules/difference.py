"""重量差异: what was received differs from what left by more than weighing explains.

Basis: order 23 Arts 12, 18: the receiver checks the weight and reports what differs. No text gives a
share, so both thresholds are ours and must be passed together (domain 6.1, 8.5). Only lines that were
accepted whole and weighed at both ends are compared: of what was accepted in part or refused, or is
counted in pieces, the weights say nothing of the way.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.manifest import WasteLine
from schemas.quantity import tonnes_text
from streams.judging.explanation import Condition, Cure
from streams.judging.facts import Facts
from streams.judging.law import order_23
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import ManifestRule, event_evidence, not_applicable, says
from streams.judging.rules.transfer import TRANSFER, nothing_to_judge

__all__ = ["DIFFERENCE_LAW", "RECEIVED_DIFFERS"]

DIFFERENCE_LAW = (
    order_23(
        "第十二条、第十八条",
        "接受人核实重量（数量）；与联单不符的，及时告知移出人并向接受地生态环境主管部门报告",
        "the receiver checks the weight; what differs from the manifest is told to the consignor and "
        "reported to the authority of the destination",
        "receiver",
    ),
)
_SOURCE = "法规未规定比例，行业惯例 3%–10% / no text; 3-10 % in practice"
_PARAMETERS = Parameters(
    Parameter(
        "percent",
        5,
        ("%", "%"),
        1,
        50,
        "choice",
        "差异超过起运重量的此比例，且",
        "a difference above this share of what left, and",
        _SOURCE,
    ),
    Parameter(
        "kilograms",
        100,
        ("千克", "kg"),
        1,
        10_000,
        "choice",
        "差异超过此重量",
        "above this weight",
        _SOURCE,
    ),
)


class _Line(NamedTuple):
    """One line weighed at both ends, in grams."""

    waste: WasteLine
    left: int
    came: int
    allowed: int
    """The greatest difference that is not asked about."""

    @property
    def off(self) -> int:
        return self.came - self.left


def _differs(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    reason = nothing_to_judge(facts)
    if reason is not None:
        return not_applicable(rule, "-", reason)
    received = facts.received
    if received is None:
        return not_applicable(rule, "-", "not_received")
    lines = _weighed(facts, rule.parameters)
    if not lines:
        return not_applicable(rule, "-", "not_weighed_twice")
    far = _far(lines)
    if not far:
        nearest = min(line.allowed - abs(line.off) for line in lines)
        said = ("接收重量与起运重量相符", "what was received weighs what left")
        return (says(rule, "passed", "-", "agrees", said, margin=f"{tonnes_text(nearest)} t"),)
    form = facts.form
    told_zh = "，".join(_zh(line) for line in far)
    told_en = "; ".join(_en(line) for line in far)
    said = (
        f"{china_text(received.at)} {form.receiver.name}确认接收的重量与起运时不符：{told_zh}。"
        "途中去向或计量须人工核查。",
        f"On {china_text(received.at)} (China time) {form.receiver.name} confirmed another weight than "
        f"left: {told_en}. What happened on the way, or at the scales, is to be checked.",
    )
    evidence = event_evidence(received, "接收确认", "receipt")
    if facts.dispatched is not None:
        evidence += event_evidence(facts.dispatched, "起运", "dispatch")
    if facts.filed is not None:
        evidence += event_evidence(facts.filed, "联单填报", "manifest as filed")
    worst = max(far, key=lambda line: abs(line.off) - line.allowed)
    return (
        says(
            rule,
            "needs_review",
            "-",
            "less" if sum(line.off for line in far) < 0 else "more",
            said,
            margin=f"-{tonnes_text(abs(worst.off) - worst.allowed)} t",
            grams=sum(abs(line.off) for line in far),
            act_at=received.at,
            evidence=tuple(evidence),
            law=DIFFERENCE_LAW,
            conditions=(
                *scope.transfer(facts, [line.waste for line in far]),
                *(_condition(line, rule.parameters) for line in far),
            ),
            cures=(
                Cure(
                    zh=f"若计量或填写有误，由{form.receiver.name}更正接收确认，或由承运人更正起运重量。",
                    en="If a weight was taken or typed wrongly, the receiver corrects its receipt or the "
                    "carrier its dispatch.",
                    party="receiver",
                    kind="liandan.manifest.corrected.v1",
                ),
                Cure(
                    zh="若只接受了一部分，接收意见应为部分接受。",
                    en="If only a part was accepted, the receipt's opinion is “partly”.",
                    party="receiver",
                    kind="liandan.manifest.corrected.v1",
                ),
            ),
        ),
    )


def _agrees(rule: ManifestRule, facts: Facts, _view: RegistryView, _now: datetime | None) -> bool:
    """Whether no line differs by more than is allowed."""
    return not _far(_weighed(facts, rule.parameters))


def _far(lines: Sequence[_Line]) -> list[_Line]:
    return [line for line in lines if abs(line.off) > line.allowed]


def _weighed(facts: Facts, parameters: Parameters) -> list[_Line]:
    """Return the lines that were accepted whole and have a weight of their own at both ends."""
    received = facts.received
    if received is None:
        return []
    accepted = {
        line.line: line.accepted_t
        for line in received.data.wastes
        if line.opinion == "accepted" and line.accepted_t is not None
    }
    found = []
    for waste in facts.hazardous:
        came, left = accepted.get(waste.line), facts.shipped(waste)
        if came is None or left.grams is None or left.by is not None:
            continue
        share = left.grams * parameters["percent"] // 100
        allowed = max(share, parameters["kilograms"] * 1000)
        found.append(_Line(waste, left.grams, came, allowed))
    return found


def _zh(line: _Line) -> str:
    more = "多" if line.off > 0 else "少"
    return (
        f"{line.waste.name}（{line.waste.code}）起运 {tonnes_text(line.left)} 吨，接收 "
        f"{tonnes_text(line.came)} 吨，{more} {tonnes_text(abs(line.off))} 吨{_share(line, '（{}%）')}"
    )


def _en(line: _Line) -> str:
    more = "more" if line.off > 0 else "less"
    return (
        f"{line.waste.code}: {tonnes_text(line.left)} t left, {tonnes_text(line.came)} t received, "
        f"{tonnes_text(abs(line.off))} t {more}{_share(line, ' ({} %)')}"
    )


def _share(line: _Line, form: str) -> str:
    return form.format(abs(line.off) * 100 // line.left) if line.left else ""


def _condition(line: _Line, parameters: Parameters) -> Condition:
    allowed = tonnes_text(line.allowed)
    percent, kilograms = parameters["percent"], parameters["kilograms"]
    return condition(
        (f"{line.waste.code} 接收与起运重量之差", f"{line.waste.code}: received against what left"),
        (f"{tonnes_text(abs(line.off))} 吨", f"{tonnes_text(abs(line.off))} t"),
        (
            f"不超过 {allowed} 吨（{percent}% 与 {kilograms} 千克中较大者）",
            f"at most {allowed} t (the greater of {percent} % and {kilograms} kg)",
        ),
        holds=None,
        margin=f"-{tonnes_text(abs(line.off) - line.allowed)} t",
    )


RECEIVED_DIFFERS = ManifestRule(
    "quantity.received_differs",
    1,
    "接收重量与起运不符",
    "received weight differs from what left",
    _differs,
    reads=(*TRANSFER, "received"),
    parameters=_PARAMETERS,
    quiet=_agrees,
)
