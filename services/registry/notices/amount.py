"""Weights and scales as printed: ``5000吨/年``, ``3万吨``, ``15 t/d`` (330 working days a year)."""

import re
from decimal import Decimal
from typing import Literal, NamedTuple

from schemas.checks import Refusal
from schemas.quantity import grams_from_tonnes, tonnes_text
from services.registry.notices.characters import plain, squeezed
from services.registry.notices.scope import Said

__all__ = ["DAYS_A_YEAR", "Amount", "Measure", "annual_grams", "measure_of", "print_amount",
           "read_amount"]  # fmt: skip

DAYS_A_YEAR = 330
"""Days a year of a scale given per day, not 365 (domain 8.3)."""

Per = Literal["year", "day"]
_TONNES = {
    "万吨": Decimal(10_000), "万t": Decimal(10_000), "吨": Decimal(1), "t": Decimal(1),
    "tonnes": Decimal(1), "tons": Decimal(1), "公斤": Decimal("0.001"), "千克": Decimal("0.001"),
    "kg": Decimal("0.001"),
}  # fmt: skip
_UNITS = "|".join(sorted(_TONNES, key=len, reverse=True))
_MEASURE = rf"(?P<unit>{_UNITS})(?:[/·每]?(?P<per>年|a|yr|year|日|天|d|day))?"
_AMOUNT = re.compile(
    r"(?:合计|共计|总计|共|不超过|不大于|最多|至多|≤|<=)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:{_MEASURE})?",
    re.IGNORECASE | re.ASCII,
)
_IN_HEADER = re.compile(rf"[(/_:,]{_MEASURE}\)?$", re.IGNORECASE)
_PER: dict[str, Per] = {
    "年": "year", "a": "year", "yr": "year", "year": "year",
    "日": "day", "天": "day", "d": "day", "day": "day",
}  # fmt: skip


class Measure(NamedTuple):
    """A unit, tonnes in one of it, and the time it is for."""

    text: str
    tonnes: Decimal
    per: Per | None = None


class Amount(NamedTuple):
    """Grams, the time they are for, and how they were read where that needs saying."""

    grams: int
    per: Per | None = None
    remarks: tuple[Said, ...] = ()


def measure_of(header: str) -> Measure | None:
    """Return the unit that a column's name ends in: ``核准经营规模（吨/年）``, ``quantity_t``."""
    found = _IN_HEADER.search(squeezed(header))
    return None if found is None else _measure(found["unit"], found["per"])


def read_amount(text: str, header: Measure | None = None) -> Amount:
    """Read a weight; a number without a unit has its column's. Raises Refusal."""
    said = squeezed(text)
    match = _AMOUNT.fullmatch(said)
    if match is None:
        raise Refusal(
            "amount_form",
            "读不出确定的重量：应为数字加 吨、万吨、公斤，可加 /年、/日；约数、件数、体积不作换算",
            "no weight can be read for sure: a number with t, kg or 万吨, per year or day; "
            "estimates, pieces and volumes are not converted",
        )
    measure = _measure(match["unit"], match["per"]) if match["unit"] else header
    if measure is None:
        raise Refusal(
            "amount_unit", "没有计量单位，表头中也没有", "no unit is given, nor in the header"
        )
    tonnes = Decimal(match["number"].replace(",", "")) * measure.tonnes
    grams = grams_from_tonnes(tonnes)
    per = measure.per or (header.per if header is not None else None)
    remarks: list[Said] = []
    if not match["unit"]:
        unit = measure.text
        remarks.append((f"单位取自表头：{unit}", f"the unit is the header's: {unit}"))
    if measure.tonnes != 1:
        told = tonnes_text(grams)
        remarks.append((f"“{plain(text)}”即 {told} 吨", f"“{plain(text)}” is {told} t"))
    return Amount(grams, per, tuple(remarks))


def annual_grams(amount: Amount) -> tuple[int, tuple[Said, ...]]:
    """Return the grams of a year. Raises Refusal where neither a year nor a day is said."""
    if amount.per == "year":
        return amount.grams, amount.remarks
    if amount.per is None:
        raise Refusal(
            "amount_period",
            "没有说明是每年还是每日",
            "whether it is for a year or a day is not said",
        )
    grams = grams_from_tonnes(tonnes_text(amount.grams * DAYS_A_YEAR))
    day, year = tonnes_text(amount.grams), tonnes_text(grams)
    told = (
        f"{day} 吨/日 × {DAYS_A_YEAR} 日 = {year} 吨/年",
        f"{day} t a day × {DAYS_A_YEAR} days = {year} t a year",
    )
    return grams, (*amount.remarks, told)


def print_amount(amount: Amount) -> str:
    """Write an amount in the notation of notices; ``read_amount`` reads it back."""
    per = {None: "", "year": "/年", "day": "/日"}[amount.per]
    return f"{tonnes_text(amount.grams)}吨{per}"


def _measure(unit: str, per: str | None) -> Measure:
    text = unit + (f"/{per}" if per else "")
    return Measure(text, _TONNES[unit.lower()], _PER[per.lower()] if per else None)
