"""号牌号码 (GA 36): read with full-width and small letters folded, separators dropped."""

import re
import unicodedata
from typing import Annotated, Any

from schemas.checks import Checked, Refusal

__all__ = ["Plate", "read_plate"]

_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_BODY = "A-HJ-NP-Z0-9"
_PATTERN = re.compile(
    rf"[{_PROVINCES}][A-HJ-NP-Z](?:"
    rf"[{_BODY}]{{5}}"  # ordinary
    rf"|[ABCDEFGHJK][{_BODY}][0-9]{{4}}"  # new energy, small
    rf"|[0-9]{{5}}[ABCDEFGHJK]"  # new energy, large
    rf"|[{_BODY}]{{4}}[挂学警领港澳]"
    r")"
)
_DROP = str.maketrans("", "", " ·•.-")


def read_plate(value: Any) -> str:
    """Return the plate in its canonical form (``冀A12345``), else raise ``Refusal``."""
    if type(value) is str and len(value) <= 32:
        plate = unicodedata.normalize("NFKC", value).upper().translate(_DROP)
        if _PATTERN.fullmatch(plate):
            return plate
    raise Refusal(
        "plate_form",
        "车牌号应为省份简称＋字母＋5 位（新能源 6 位；挂车末位为“挂”）",
        "a plate is province sign + letter + 5 characters (6 for new energy; trailers end in 挂)",
    )


Plate = Annotated[
    str, Checked(read_plate, {"type": "string", "title": "车牌号", "maxLength": 32}, few=True)
]
