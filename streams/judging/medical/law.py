"""The law on medical waste, by article: the regulation of 2003 (医疗废物管理条例, revised 2011) and GB 39707-2020.

Articles as in the regulation's public text: 12 registers, 14 no sale, 16 collected in the house in time,
17 store of two days, 22 licence, 25 collection at least every two days, 26 vehicles. The Code (生态环境法典)
has Arts 544-545 for medical waste and epidemics from 2026-08-15. The regulation's fines are small;
where one act breaks several norms the higher fine counts (Code Art 1055), so what the Code punishes is cited
beside it.
"""

from datetime import datetime
from typing import Literal

from schemas.alert import LegalBasis
from schemas.instant import china_day
from streams.judging.law import CODE_IN_FORCE, code

__all__ = [
    "box_washing",
    "collection",
    "epidemic",
    "generated",
    "other_cargo",
    "prescribed_route",
    "process",
    "register",
    "store",
    "store_at_plant",
    "vehicle",
    "washing",
]

_REGULATION = "医疗废物管理条例"
_STANDARD = "医疗废物处理处置污染控制标准（GB 39707-2020）"
Party = Literal["consignor", "carrier", "receiver"]


def _regulation(article: str, zh: str, en: str, party: Party) -> LegalBasis:
    return LegalBasis(_REGULATION, article, zh, en, party=party)


def _standard(part: str, zh: str, en: str, party: Party) -> LegalBasis:
    return LegalBasis(_STANDARD, part, zh, en, party=party)


def _medical(at: datetime) -> tuple[LegalBasis, ...]:
    if china_day(at) < CODE_IN_FORCE:
        return ()
    return (
        code(
            "第五百四十四条",
            "医疗废物按照国家危险废物名录管理，应当及时收集、运送和处置",
            "medical waste is hazardous waste, to be collected, moved and treated in time",
        ),
    )


def store(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the articles on the two days in an institution's store."""
    return (
        _regulation(
            "第十七条",
            "医疗废物暂时贮存的时间不得超过 2 天",
            "medical waste may be stored at the institution for no more than two days",
            "consignor",
        ),
        *_medical(at),
    )


def collection(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the articles on coming for it at least every two days."""
    return (
        _regulation(
            "第二十五条",
            "集中处置单位应当至少每 2 天到医疗卫生机构收集、运送一次医疗废物",
            "the treatment unit comes to each institution at least once in two days",
            "receiver",
        ),
        *_medical(at),
    )


def register(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the articles on registering every package."""
    return (
        _regulation(
            "第十二条",
            "对医疗废物的来源、种类、重量或者数量、交接时间、最终去向等进行登记",
            "source, kind, weight or number, hand-over and destination are registered",
            "consignor",
        ),
        *_medical(at),
    )


def generated(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the articles on collecting and registering all that an institution makes."""
    return (
        _regulation(
            "第十六条",
            "医疗卫生机构应当及时收集本单位产生的医疗废物",
            "an institution collects the medical waste that it makes in time",
            "consignor",
        ),
        *register(at),
    )


def vehicle(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the articles on vehicles of its own."""
    return (
        _regulation(
            "第二十六条",
            "运送医疗废物应当使用有明显标识的专用车辆，专用车辆不得运送其他物品",
            "medical waste is moved in marked vehicles of its own, which carry nothing else",
            "receiver",
        ),
        *_medical(at),
    )


def prescribed_route(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the norm on the way that vehicles take, and the articles on those vehicles."""
    return (
        _standard(
            "运送要求",
            "运送车辆应当按照规定的路线行驶，行驶时锁闭车厢门",
            "vehicles take the prescribed route, doors locked",
            "carrier",
        ),
        *vehicle(at),
    )


def other_cargo() -> tuple[LegalBasis, ...]:
    """Return the article on what else such a vehicle may carry: nothing."""
    return (
        _regulation(
            "第二十六条",
            "运送医疗废物的专用车辆不得运送其他物品",
            "vehicles for medical waste carry nothing else",
            "carrier",
        ),
    )


def washing() -> tuple[LegalBasis, ...]:
    """Return the norms on cleaning vehicles within 24 hours of use."""
    return (
        _regulation(
            "第二十六条",
            "专用车辆使用后，应当在处置场所内及时进行消毒和清洁",
            "after use the vehicle is disinfected and cleaned at the plant in time",
            "receiver",
        ),
        *box_washing(),
    )


def box_washing() -> tuple[LegalBasis, ...]:
    """Return the norm on cleaning boxes, which is that on vehicles."""
    return (
        _standard(
            "运送要求",
            "运送车辆和周转箱使用后应在 24 小时内清洗消毒",
            "vehicles and boxes are washed and disinfected within 24 hours of use",
            "receiver",
        ),
    )


def store_at_plant() -> tuple[LegalBasis, ...]:
    """Return the norm on how long a plant may keep it untreated."""
    return (
        _standard(
            "贮存要求",
            "感染性、损伤性、病理性废物贮存：温度不低于 5 ℃ 的不超过 24 小时，低于 5 ℃ 的不超过 72 小时，"
            "偏远地区低于 5 ℃ 并经消毒的不超过 168 小时",
            "stored at 5 °C or more for 24 hours at most, below 5 °C 72 hours, in remote areas below 5 °C "
            "and disinfected 168 hours",
            "receiver",
        ),
    )


def process() -> tuple[LegalBasis, ...]:
    """Return the norm on what a process must reach."""
    return (
        _standard(
            "处理处置技术要求",
            "焚烧 ≥850 ℃、烟气停留 ≥2.0 s；高温蒸汽 ≥134 ℃、≥220 kPa、≥45 min；微波 ≥95 ℃、≥45 min；"
            "高温干热 ≥170 ℃、≥20 min",
            "incineration ≥ 850 °C and ≥ 2.0 s; steam ≥ 134 °C, ≥ 220 kPa, ≥ 45 min; microwave ≥ 95 °C, "
            "≥ 45 min; dry heat ≥ 170 °C, ≥ 20 min",
            "receiver",
        ),
    )


def epidemic() -> tuple[LegalBasis, ...]:
    """Return the article under which an emergency order stands."""
    return (
        code(
            "第五百四十五条",
            "重大传染病疫情等突发事件时，县级以上人民政府统筹协调医疗废物收集、贮存、运送、处置",
            "in an epidemic governments of counties and above coordinate how medical waste is handled",
        ),
    )
