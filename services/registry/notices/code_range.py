"""Codes as they are written: one, or a range of the catalogue (``900-041~047-49``)."""

from typing import NamedTuple

from schemas.checks import Refusal
from schemas.waste_code import in_catalogue, read_waste_code
from services.registry.notices.scope import Said
from services.registry.notices.scope_tokens import Token, TokenType

__all__ = ["Codes", "codes_of", "is_category"]

_MOST_IN_RANGE = 300


class Codes(NamedTuple):
    """Codes of a token; none, with the doubt, where it cannot be read for sure."""

    codes: list[str]
    doubt: Said | None = None
    remark: Said | None = None


def is_category(two: str) -> bool:
    """Whether two digits are those of a category of hazardous waste."""
    try:
        read_waste_code(f"900-000-{two}")
    except Refusal:
        return False
    return True


def codes_of(token: Token, edition: int) -> Codes:
    """Return what a code or a range names; codes that its edition is known not to have are left out."""
    parts = token.parts
    if not is_category(parts[-1]):
        return Codes([], ("末两位不是危险废物类别", "its last two digits are no category"))
    if token.type is TokenType.CODE:
        return Codes(["-".join(parts)])
    first, last = _ends(parts)
    low, high = int(first[1]), int(last[1])
    same = (first[0], first[2]) == (last[0], last[2])
    if not same or not low < high < low + _MOST_IN_RANGE:
        return Codes([], ("代码区间首尾不符", "the ends of the range do not match"))
    every = [f"{first[0]}-{n:03d}-{first[2]}" for n in range(low, high + 1)]
    codes = [c for c in every if in_catalogue(c, edition) is not False]
    missing = [c for c in (every[0], every[-1]) if c not in codes]
    if missing:
        return Codes([], (
            f"区间的首或尾 {'、'.join(missing)} 不在 {edition} 年版名录中",
            f"an end of the range, {', '.join(missing)}, is not in the catalogue of {edition}",
        ))  # fmt: skip
    undecided = sum(in_catalogue(c, edition) is None for c in codes)
    zh = f"“{token.text}”读作 {len(codes)} 个代码：{'、'.join(codes)}"
    en = f"“{token.text}” read as {len(codes)} codes: {', '.join(codes)}"
    if undecided:
        zh += f"；其中 {undecided} 个未见于现有名录表"
        en += f"; {undecided} of them are not in the table at hand"
    return Codes(codes, remark=(zh, en))


def _ends(parts: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(parts) == 6:  # 900-041-49~900-047-49
        return parts[:3], parts[3:]
    if len(parts) == 5:  # 900-041-49~047-49
        return parts[:3], (parts[0], parts[3], parts[4])
    return (parts[0], parts[1], parts[3]), (parts[0], parts[2], parts[3])  # 900-041~047-49
