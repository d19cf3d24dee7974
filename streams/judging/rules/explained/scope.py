"""Why a rule is asked of a transfer at all: hazardous, moved, across provinces, not exempt; how much."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.manifest import WasteLine
from schemas.region import province_name
from streams.judging.explanation import Condition
from streams.judging.facts import Facts
from streams.judging.outcome import china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.wording import condition, some

__all__ = ["STAGES", "across", "not_exempt", "transfer"]

STAGES = {
    "collection": ("收集", "collection"),
    "transport": ("运输", "transport"),
    "transfer": ("转移", "transfer"),
    "storage": ("贮存", "storage"),
    "utilisation": ("利用", "utilisation"),
    "disposal": ("处置", "disposal"),
    "whole_process": ("全部环节", "the whole process"),
}
"""What the stages of an exemption are called."""


def transfer(facts: Facts, wastes: Sequence[WasteLine]) -> Iterable[Condition]:
    """Return what makes a load a transfer of hazardous waste that counts."""
    codes = [w.code for w in wastes]
    yield condition(
        ("属于危险废物", "hazardous waste"),
        some(codes),
        ("非一般固体废物代码（NNN-NNN-SNN）", "no code of general solid waste (NNN-NNN-SNN)"),
        holds=True,
        role="applies",
    )
    if facts.moved is not None:
        at = china_text(facts.moved.at)
        yield condition(
            ("已经起运", "the load moved"),
            (at, at),
            ("有起运、交接、运抵或接收的上报", "dispatch, hand-over, arrival or receipt reported"),
            holds=True,
            role="applies",
        )


def across(facts: Facts) -> Condition:
    """Return that the load crosses provinces."""
    form = facts.form
    start, end = form.consignor.site_region, form.receiver.site_region
    way = f"{province_name(start)} → {province_name(end)}"
    return condition(
        ("跨省转移", "crosses provinces"),
        (way, way),
        ("移出地与接受地不在同一省份", "origin and destination in different provinces"),
        holds=True,
        role="applies",
    )


def not_exempt(
    facts: Facts, view: RegistryView, wastes: Sequence[WasteLine], at: datetime, *stages: str
) -> Condition:
    """Return that no exemption lifts one of ``stages``; those for other stages are named."""
    form = facts.form
    found = {
        e.id: e
        for w in wastes
        for e in view.exemptions(w.code, form.consignor.uscc, form.receiver.uscc, at)
    }
    other = sorted({stage for e in found.values() for stage in e.stages})
    value = ("登记库中无适用的豁免", "the registry holds no exemption for it")
    if other:
        value = (
            f"豁免只及{'、'.join(STAGES[s][0] for s in other)}",
            f"exempt only in {', '.join(STAGES[s][1] for s in other)}",
        )
    lifted = list(dict.fromkeys((*stages, "whole_process")))
    return condition(
        ("不在豁免之内", "not exempt"),
        value,
        (
            f"豁免{'、'.join(STAGES[s][0] for s in lifted)}者不适用本规则",
            f"not asked where {' or '.join(STAGES[s][1] for s in lifted)} is exempt",
        ),
        holds=True,
        role="applies",
    )
