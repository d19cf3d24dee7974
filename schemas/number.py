"""Measured numbers: a JSON number within bounds, read as a float."""

from decimal import Decimal
from typing import Any

from schemas.checks import Checked, Refusal

__all__ = ["number"]


def number(low: int, high: int) -> Checked:
    """Return the check of a JSON number from ``low`` to ``high``, ends included; texts are refused.

    What has a point or an exponent arrives as ``Decimal`` made from the literal. Bounds come before
    any arithmetic, so that 1E+400 is refused, not expanded.
    """

    def read(value: Any) -> float:
        if type(value) not in (int, Decimal) or not low <= value <= high:
            raise Refusal(
                "number_range",
                f"应为 {low} 至 {high} 的数字",
                f"a number from {low} to {high} is expected",
            )
        return float(value)

    return Checked(read, {"type": "number", "minimum": low, "maximum": high})
