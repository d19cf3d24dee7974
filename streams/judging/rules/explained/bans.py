"""Inbound bans explained: what brings a load under a ban, and what would have kept it out."""

from collections.abc import Iterable, Sequence

from schemas.manifest import WasteLine
from schemas.region import region_name
from schemas.registry import InboundBan
from schemas.waste_code import category_of
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.facts import Facts
from streams.judging.registry import RegistryView
from streams.judging.rules.crossing import Candidate, Crossing, CrossingLine
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    Group,
    condition,
    day_text,
    left_out,
    span,
)
from streams.judging.rules.rule import Said
from streams.judging.rules.transfer import METHODS_ZH

__all__ = ["Banned", "ban_explained"]

Banned = tuple[CrossingLine, InboundBan, str | None, tuple[Candidate, ...]]
"""A line, the ban that it is under, why an officer must look first, approvals from before the ban."""

_FORMS_ZH = {"solid": "固态", "semi_solid": "半固态", "liquid": "液态", "gas": "气态"}
_FORMS_EN = {"solid": "solid", "semi_solid": "semi-solid", "liquid": "liquid", "gas": "gas"}


def ban_explained(
    facts: Facts, view: RegistryView, crossing: Crossing, banned: Sequence[Banned]
) -> Explanation:
    """Return why lines are under bans; ``banned``: a line and its ban each."""
    wastes = [line.waste for line, *_ in banned]
    shown = banned[:MOST_SHOWN]
    conditions = [
        *scope.transfer(facts, wastes),
        scope.across(facts),
        scope.not_exempt(facts, view, wastes, crossing.moved.at, "transfer"),
    ]
    for one in shown:
        conditions += _under(facts, crossing, one)
    conditions += left_out(("的限入事项", "lines under a ban"), shown, len(banned))
    bans = list(
        {ban.id: (line, ban, doubt, letters) for line, ban, doubt, letters in shown}.values()
    )
    cures = [cure for one in bans for cure in _cures(facts, one)]
    return Explanation(tuple(conditions), tuple(cures[:MOST_SHOWN]))


def _document(ban: InboundBan) -> str:
    return ban.source_doc or ban.id


def _under(facts: Facts, crossing: Crossing, banned: Banned) -> Iterable[Condition]:
    line, ban, doubt, letters = banned
    waste, region = line.waste, facts.form.receiver.site_region
    group = Group(
        f"限入 {_document(ban)}（对 {waste.code}）",
        f"ban {_document(ban)} (for {waste.code})",
        f"inbound_ban/{ban.id}",
    )
    where, there = region_name(region), region_name(ban.destination)
    yield condition(
        ("接受地在限入地域内", "the site lies where the ban is"), (where, where), (there, there),
        holds=True, role="applies", group=group,
    )  # fmt: skip
    yield condition(
        ("废物在所限类别内", "the ban names the waste"), (waste.code, waste.code),
        _named(ban, waste), holds=True, role="applies", group=group,
    )  # fmt: skip
    day = day_text(crossing.moved.at)
    yield condition(
        ("起运当日限入有效", "in force on the day of dispatch"), (day, day), span(ban),
        holds=True, role="applies", group=group,
    )  # fmt: skip
    if ban.purposes:
        yield condition(
            ("方式在所限之内", "the ban names the method"),
            (METHODS_ZH[waste.method], waste.method),
            _methods(ban),
            holds=True, role="applies", group=group,
        )  # fmt: skip
    if ban.forms:
        told = waste.form
        yield condition(
            ("形态在所限之内", "the ban names the form"),
            (_FORMS_ZH[told], _FORMS_EN[told]) if told else ("联单未填", "not on the manifest"),
            _forms(ban),
            holds=None if told is None else True, role="applies", group=group,
        )  # fmt: skip
    if ban.least_content is not None:
        yield condition(
            ("含量低于最低含量", "less than the least content"),
            ("联单不填含量", "not on a manifest"),
            (f"低于 {ban.least_content}", f"less than {ban.least_content}"),
            holds=None, role="applies", group=group,
        )  # fmt: skip
    yield _earlier(line, ban, letters, group)
    yield condition(
        ("不在限入之内", "outside the ban"),
        ("在限入之内", "under the ban") if doubt is None else _DOUBTED[doubt],
        ("未被限入", "not banned"),
        holds=False if doubt is None else None,
        group=group,
    )


