"""Two readings explained: where the events can be read in two ways, what each of them comes to."""

from collections.abc import Iterable

import msgspec

from schemas.quantity import tonnes_text
from streams.judging.explanation import Condition, Cure
from streams.judging.facts import Fact
from streams.judging.outcome import Outcome, china_text
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.rule import Said

__all__ = ["explained_by_both", "explained_by_void", "explained_by_weight"]

_READINGS: dict[str, tuple[Said, Said]] = {
    "corrected_after_arrival": (("按更正后", "as corrected"), ("按更正前", "as it stood before")),
    "conflicting_reports": (
        ("按先收到的内容", "by the contents received first"),
        ("按后收到的内容", "by the contents received last"),
    ),
}
"""What the reading that counts and the other one are called."""

_STATES: dict[str, Said] = {
    "violated": ("违反", "violated"),
    "needs_review": ("须核查", "to be checked"),
    "notice": ("提示", "notice"),
}
_NOT_FOUND: Said = ("不成立", "does not stand")


def explained_by_both(
    told: Outcome, now: Outcome | None, then: Outcome | None, reason: str
) -> Outcome:
    """Return ``told`` with what each of two readings says of it; ``told`` is one of them."""
    (now_zh, now_en), (then_zh, then_en) = _READINGS[reason]
    (one_zh, one_en), (other_zh, other_en) = (_state(now), _state(then))
    shown_zh, shown_en = (now_zh, now_en) if told is now else (then_zh, then_en)
    both = condition(
        ("两种读法结论一致", "both readings come to the same"),
        (
            f"{now_zh}：{one_zh}；{then_zh}：{other_zh}",
            f"{now_en}: {one_en}; {then_en}: {other_en}",
        ),
        ("结论一致", "the same"),
        holds=None,
    )
    shown = condition(
        ("所列条件按何种读法", "reading that the conditions below go by"),
        (shown_zh, shown_en),
        holds=True,
        role="figure",
    )
    return _with(told, (both, shown), _settled(now, then, reason))


def explained_by_weight(told: Outcome, other: Outcome, reason: str) -> Outcome:
    """Return ``told`` with the lesser quantity of the other reading."""
    (now_zh, now_en), (then_zh, then_en) = _READINGS[reason]
    most, least = tonnes_text(told.grams), tonnes_text(other.grams)
    figure = condition(
        (f"数量：{now_zh}与{then_zh}不同，按较大者", f"quantity: {now_en}, {then_en}; the greater"),
        (f"{most} 吨", f"{most} t"),
        (f"较小者 {least} 吨", f"the lesser: {least} t"),
        holds=True,
        role="figure",
    )
    return _with(told, (figure,), ())


def explained_by_void(told: Outcome, voided: Fact, reached: Fact) -> Outcome:
    """Return ``told`` with the void that came once the load was there (``reached``)."""
    when, there = china_text(voided.at), china_text(reached.at)
    void = condition(
        ("联单未在运抵后作废", "the manifest was not voided after arrival"),
        (f"作废于 {when}", f"voided on {when}"),
        (f"运抵于 {there}", f"there on {there}"),
        holds=None,
    )
    cure = Cure(
        zh="若核实该批货物实际未转移、运抵或接收上报有误，由上报人更正后本项不成立。",
        en="If the load proves never to have moved and its arrival or receipt was reported by mistake, "
        "who reported it corrects it, and this does not stand.",
        party="authority",
        kind="liandan.manifest.corrected.v1",
    )
    return _with(told, (void,), (cure,))


def _state(outcome: Outcome | None) -> Said:
    return _NOT_FOUND if outcome is None else _STATES.get(outcome.state, _NOT_FOUND)


def _settled(now: Outcome | None, then: Outcome | None, reason: str) -> Iterable[Cure]:
    """Return which reading clears it, where one does."""
    for (zh, en), found in zip(_READINGS[reason], (now, then), strict=True):
        if found is None:
            yield Cure(
                zh=f"若核实应{zh}，则本项不成立。",
                en=f"If it proves right to read it {en}, this does not stand.",
                party="authority",
            )


def _with(told: Outcome, conditions: tuple[Condition, ...], cures: Iterable[Cure]) -> Outcome:
    return msgspec.structs.replace(
        told,
        conditions=(*conditions, *told.conditions),
        cures=(*cures, *told.cures),
    )
