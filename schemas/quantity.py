"""Quantities: tonnes on the wire, integer grams inside; pieces and packages as counts."""

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Annotated, Any

from msgspec import Meta

from schemas.checks import Checked, Refusal

__all__ = [
    "Count",
    "PackageTonnes",
    "Tonnes",
    "grams_from_tonnes",
    "grams_of_package",
    "quantity_missing",
    "small_int",
    "tonnes_text",
]

MAX_TONNES = 9_999_999
MAX_PACKAGE_TONNES = 100
"""A tank wagon's load; a million pieces of more would leave what the database counts in."""
_UNROUNDED = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
_DECIMAL = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?", re.ASCII)


def grams_from_tonnes(value: Any) -> int:
    """Return integer grams of a JSON number or decimal string in tonnes, else raise ``Refusal``.

    Finite, 0 to 9,999,999 t, at most 6 decimals (= grams). Floats arrive as ``Decimal`` made from
    the literal, so nothing is rounded on the way.
    """
    if type(value) is str:
        if not _DECIMAL.fullmatch(value):
            raise _refusal()
        whole, _, decimals = value.partition(".")
        grams = int(whole) * 1_000_000 + int(decimals.ljust(6, "0"))
        if grams > MAX_TONNES * 1_000_000:
            raise _refusal()
        return grams
    if type(value) is int:
        if not 0 <= value <= MAX_TONNES:
            raise _refusal()
        return value * 1_000_000
    if type(value) is not Decimal:
        raise _refusal()
    if not 0 <= value <= MAX_TONNES:  # before any arithmetic: 1E+400 must not be expanded
        raise _refusal()
    exact = value.scaleb(6, _UNROUNDED)
    grams = int(exact)
    if grams != exact:
        raise _refusal()
    return grams


def _refusal() -> Refusal:
    return Refusal(
        "quantity_form",
        "数量应为 0 至 9999999 吨的数字或十进制文本，最多 6 位小数",
        "a quantity is a number or decimal text from 0 to 9999999 t with at most 6 decimals",
    )


def grams_of_package(value: Any) -> int:
    """Return grams of one piece or package, more than 0 and at most 100 t, else raise ``Refusal``."""
    grams = grams_from_tonnes(value)
    if not 0 < grams <= MAX_PACKAGE_TONNES * 1_000_000:
        raise Refusal(
            "package_weight_range",
            f"每件重量应大于 0，且不超过 {MAX_PACKAGE_TONNES} 吨",
            f"one package weighs more than 0 and at most {MAX_PACKAGE_TONNES} t",
        )
    return grams


def quantity_missing(weight: str, count: str) -> Refusal:
    """Return the refusal of a line that gives neither a weight nor a count of at least one."""
    return Refusal(
        "quantity_missing",
        f"应填写数量（{weight}），或不少于 1 的件数（{count}）",
        f"a weight ({weight}) or a count of at least 1 ({count}) is expected",
    )


def tonnes_text(grams: int) -> str:
    """Return grams as tonnes without trailing zeros: ``12.5``, and ``-0.7`` of what is too much."""
    whole, rest = divmod(abs(grams), 1_000_000)
    return f"{'-' if grams < 0 else ''}{whole}.{rest:06d}".rstrip("0").rstrip(".")


def small_int(low: int, high: int, code: str = "integer_range") -> Checked:
    """Return the check of a whole number from ``low`` to ``high``; 1.0 and true are refused."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Refusal(
                code,
                f"应为 {low} 至 {high} 的整数",
                f"a whole number from {low} to {high} is expected",
            )
        return value

    return Checked(
        read,
        {"type": "integer", "minimum": low, "maximum": high},
        native=Annotated[int, Meta(ge=low, le=high)],
    )


Tonnes = Annotated[
    int,
    Checked(
        grams_from_tonnes,
        {
            "oneOf": [
                {"type": "number", "minimum": 0, "maximum": MAX_TONNES},
                {"type": "string", "pattern": r"^[0-9]{1,7}(\.[0-9]{1,6})?$"},
            ],
            "description": "吨 (t)",
        },
    ),
]
PackageTonnes = Annotated[
    int,
    Checked(
        grams_of_package,
        {
            "oneOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_PACKAGE_TONNES},
                {"type": "string", "pattern": r"^[0-9]{1,7}(\.[0-9]{1,6})?$"},
            ],
            "description": "每件重量，吨 (t of one piece or package)",
        },
    ),
]
Count = Annotated[int, small_int(0, 1_000_000)]