_DOUBTED: dict[str, Said] = {
    "form_unknown": ("取决于形态", "depends on the form"),
    "content_unknown": ("取决于含量", "depends on the content"),
    "approved_before_ban": (
        "限入前的批准是否仍可执行待核",
        "whether the earlier approval still holds",
    ),
}


def _earlier(
    line: CrossingLine, ban: InboundBan, letters: Sequence[Candidate], group: Group
) -> Condition:
    """Return whether an approval in force was decided before the ban began."""
    held = letters or (line.candidates if line.standing == "approved" else ())
    value: Said = ("无有效批准", "no approval in force")
    if held:
        first = min(held, key=lambda c: (c.approval.decided_on, c.approval.id)).approval
        value = (
            f"{first.document}，{first.decided_on} 作出",
            f"{first.document}, decided on {first.decided_on}",
        )
    return condition(
        ("限入生效前已有有效批准", "an approval in force from before the ban"),
        value,
        (f"早于 {ban.valid_from}", f"before {ban.valid_from}"),
        holds=bool(letters),
        group=group,
    )


def _named(ban: InboundBan, waste: WasteLine) -> Said:
    if waste.code in ban.codes:
        return waste.code, waste.code
    category = category_of(waste.code)
    if category in ban.categories:
        return f"{category} 全类", f"all of {category}"
    return "全部危险废物", "all hazardous waste"


def _methods(ban: InboundBan) -> Said:
    return "、".join(METHODS_ZH[m] for m in ban.purposes), ", ".join(ban.purposes)


def _forms(ban: InboundBan) -> Said:
    return (
        "、".join(_FORMS_ZH[f] for f in ban.forms),
        ", ".join(_FORMS_EN[f] for f in ban.forms),
    )


def _cures(facts: Facts, banned: Banned) -> Iterable[Cure]:
    line, ban, doubt, letters = banned
    waste, document = line.waste, _document(ban)
    if doubt == "approved_before_ban":
        first = min(letters, key=lambda c: (c.approval.decided_on, c.approval.id)).approval
        yield Cure(
            zh=f"若接受地主管部门确认 {first.document}（{first.decided_on} 作出）在限入 {document} "
            f"生效（{ban.valid_from}）后仍可执行，则本项合法。",
            en=f"If the destination's authority confirms that {first.document} (decided on "
            f"{first.decided_on}) may still be used after ban {document} began ({ban.valid_from}), "
            "this is legal.",
            party="authority",
        )
    if ban.forms:
        forms_zh, forms_en = _forms(ban)
        verb_zh, verb_en = ("补填", "gives") if waste.form is None else ("更正", "corrects")
        yield Cure(
            zh=f"若该废物实际形态不是{forms_zh}，移出人在运抵前{verb_zh}联单形态，则不在限入 {document} "
            "之内。",
            en=f"If the waste is in truth not {forms_en} and the consignor {verb_en} the form on the "
            f"manifest before arrival, it is outside ban {document}.",
            party="consignor",
            kind="liandan.manifest.corrected.v1",
        )
    if ban.least_content is not None:
        yield Cure(
            zh=f"若检测报告证明该废物含量不低于 {ban.least_content}，则不在限入 {document} 之内，按误报关闭。",
            en=f"If a test report shows no less than {ban.least_content} in the waste, it is outside ban "
            f"{document}: close this.",
            party="authority",
        )
    if ban.purposes:
        methods_zh, methods_en = _methods(ban)
        yield Cure(
            zh=f"若移入不是为了{methods_zh}，则不在限入 {document} 之内。",
            en=f"Brought in for anything but {methods_en}, this would be outside ban {document}.",
            party="consignor",
        )
    place = region_name(ban.destination)
    yield Cure(
        zh=f"若{facts.form.consignor.name}将 {waste.code} 交由{place}以外、未限入该废物且获批准的接受人，"
        "则本项合法。",
        en=f"Sent to an approved receiver outside {place}, where nothing bans {waste.code}, this would "
        "be legal.",
        party="consignor",
        kind="transfer_approval",
    )
    ends_zh = f"，或在 {ban.valid_to} 之后" if ban.valid_to else ""
    ends_en = f", or after {ban.valid_to}" if ban.valid_to else ""
    yield Cure(
        zh=f"若获批准且在 {ban.valid_from} 之前{ends_zh}起运，则不受限入 {document} 约束。",
        en=f"Approved and dispatched before {ban.valid_from}{ends_en}, ban {document} would not bear "
        "on it.",
        party="consignor",
    )
