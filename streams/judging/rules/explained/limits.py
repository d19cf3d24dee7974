"""Limits explained: the cap, what was drawn on it, by whom it was passed, how much would have done."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Evidence
from schemas.quantity import tonnes_text
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.outcome import Draw, china_text
from streams.judging.rules.explained.wording import Group, condition, some
from streams.judging.rules.rule import Said

__all__ = ["DOUBTS", "Passed", "Threshold", "limit_explained"]

DOUBTS: dict[str, Said] = {
    "voided_after_arrival": ("在运抵后作废", "voided after arrival"),
    "corrected_after_arrival": ("在运抵后被更正", "corrected after arrival"),
    "conflicting_reports": ("有内容不同的上报", "reported with different contents"),
    "several_limits": (
        "另有同样适用的文件而未写明用的是哪一份",
        "falling under another document as well, and not saying which it uses",
    ),
}
"""Why a draw is a range."""


class Threshold(NamedTuple):
    """One amount that the draws are held against: 核准规模的 120%."""

    zh: str
    en: str
    grams: int


class Passed(NamedTuple):
    """Where a threshold is passed: by which manifest, when, and what was drawn before it and in all."""

    of: tuple[Threshold, ...]
    """The thresholds that are passed, the cap first."""
    first: str
    at: datetime
    before: int
    total: int

    @property
    def over(self) -> int:
        """Grams past the cap."""
        return self.total - self.of[0].grams


Cures = Callable[[Passed], Iterable[Cure]]
"""What would have kept a limit, told for where it was passed."""


def limit_explained(
    counted: Sequence[Draw],
    thresholds: Sequence[Threshold],
    record: Evidence,
    cures: Cures,
    *,
    passed: Passed | None,
    unweighed: Sequence[Draw] = (),
    notes: Sequence[Condition] = (),
) -> Explanation:
    """Return why a limit is passed, or may be.

    ``counted``: the draws that count, in order. ``unweighed``: received without a weight; then
    whether anything is passed cannot be told. ``notes``: figures of the rule's own.
    """
    least = sum(d.least for d in counted)
    most = sum(d.grams for d in counted)
    way = sum(d.grams for d in counted if d.state == "reserved")
    cap = thresholds[0]
    conditions = [
        _figure(("上限", "cap"), cap.grams, Group(cap.zh, cap.en, record.ref)),
        *notes,
        _figure(("已用去（确定）", "drawn for certain"), least),
        _figure(("最多用去", "drawn at most"), most),
        _figure(("其中在途（已起运、未接收）", "of it on its way (not received yet)"), way),
        _figure(("余量（按最多用去）", "remaining (if drawn at most)"), cap.grams - most),
        condition(
            ("计入的联单", "manifests that count"),
            (f"{len(counted)} 份", str(len(counted))),
            holds=True,
            role="figure",
        ),
    ]
    for t in thresholds:
        conditions += _held(t, least, most, known=not unweighed)
    conditions += _doubts(counted)
    pieces = [d for d in counted if d.unweighed]
    if pieces and not unweighed:
        zh, en = some(d.manifest for d in pieces)
        conditions.append(
            condition(
                ("另有只填件数、未填重量，未计入", "pieces without a weight on top, not counted"),
                (f"{len(pieces)} 份：{zh}", f"{len(pieces)}: {en}"),
                holds=True,
                role="figure",
            )
        )
    if unweighed:
        zh, en = some(d.manifest for d in unweighed)
        conditions.append(
            condition(
                ("已接收的各批均有重量", "every load received has a weight"),
                (f"{len(unweighed)} 份无重量：{zh}", f"{len(unweighed)} without: {en}"),
                ("0 份无重量", "0 without"),
                holds=False,
            )
        )
    if passed is not None:
        conditions.append(
            condition(
                ("自此联单起超出", "passed from this manifest on"),
                (
                    f"{passed.first}，{china_text(passed.at)}，此前累计 {tonnes_text(passed.before)} 吨",
                    f"{passed.first}, {china_text(passed.at)}, {tonnes_text(passed.before)} t before it",
                ),
                holds=True,
                role="figure",
            )
        )
    told: list[Cure] = []
    if unweighed:
        told.append(_weighed(max(cap.grams - most, 0)))
    if passed is not None:
        told += _kept(passed)
        told += cures(passed)
    return Explanation(tuple(conditions), (*told, *_readings(counted)))


_NO_GROUP = Group()


def _figure(what: Said, grams: int, group: Group = _NO_GROUP) -> Condition:
    text = tonnes_text(grams)
    return condition(what, (f"{text} 吨", f"{text} t"), holds=True, role="figure", group=group)


def _signed(grams: int) -> str:
    return f"{tonnes_text(grams)} t"


def _held(t: Threshold, least: int, most: int, *, known: bool) -> Iterable[Condition]:
    """Return whether a threshold is kept: for certain, and at the most where that is another thing."""
    ranges: list[tuple[Said, int]] = [(("", ""), least)]
    if least != most:
        ranges = [(("（确定部分）", " (for certain)"), least), (("（最多）", " (at most)"), most)]
    for (mark_zh, mark_en), grams in ranges:
        keeps = grams <= t.grams
        text, cap = tonnes_text(grams), tonnes_text(t.grams)
        yield condition(
            (f"不超过{t.zh}{mark_zh}", f"not more than {t.en}{mark_en}"),
            (f"{text} 吨", f"{text} t"),
            (f"≤ {cap} 吨", f"<= {cap} t"),
            holds=None if keeps and not known else keeps,
            margin=_signed(t.grams - grams),
        )


def _doubts(counted: Sequence[Draw]) -> Iterable[Condition]:
    for why, (zh, en) in DOUBTS.items():
        of = [d for d in counted if d.uncertain and d.doubt == why]
        if of:
            named_zh, named_en = some(d.manifest for d in of)
            apart = tonnes_text(sum(d.uncertain for d in of))
            yield condition(
                (f"联单{zh}，用量只有一种读法", f"one reading of manifests {en}"),
                (f"{named_zh}，相差 {apart} 吨", f"{named_en}, {apart} t apart"),
                ("0 吨", "0 t"),
                holds=None,
            )


def _kept(passed: Passed) -> Iterable[Cure]:
    """Return how much could still have come from the manifest on that passed a threshold."""
    for t in passed.of:
        if passed.before > t.grams:
            continue  # passed before by manifests that are not told here
        left, over = tonnes_text(t.grams - passed.before), tonnes_text(passed.total - t.grams)
        yield Cure(
            zh=f"若自联单 {passed.first}（{china_text(passed.at)}）起合计至多再转移 {left} 吨"
            f"（少 {over} 吨），则不超出{t.zh}。",
            en=f"With at most {left} t more from manifest {passed.first} ({china_text(passed.at)}, "
            f"China time) on, {over} t less, {t.en} would be kept.",
            party="consignor",
        )


def _weighed(left: int) -> Cure:
    text = tonnes_text(left)
    return Cure(
        zh=f"若接受人更正接收上报、补报重量（或移出人更正联单、补填每件重量），且这些件合计不超过 {text} 吨，"
        "则未超出。",
        en="Once the receiver corrects its receipt and gives the weight (or the consignor the weight of "
        f"one package), and they weigh no more than {text} t together, nothing is exceeded.",
        party="receiver",
        kind="liandan.manifest.corrected.v1",
    )


def _readings(counted: Sequence[Draw]) -> Iterable[Cure]:
    of = [d for d in counted if d.uncertain]
    if of:
        zh, en = some(d.manifest for d in of)
        yield Cure(
            zh=f"若核实联单 {zh} 按较少者计，则以确定部分为准，重新研判。",
            en=f"If {en} prove to have taken the lesser quantity, what is certain counts, and it is "
            "judged again.",
            party="authority",
        )
