import pytest
from refusals import refusal

from schemas.manifest_number import number_parts, read_manifest_number


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("20261301000001", ("order23", 2026, "1301", 1)),
        ("2021220100047595", ("national_inside", 2021, "2201", 47595)),
        ("G2020120100004996", ("national_cross", 2020, "1201", 4996)),
        ("20261101999999", ("order23", 2026, "1101", 999999)),
        ("G2026120199999999", ("national_cross", 2026, "1201", 99999999)),
        ("20266601000001", ("order23", 2026, "6601", 1)),
        ("20001301000000", ("order23", 2000, "1301", 0)),
        ("20991301000000", ("order23", 2099, "1301", 0)),
    ],
)
def test_three_grammars_are_told_apart_with_year_city_and_serial(
    number: str, parts: tuple[object, ...]
) -> None:
    assert read_manifest_number(number) == number
    assert number_parts(number) == parts


@pytest.mark.parametrize(
    "number",
    [
        "2026130100001", "202613010000001", "20261301000000001", "G20261301000001",
        "g2026130100000001", "2026130100000a", "２０２６１３０１００００００１", "20261301000001\n",
        " 20261301000001", "", "G", "-2026130100001", "2026130100000001X",
    ],
)  # fmt: skip
def test_any_other_form_is_refused(number: str) -> None:
    assert refusal(read_manifest_number, number).code == "manifest_number_form"


@pytest.mark.parametrize("year", ["1999", "2100", "0000"])
def test_years_outside_the_century_are_refused_by_name(year: str) -> None:
    said = refusal(read_manifest_number, year + "1301000001")
    assert said.code == "manifest_number_year"
    assert str(int(year)) in said.en


@pytest.mark.parametrize("city", ["9901", "0001", "1601"])
def test_a_region_in_no_province_is_refused_by_name(city: str) -> None:
    for number in (f"2026{city}000001", f"2026{city}00000001", f"G2026{city}00000001"):
        said = refusal(read_manifest_number, number)
        assert said.code == "manifest_number_region"
        assert city in said.zh


@pytest.mark.parametrize("value", [20261301000001, None, True, 2026.0])
def test_a_number_that_came_as_a_number_is_refused(value: object) -> None:
    assert refusal(read_manifest_number, value).code == "manifest_number_form"
