"""What findings about tracks cite: the carrier's duty, and dumping as a clue in words, no accusation.

On the road besides: 危险货物道路运输安全管理办法 (order 29 of 2019, in force 2020-01-01) Art 46, speeds of
vehicles with dangerous goods; 道路交通安全法实施条例 Art 62(7), a rest of 20 minutes after four hours.
"""

from datetime import date, datetime

import msgspec

from schemas.alert import LegalBasis
from schemas.instant import china_day
from streams.judging.law import CODE_IN_FORCE, code
from streams.judging.medical.law import prescribed_route
from streams.judging.rules.timeliness import TRACKED

__all__ = ["ORDER_29_IN_FORCE", "RESTED", "TRACKED", "dumping", "prescribed_route", "speeds"]

ORDER_29_IN_FORCE = date(2020, 1, 1)

_CLUE = msgspec.structs.replace(
    code(
        "第一千一百六十九条",
        "不得擅自倾倒、堆放、丢弃、遗撒固体废物",
        "waste must not be dumped, piled up, abandoned or scattered",
        "carrier",
    ),
    note_zh="仅为核查线索：轨迹不能证明卸载，不构成对任何单位的认定",
    note_en="a clue for the check only: a track proves no unloading and accuses nobody",
)


def dumping(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the carrier's duty, and since the Code its article on dumping as a clue."""
    return TRACKED if china_day(at) < CODE_IN_FORCE else (*TRACKED, _CLUE)


_SPEEDS = LegalBasis(
    "危险货物道路运输安全管理办法",
    "第四十六条",
    "危险货物运输车辆在高速公路上不得超过每小时 80 公里，在其他道路上不得超过每小时 60 公里",
    "vehicles with dangerous goods go no faster than 80 km/h on motorways and 60 km/h on other roads",
    party="carrier",
)
RESTED = (
    LegalBasis(
        "中华人民共和国道路交通安全法实施条例",
        "第六十二条第（七）项",
        "不得连续驾驶机动车超过 4 小时未停车休息或者停车休息时间少于 20 分钟",
        "nobody drives for more than 4 hours without a rest of 20 minutes at the least",
        party="carrier",
    ),
    *TRACKED,
)
"""Rests, in force since 2004; and the carrier's track, by which they are seen."""


def speeds(at: datetime) -> tuple[LegalBasis, ...]:
    """Return the speeds of vehicles with dangerous goods since they are set, and the carrier's track."""
    return TRACKED if china_day(at) < ORDER_29_IN_FORCE else (_SPEEDS, *TRACKED)
