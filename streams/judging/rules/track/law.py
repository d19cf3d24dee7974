"""What findings about tracks cite: the carrier's duty, and dumping as a clue in words, no accusation."""

from datetime import datetime

import msgspec

from schemas.alert import LegalBasis
from schemas.instant import china_day
from streams.judging.law import CODE_IN_FORCE, code
from streams.judging.rules.timeliness import TRACKED

__all__ = ["TRACKED", "dumping"]

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
