"""The law as data with dates: which article an act falls under, by the date of the act.

The Ecological and Environmental Code (生态环境法典) replaced the Solid Waste Law (固废法) on
2026-08-15. Art 1057 of the Code: the law in force when the act happened; a plainly lighter new text
applies to older acts; where neither is plainly lighter both are cited and the alert says so.
Sources: the Code Arts 534, 535, 536, 1057, 1175, 1178; 固废法 (2020) Arts 80, 81, 82, 112, 114;
危险废物转移管理办法 (order 23, 2021) Arts 10, 18, 20, 21.
"""

from datetime import date, datetime
from typing import Literal, NamedTuple

from schemas.alert import LegalBasis
from schemas.instant import china_day

__all__ = ["CODE_IN_FORCE", "Act", "basis", "code", "order_23", "stored_too_long"]

CODE_IN_FORCE = date(2026, 8, 15)
Act = Literal[
    "unapproved_transfer",
    "supply_to_unlicensed",
    "operate_unlicensed",
    "operate_off_licence",
    "receipt_overdue",
    "back_entry_overdue",
]
Party = Literal["consignor", "carrier", "receiver"]

_OLD, _NEW = "中华人民共和国固体废物污染环境防治法", "中华人民共和国生态环境法典"
_ORDER_23 = "危险废物转移管理办法"
_LIGHTER_ZH = "行为发生在法典施行前，新规定较轻，依法典第一千零五十七条适用新规定"
_LIGHTER_EN = "act before the Code; its lighter text applies (Code Art 1057)"
_OLDER_ZH = "行为发生在法典施行前，适用行为时的法律（法典第一千零五十七条）"
_OLDER_EN = "act before the Code; the law of that time applies (Code Art 1057)"
_BOTH_ZH = "行为发生在法典施行前，新旧罚则幅度交叉，孰轻须依案情认定（法典第一千零五十七条）"
_BOTH_EN = "act before the Code; the bands overlap, which is lighter depends on the case (Art 1057)"


class Band(NamedTuple):
    """A penalty in one text; ``low``/``high`` in CNY, ``high`` None where it follows the cost."""

    article: str
    zh: str
    en: str
    low: int
    high: int | None


class Norm(NamedTuple):
    """Duty and penalty of one act in both texts."""

    party: Party
    duty_old: str
    duty_new: str
    duty_zh: str
    duty_en: str
    old: Band
    new: Band
    order_23: str | None = None


_UNAPPROVED = Norm(
    "consignor",
    "第八十二条",
    "第五百三十六条",
    "跨省转移危险废物须经移出地省级部门商接受地同意后批准，未经批准不得转移",
    "moving hazardous waste across provinces needs the origin province's approval",
    Band(
        "第一百一十二条第一款第（五）项",
        "处十万元以上一百万元以下罚款",
        "fine CNY 100,000-1,000,000",
        100_000,
        1_000_000,
    ),
    Band(
        "第一千一百七十五条第一款第（八）项",
        "处二十万元以上二百万元以下罚款",
        "fine CNY 200,000-2,000,000",
        200_000,
        2_000_000,
    ),
    "第二十一条",
)
_SUPPLY = Norm(
    "consignor",
    "第八十条",
    "第五百三十四条",
    "禁止将危险废物提供或委托给无许可证的单位",
    "waste may not be supplied or entrusted to a unit without a licence",
    Band(
        "第一百一十二条第一款第（四）项",
        "处所需处置费用三倍以上五倍以下罚款，处置费用不足二十万元的按二十万元计算",
        "fine of 3-5 times the disposal cost, taken as at least CNY 200,000",
        600_000,
        None,
    ),
    Band(
        "第一千一百七十五条第一款第（五）项",
        "处二十万元以上二百万元以下罚款",
        "fine CNY 200,000-2,000,000",
        200_000,
        2_000_000,
    ),
    "第十条",
)


def _not_run(party: Party, article: str, zh: str, en: str) -> Norm:
    """Return the norm on running manifests, for what one party owes."""
    return Norm(
        party,
        "第八十二条第一款",
        "第五百三十六条",
        zh,
        en,
        Band(
            "第一百一十二条第一款第（五）项",
            "处十万元以上一百万元以下罚款",
            "fine CNY 100,000-1,000,000",
            100_000,
            1_000_000,
        ),
        Band(
            "第一千一百七十五条第一款第（七）项",
            "责令改正，处五万元以上二十万元以下罚款；拒不改正的，处二十万元以上一百万元以下罚款",
            "order to correct, fine CNY 50,000-200,000; CNY 200,000-1,000,000 on refusal to correct",
            50_000,
            200_000,
        ),
        article,
    )


_RECEIPT = _not_run(
    "receiver",
    "第十八条",
    "接受人应当自接受之日起五个工作日内在信息系统确认接受",
    "the receiver confirms in the system within 5 working days of receiving",
)
_BACK_ENTRY = _not_run(
    "consignor",
    "第二十条",
    "使用纸质联单的，应当在转移活动完成后十个工作日内补录电子联单",
    "a paper manifest is entered in the system within 10 working days after the transfer ends",
)


