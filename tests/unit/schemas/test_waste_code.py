from datetime import date

import pytest
from refusals import refusal

from schemas.waste_code import (
    category_of,
    edition_in_force,
    in_catalogue,
    is_general_waste,
    read_waste_code,
)


@pytest.mark.parametrize(
    ("code", "category", "general"),
    [
        ("900-041-49", "HW49", False),
        ("841-001-01", "HW01", False),
        ("900-000-08", "HW08", False),
        ("900-007-S59", "SW59", True),
    ],
)
def test_a_code_tells_its_category_and_whether_it_is_general_waste(
    code: str, category: str, general: bool
) -> None:
    assert read_waste_code(code) == code
    assert (category_of(code), is_general_waste(code)) == (category, general)


@pytest.mark.parametrize("category", [*range(41, 45), 0, 51, 99])
def test_categories_that_the_catalogue_never_used_are_refused_by_name(category: int) -> None:
    said = refusal(read_waste_code, f"900-041-{category:02d}")
    assert said.code == "waste_code_category"
    assert f"{category:02d}" in said.zh


@pytest.mark.parametrize(
    "value",
    [
        "90004149", "900-041-4", "900-041-499", "HW49", "900-041-s59", "900－041－49", "900-041-49 ",
        "٩00-041-49", "", None, 90004149, "900-041-S5", "900-041-49\n",
    ],
)  # fmt: skip
def test_any_other_form_is_refused(value: object) -> None:
    assert refusal(read_waste_code, value).code == "waste_code_form"


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        (date(2020, 12, 31), 2016), (date(2021, 1, 1), 2021), (date(2024, 12, 31), 2021),
        (date(2025, 1, 1), 2025), (date(2026, 8, 15), 2025), (date(2010, 1, 1), 2016),
    ],
)  # fmt: skip
def test_the_edition_is_the_one_in_force_on_the_china_date(day: date, edition: int) -> None:
    assert edition_in_force(day) == edition


@pytest.mark.parametrize(
    ("code", "edition", "stands"),
    [
        ("900-041-49", 2021, True),
        ("900-041-49", 2025, True),
        ("900-041-49", 2016, None),
        ("321-999-48", 2021, False),
        ("321-999-48", 2025, None),
        ("900-000-08", 2021, True),
        ("900-000-49", 2025, True),
        ("831-001-01", 2021, False),
    ],
)
def test_the_catalogue_is_asked_by_edition_and_says_when_it_cannot_tell(
    code: str, edition: int, stands: bool | None
) -> None:
    assert in_catalogue(code, edition) is stands
