"""Terms explained: what began it, until when it ran, what came or did not, and what would have kept it."""

from collections.abc import Iterable

from streams.judging.explanation import Cure, Explanation
from streams.judging.facts import Facts
from streams.judging.outcome import china_text
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import condition
from streams.judging.rules.rule import Said
from streams.judging.rules.term import Term

__all__ = ["term_explained"]

_NOT_YET = ("未上报", "not reported")


def term_explained(facts: Facts, term: Term, over: Said, *, review: bool) -> Explanation:
    """Return why a term was broken; ``over``: its end in words; ``review``: no text sets the term."""
    start = china_text(term.start.at)
    kept = _NOT_YET if term.kept is None else (china_text(term.kept.at),) * 2
    conditions = (
        *scope.transfer(facts, facts.hazardous),
        condition(term.started, (start, start), holds=True, role="figure"),
        condition(
            ("期限", "the term"),
            term.length,
            holds=True,
            role="figure",
        ),
        condition(
            (term.owed[0], term.owed[1]),
            kept,
            (f"不晚于 {over[0]}", f"not after {over[1]}"),
            holds=None if review else False,
        ),
    )
    return Explanation(conditions, tuple(_cures(facts, term, over, review=review)))


def _cures(facts: Facts, term: Term, over: Said, *, review: bool) -> Iterable[Cure]:
    ends_zh, ends_en = ("无需核查", "nothing would be to check") if review else (
        "本项合法",
        "this would be legal",
    )  # fmt: skip
    yield Cure(
        zh=f"若{term.name}不晚于 {over[0]} {term.owed[0]}，则{ends_zh}。",
        en=f"Had {term.name} managed to {term.owed[1]} not after {over[1]}, {ends_en}.",
        party=term.party,
    )
    if term.kept is None:
        yield Cure(
            zh="若已按时完成、只是未上报，补报后本告警附理由撤回。",
            en="If it was done in time and only not reported, this alert is withdrawn with the reason once "
            "that is reported.",
            party=term.party,
            kind=_KINDS.get(term.owed[0]),
        )
    elif term.kept is not facts.filed:
        yield Cure(
            zh="若上报的时间有误，由上报人更正该事件的发生时间。",
            en="If a time was reported wrongly, who reported it corrects when it happened.",
            party=term.party,
            kind="liandan.manifest.corrected.v1",
        )


_KINDS = {
    "在系统中确认接受": "liandan.manifest.received.v1",
    "运抵接受地": "liandan.manifest.arrived.v1",
    "利用处置完毕": "liandan.manifest.treated.v1",
}
