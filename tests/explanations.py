"""Explanations of findings: written out for reading, and what every one of them must have."""

from streams.judging.explanation import Condition, Cure
from streams.judging.outcome import Outcome

_MARKS = {True: "✓", False: "✗", None: "?"}
_MOST_CONDITIONS = 90
"""Ten documents at six conditions each, and the rule's own."""


def assert_explained(outcome: Outcome) -> None:
    """Every finding has conditions and cures in both languages; nothing else has any."""
    if not outcome.found:
        assert not outcome.conditions, outcome
        assert not outcome.cures, outcome
        return
    assert outcome.conditions, outcome
    assert outcome.cures, outcome
    assert len(outcome.conditions) <= _MOST_CONDITIONS, outcome
    for condition in outcome.conditions:
        texts = (condition.zh, condition.en, condition.value_zh, condition.value_en)
        assert all(text.strip() for text in texts), condition
        assert bool(condition.threshold_zh) == bool(condition.threshold_en), condition
        assert bool(condition.group_zh) == bool(condition.group_en), condition
        assert condition.role != "figure" or condition.holds is True, condition
        assert condition.role != "applies" or condition.holds is not False, condition
        assert condition.role != "requires" or condition.threshold_zh or condition.holds is None
    for cure in outcome.cures:
        assert cure.zh.endswith("。"), cure
        assert cure.en.endswith("."), cure
    asked = [c.holds for c in outcome.conditions if c.role == "requires"]
    if outcome.state == "needs_review":
        assert not all(c.holds for c in outcome.conditions), outcome
    else:
        assert False in asked, outcome


def written(outcome: Outcome) -> str:
    """Return an explanation as a page to read."""
    lines = [
        f"# {outcome.rule} · {outcome.reason} · {outcome.state}"
        + (f" · {outcome.margin}" if outcome.margin else ""),
        outcome.zh,
        outcome.en,
        "",
    ]
    group = ""
    for condition in outcome.conditions:
        if condition.group_zh != group:
            group = condition.group_zh
            if group:
                lines.append(f"  [{group} | {condition.group_en} | {condition.record}]")
        lines += _lines(condition, "    " if group else "  ")
    lines.append("")
    lines += [_cure(cure) for cure in outcome.cures]
    return "\n".join(lines) + "\n"


def _lines(condition: Condition, indent: str) -> list[str]:
    mark = {"figure": "·", "applies": "→"}.get(condition.role, "")
    mark = _MARKS[condition.holds] if not mark else mark + _MARKS[condition.holds]
    margin = f" ({condition.margin})" if condition.margin else ""
    zh = f"{indent}{mark} {condition.zh}: {condition.value_zh}"
    en = f"{indent}  {condition.en}: {condition.value_en}"
    if condition.threshold_zh:
        zh, en = f"{zh} ⟷ {condition.threshold_zh}", f"{en} <> {condition.threshold_en}"
    return [zh + margin, en]


def _cure(cure: Cure) -> str:
    whose = " ".join(x for x in (cure.party, cure.kind) if x)
    return f"  ⇒ [{whose}] {cure.zh}\n    {cure.en}"
