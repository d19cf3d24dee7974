"""废物代码: eight digits ``NNN-NNN-NN`` of the national catalogue, read in one edition.

The last two digits are the category (HW01-HW50). ``900-007-S59`` and its like are general solid
waste, which no rule on hazardous waste touches. Only the 2021 edition is held as a table: a code
that is missing from it is a matter for review, never unlawful (the 2025 edition added codes).
"""

import csv
import re
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from schemas.checks import Checked, Refusal

__all__ = [
    "EDITIONS",
    "WasteCode",
    "category_of",
    "edition_in_force",
    "in_catalogue",
    "is_general_waste",
    "read_waste_code",
]

EDITIONS = {2016: date(2016, 8, 1), 2021: date(2021, 1, 1), 2025: date(2025, 1, 1)}
"""First day in force of each edition of the national catalogue."""

_HAZARDOUS = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{2}", re.ASCII)
_GENERAL = re.compile(r"[0-9]{3}-[0-9]{3}-S[0-9]{2}", re.ASCII)
_CATEGORIES = frozenset((*range(1, 41), *range(45, 51)))


def read_waste_code(value: Any) -> str:
    """Return ``value`` if it has the form of a waste code, else raise ``Refusal``."""
    if type(value) is str:
        if _HAZARDOUS.fullmatch(value):
            if int(value[8:]) in _CATEGORIES:
                return value
            raise Refusal(
                "waste_code_category",
                f"废物代码末两位 {value[8:]} 不是危险废物类别（HW01–HW40、HW45–HW50）",
                f"the last two digits {value[8:]} are no category (HW01-HW40, HW45-HW50)",
            )
        if _GENERAL.fullmatch(value):
            return value
    raise Refusal(
        "waste_code_form",
        "废物代码应为 8 位数字 NNN-NNN-NN（一般固体废物为 NNN-NNN-SNN）",
        "a waste code is NNN-NNN-NN (NNN-NNN-SNN for general solid waste)",
    )


def is_general_waste(code: str) -> bool:
    """Whether the code is of general solid waste (``…-S59``)."""
    return code[8] == "S"


def category_of(code: str) -> str:
    """Return ``HWnn`` of a hazardous code, ``SWnn`` of a general one."""
    return "SW" + code[9:] if is_general_waste(code) else "HW" + code[8:]


@cache
def _codes_2021() -> frozenset[str]:
    table = files("schemas") / "data" / "hazardous_waste_catalogue_2021.csv"
    with table.open(encoding="utf-8") as f:
        return frozenset(row["code"] for row in csv.DictReader(f))


def edition_in_force(day: date) -> int:
    """Return the year of the catalogue edition in force on a China date."""
    return max((e for e, start in EDITIONS.items() if start <= day), default=2016)


def in_catalogue(code: str, edition: int) -> bool | None:
    """Whether the code stands in the edition; None where the table at hand cannot tell.

    The 2025 edition kept the 2021 codes but for a few merges and additions, so a 2021 code is
    taken as present in it, an unknown one as undecided.
    """
    if code[:7] == "900-000":
        return True  # "listed by identification": any category
    if edition == 2021:
        return code in _codes_2021()
    if edition == 2025 and code in _codes_2021():
        return True
    return None


WasteCode = Annotated[
    str,
    Checked(
        read_waste_code,
        {"type": "string", "pattern": "^[0-9]{3}-[0-9]{3}-(S?[0-9]{2})$", "title": "废物代码"},
        few=True,
    ),
]
