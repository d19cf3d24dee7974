"""Reports explained: who may speak of a manifest, and what one event id may say."""

from collections.abc import Iterable, Sequence

from schemas.envelope import unit_of
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.facts import Facts, Ignored
from streams.judging.outcome import china_text
from streams.judging.rules.explained.wording import MOST_SHOWN, condition, left_out, some
from streams.judging.rules.rule import Said
from streams.judging.statement import Ref

__all__ = ["VERBS_ZH", "conflict_explained", "stranger_explained"]

VERBS_ZH = {
    "filed": "填报",
    "dispatched": "起运",
    "handed_over": "交接",
    "arrived": "运抵",
    "received": "接收",
    "treated": "利用处置",
    "corrected": "更正",
    "voided": "作废",
}
_CORRECTED = "liandan.manifest.corrected.v1"
_DIGITS = 12
"""Digits of a digest that a condition shows; the evidence has them all."""


def _filed(facts: Facts) -> Iterable[Condition]:
    if facts.filed is not None:
        unit, at = unit_of(facts.filed.ref.source), china_text(facts.filed.at)
        yield condition(
            ("联单已填报", "the manifest is filed"),
            (f"{at}，由 {unit}", f"{at}, by {unit}"),
            holds=True,
            role="applies",
        )


def stranger_explained(facts: Facts, unit: str, said: Sequence[Ignored]) -> Explanation:
    """Return why a unit may not speak; ``said``: its reports that count for nothing, in order."""
    conditions = list(_filed(facts))
    verbs = sorted({(i.verb, i.reason) for i in said})
    for verb, reason in verbs:
        who_zh, who_en = _entitled(facts, verb)
        of = [i for i in said if (i.verb, i.reason) == (verb, reason)]
        what: Said = (f"有权上报{VERBS_ZH[verb]}", f"may report {verb}")
        if reason == "number_taken":
            what = (f"编号 {facts.subject} 未被他人填报", f"number {facts.subject} is not taken")
            who_zh, who_en = _owner(facts)
        first = china_text(min(i.at for i in of))
        conditions.append(
            condition(
                what,
                (f"{unit}，{len(of)} 件，最早 {first}", f"{unit}, {len(of)} in all, first {first}"),
                (who_zh, who_en),
                holds=False,
            )
        )
    conditions.append(
        condition(
            ("不计入事实的上报", "reports that count for nothing"),
            (f"{len(said)} 件", str(len(said))),
            holds=True,
            role="figure",
        )
    )
    cures = [_cure(facts, unit, verb, reason) for verb, reason in verbs]
    return Explanation(tuple(conditions), tuple(dict.fromkeys(cures)))


def _owner(facts: Facts) -> Said:
    owner = unit_of(facts.filed.ref.source) if facts.filed is not None else ""
    return f"{owner} 先填报", f"filed first by {owner}"


def _entitled(facts: Facts, verb: str) -> Said:
    """Return who may report a verb of this manifest."""
    form = facts.form
    match verb:
        case "filed" | "voided":
            return (
                f"移出人 {form.consignor.uscc}，或为其填报的小微收集单位",
                f"consignor {form.consignor.uscc}, or the small-generator collector that files for it",
            )
        case "dispatched" | "handed_over" | "arrived":
            zh, en = some(sorted(facts.carriers))
            return f"联单承运人 {zh}", f"a carrier of the manifest: {en}"
        case "received" | "treated":
            return f"接受人 {form.receiver.uscc}", f"receiver {form.receiver.uscc}"
        case _:
            return (
                "被更正事件的上报单位，且不改换移出人",
                "who reported the event, the consignor unchanged",
            )


def _cure(facts: Facts, unit: str, verb: str, reason: str) -> Cure:
    form = facts.form
    if reason == "number_taken":
        return Cure(
            zh=f"若单位 {unit} 以自己取得的联单编号填报，则有效；{facts.subject} 属先填报者。",
            en=f"Filed under a number of its own this would count for unit {unit}; {facts.subject} "
            "belongs to who filed it first.",
            party="consignor",
            kind="liandan.manifest.filed.v1",
        )
    match verb:
        case "filed" | "voided":
            return Cure(
                zh=f"若由移出人 {form.consignor.name} 上报{VERBS_ZH[verb]}，或单位 {unit} 当日已登记为"
                "小微企业危险废物收集单位，则有效。",
                en=f"Reported by consignor {form.consignor.name}, or with unit {unit} registered as a "
                f"small-generator collector on that day, {verb} would count.",
                party="consignor",
                kind="unit",
            )
        case "dispatched" | "handed_over" | "arrived":
            return Cure(
                zh=f"若移出人 {form.consignor.name} 在联单中列明承运人 {unit}（更正联单），或先由已列承运人"
                "上报交接给它，则有效。",
                en=f"Had consignor {form.consignor.name} named {unit} as a carrier (by a correction), or "
                "a named carrier reported handing the load over to it, this would count.",
                party="consignor",
                kind=_CORRECTED,
            )
        case "received" | "treated":
            return Cure(
                zh=f"若由联单接受人 {form.receiver.name}（{form.receiver.uscc}）上报{VERBS_ZH[verb]}，则有效。",
                en=f"Reported by receiver {form.receiver.name} ({form.receiver.uscc}), {verb} would "
                "count.",
                party="receiver",
                kind=f"liandan.manifest.{verb}.v1",
            )
        case _:
            return Cure(
                zh="若由原事件的上报单位更正、且不将联单改到另一移出人名下，则有效。",
                en="Made by the unit that reported the event, and without giving the manifest to another "
                "consignor, the correction would count.",
                kind=_CORRECTED,
            )


def conflict_explained(facts: Facts, refs: Sequence[Ref]) -> Explanation:
    """Return why one unit's ids stand with several contents; ``refs``: those that do not count."""
    conditions = list(_filed(facts))
    ids = list(dict.fromkeys(ref.id for ref in refs))
    for event_id in ids[:MOST_SHOWN]:
        digests = [r.digest[:_DIGITS] for r in refs if r.id == event_id]
        others_zh, others_en = some(digests)
        conditions.append(
            condition(
                (f"事件 {event_id} 只有一种内容", f"event {event_id} has one content"),
                (f"另有 {len(digests)} 种：{others_zh}…", f"{len(digests)} more: {others_en}…"),
                ("与先收到者逐字节相同", "the same bytes as the first received"),
                holds=False,
            )
        )
    conditions += left_out(("的事件编号", "event ids"), ids[:MOST_SHOWN], len(ids))
    return Explanation(
        tuple(conditions),
        (
            Cure(
                zh="若内容有变时以新的事件编号上报更正（corrected）、引用原事件，则只有一种读法。",
                en="Had what changed been reported as a correction with an id of its own that names the "
                "first event, there would be one reading only.",
                kind=_CORRECTED,
            ),
            Cure(
                zh="若重发与首次逐字节相同，则视为同一事件，不计两次。",
                en="Sent again with the very same bytes, this would be the same event and count once.",
            ),
        ),
    )
