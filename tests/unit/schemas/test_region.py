import pytest
from refusals import refusal

from schemas.region import province_name, province_of, read_region, region_name


@pytest.mark.parametrize("code", ["130100", "110101", "660000", "810000", "820000", "710000"])
def test_every_province_of_the_table_is_known_hong_kong_macao_taiwan_and_xpcc_too(
    code: str,
) -> None:
    assert read_region(code) == code
    assert province_name(code) != code[:2]


def test_xpcc_is_no_other_province_than_xinjiang_but_hong_kong_is_one_of_its_own() -> None:
    assert province_of("660000") == province_of("650100") == "65"
    assert province_of("810000") != province_of("440300")


def test_a_place_is_named_by_the_nearest_name_known() -> None:
    assert region_name("130100") == "石家庄市"
    assert region_name("139900") == "河北省"
    assert region_name("110100") == "北京市"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("990100", "region_unknown"), ("000000", "region_unknown"), ("1301", "region_form"),
        ("13010０", "region_form"), (130100, "region_form"), (None, "region_form"),
        ("1301 0", "region_form"), ("", "region_form"),
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused(value: object, code: str) -> None:
    assert refusal(read_region, value).code == code
