import pytest
from refusals import refusal

from schemas.plate import read_plate


@pytest.mark.parametrize(
    ("said", "plate"),
    [
        ("冀A12345", "冀A12345"),
        ("冀A1234B", "冀A1234B"),
        ("冀AD12345", "冀AD12345"),
        ("冀AFX1234", "冀AFX1234"),
        ("粤B12345D", "粤B12345D"),
        ("鲁B1234挂", "鲁B1234挂"),
        ("鲁ｂ１２３４挂", "鲁B1234挂"),
        ("冀a12b45", "冀A12B45"),
        ("京Ａ･1２345".replace("･", "."), "京A12345"),
        ("冀A·12345", "冀A12345"),
        ("冀A-123 45", "冀A12345"),
    ],
)
def test_a_plate_is_read_in_its_canonical_form(said: str, plate: str) -> None:
    assert read_plate(said) == plate
    assert read_plate(plate) == plate


@pytest.mark.parametrize(
    "value",
    [
        "冀I12345", "冀A1234I", "冀A1234O", "A12345", "冀A1234", "冀A123456", "冀AL12345", "冀A12345L",
        "冀AD1234A", "港A12345", "冀A12345挂", "冀A123挂", "", "冀A12345\n", "冀" + "A" * 40,
        None, 12345, ["冀A12345"],
    ],
)  # fmt: skip
def test_what_no_vehicle_carries_is_refused(value: object) -> None:
    assert refusal(read_plate, value).code == "plate_form"
