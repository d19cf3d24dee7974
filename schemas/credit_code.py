"""统一社会信用代码, the 18-character unified social credit code (GB 32100-2015).

Position 18 is a check digit over the first 17 with weights 3^(i-1) mod 31. Positions 1-8 may hold
letters: codes of farm collectives and some public bodies do, so the common "eight digits" check
refuses real units.
"""

from typing import Annotated, Any

from schemas.checks import Checked, Refusal

__all__ = ["CreditCode", "check_character", "read_credit_code"]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {c: i for i, c in enumerate(ALPHABET)}
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_character(first_17: str) -> str:
    """Return the 18th character for 17 characters of the alphabet; KeyError for any other."""
    total = sum(_VALUE[c] * w for c, w in zip(first_17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


_known: dict[str, None] = {}
"""Codes that passed before: the same few thousand units come in every event."""


def read_credit_code(value: Any) -> str:
    """Return ``value`` if it is a credit code, else raise ``Refusal``."""
    if type(value) is not str:
        raise Refusal("credit_code_form", "统一社会信用代码应为文本", "a credit code is a text")
    if value in _known:
        return value
    if len(value) != 18 or any(c not in _VALUE for c in value):
        raise Refusal(
            "credit_code_form",
            "统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）",
            "a credit code has 18 digits or capital letters (none of I, O, S, V, Z)",
        )
    if check_character(value[:17]) != value[17]:
        raise Refusal(
            "credit_code_check_digit",
            f"统一社会信用代码校验位不符：末位应为 {check_character(value[:17])}",
            f"check digit is wrong: the last character should be {check_character(value[:17])}",
        )
    if len(_known) < 100_000:
        _known[value] = None
    return value


CreditCode = Annotated[
    str,
    Checked(
        read_credit_code,
        {"type": "string", "pattern": f"^[{ALPHABET}]{{18}}$", "title": "统一社会信用代码"},
        few=True,
    ),
]