def _operating(collects: bool, licensed: bool) -> Norm:
    old = (
        Band(
            "第一百一十四条第二款",
            "处五十万元以上二百万元以下罚款",
            "fine CNY 500,000-2,000,000",
            500_000,
            2_000_000,
        )
        if licensed
        else Band(
            "第一百一十四条第一款",
            "处一百万元以上五百万元以下罚款",
            "fine CNY 1,000,000-5,000,000",
            1_000_000,
            5_000_000,
        )
    )
    match collects, licensed:
        case True, False:
            new = Band(
                "第一千一百七十八条第一款",
                "处二十万元以上一百万元以下罚款（收集、贮存）",
                "fine CNY 200,000-1,000,000 (collecting, storing)",
                200_000,
                1_000_000,
            )
        case False, False:
            new = Band(
                "第一千一百七十八条第一款",
                "处一百万元以上五百万元以下罚款（利用、处置）",
                "fine CNY 1,000,000-5,000,000 (using, disposing)",
                1_000_000,
                5_000_000,
            )
        case True, True:
            new = Band(
                "第一千一百七十八条第二款",
                "处十万元以上五十万元以下罚款（收集、贮存）",
                "fine CNY 100,000-500,000 (collecting, storing)",
                100_000,
                500_000,
            )
        case _:
            new = Band(
                "第一千一百七十八条第二款",
                "处五十万元以上二百万元以下罚款（利用、处置）",
                "fine CNY 500,000-2,000,000 (using, disposing)",
                500_000,
                2_000_000,
            )
    zh = (
        "禁止不按照许可证规定从事危险废物收集、贮存、利用、处置经营活动"
        if licensed
        else "禁止无许可证从事危险废物收集、贮存、利用、处置经营活动"
    )
    en = (
        "hazardous waste may not be handled otherwise than the licence says"
        if licensed
        else "hazardous waste may not be handled without a licence"
    )
    return Norm("receiver", "第八十条", "第五百三十四条", zh, en, old, new)


def _norm(act: Act, collects: bool) -> Norm:
    match act:
        case "unapproved_transfer":
            return _UNAPPROVED
        case "supply_to_unlicensed":
            return _SUPPLY
        case "receipt_overdue":
            return _RECEIPT
        case "back_entry_overdue":
            return _BACK_ENTRY
        case "operate_unlicensed":
            return _operating(collects, licensed=False)
        case "operate_off_licence":
            return _operating(collects, licensed=True)


def basis(act: Act, at: datetime, *, collects: bool = False) -> tuple[LegalBasis, ...]:
    """Return the articles for an act at an instant; ``collects``: collecting or storing only."""
    norm = _norm(act, collects)
    old = _cite(norm, norm.old, _OLD, norm.duty_old)
    new = _cite(norm, norm.new, _NEW, norm.duty_new)
    if china_day(at) >= CODE_IN_FORCE:
        cited = [new]
    elif _plainly_lighter(norm.new, norm.old):
        cited = [_noted(new, _LIGHTER_ZH, _LIGHTER_EN)]
    elif _plainly_lighter(norm.old, norm.new) or norm.old[3:] == norm.new[3:]:
        cited = [_noted(old, _OLDER_ZH, _OLDER_EN)]
    else:
        cited = [_noted(old, _BOTH_ZH, _BOTH_EN), _noted(new, _BOTH_ZH, _BOTH_EN)]
    if norm.order_23 is not None:
        cited.append(
            LegalBasis(_ORDER_23, norm.order_23, norm.duty_zh, norm.duty_en, party=norm.party)
        )
    return tuple(cited)


def order_23(article: str, zh: str, en: str, party: Party | None = None) -> LegalBasis:
    """Return an article of the transfer measures (order 23), in force since 2022."""
    return LegalBasis(_ORDER_23, article, zh, en, party=party)


def code(article: str, zh: str, en: str, party: Party | None = None) -> LegalBasis:
    """Return an article of the Code, for what no earlier law asked for."""
    return LegalBasis(_NEW, article, zh, en, party=party)


def stored_too_long(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the articles on how long operators may store, for a term that ended at an instant."""
    law, article = (
        (_NEW, "第五百三十五条") if china_day(at) >= CODE_IN_FORCE else (_OLD, "第八十一条")
    )
    return (
        LegalBasis(
            law,
            article,
            "从事危险废物经营的单位贮存危险废物不得超过一年；确需延长的，须经颁发许可证的部门批准",
            "operators may store hazardous waste for no more than a year unless the authority that "
            "licensed them consents to longer",
            party="receiver",
        ),
    )


def _plainly_lighter(a: Band, b: Band) -> bool:
    """Whether band ``a`` is nowhere above ``b`` and somewhere below it."""
    if a.high is None or b.high is None:
        return False  # a multiple of the cost cannot be compared without the case
    return a.low <= b.low and a.high <= b.high and (a.low, a.high) != (b.low, b.high)


def _cite(norm: Norm, band: Band, law: str, duty: str) -> LegalBasis:
    return LegalBasis(
        law,
        f"{duty}、{band.article}",
        norm.duty_zh,
        norm.duty_en,
        penalty_zh=band.zh,
        penalty_en=band.en,
        party=norm.party,
    )


def _noted(cited: LegalBasis, zh: str, en: str) -> LegalBasis:
    return LegalBasis(
        cited.law,
        cited.article,
        cited.zh,
        cited.en,
        penalty_zh=cited.penalty_zh,
        penalty_en=cited.penalty_en,
        party=cited.party,
        note_zh=zh,
        note_en=en,
    )
