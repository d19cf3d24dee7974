import pytest
from refusals import refusal

from schemas.credit_code import ALPHABET, read_credit_code

# The check character by hand: (31 - sum of value x weight mod 31) mod 31.
BY_HAND = {
    "000000000000000000": "nothing to add: 0",
    "10000000000000000Y": "1 x 1 = 1, 31 - 1 = 30 = Y",
    "000000000000000013": "1 x 28 = 28, 31 - 28 = 3",
    "N00000000000000009": "N = 22, x 1 = 22, 31 - 22 = 9: a farm collective begins with N",
    "0000000N000000000X": "22 x 17 = 374 = 12 x 31 + 2, 31 - 2 = 29 = X: a letter in place 8",
    "91350100M000100Y43": "the standard's own example",
}


@pytest.mark.parametrize("code", BY_HAND, ids=BY_HAND.values())
def test_a_code_with_the_right_check_character_is_read_as_it_stands(code: str) -> None:
    assert read_credit_code(code) == code


@pytest.mark.parametrize("code", BY_HAND)
def test_every_other_check_character_is_refused_and_the_right_one_named(code: str) -> None:
    for last in ALPHABET:
        if last != code[17]:
            said = refusal(read_credit_code, code[:17] + last)
            assert said.code == "credit_code_check_digit"
            assert said.zh.endswith(f"末位应为 {code[17]}")
            assert said.en.endswith(f"should be {code[17]}")


def test_two_neighbours_exchanged_are_noticed() -> None:
    assert refusal(read_credit_code, "91350100M00010Y043").code == "credit_code_check_digit"


@pytest.mark.parametrize("letter", "IOSVZ")
def test_the_five_letters_that_look_like_digits_are_no_part_of_a_code(letter: str) -> None:
    assert refusal(read_credit_code, letter + "0000000000000000" + "0").code == "credit_code_form"


@pytest.mark.parametrize(
    "value",
    [
        "91350100M000100Y4", "91350100M000100Y433", "91350100m000100y43", "", " 1350100M000100Y43",
        "９1350100M000100Y43", "91350100M000100Y4\n", "٩1350100M000100Y43",
    ],
)  # fmt: skip
def test_length_case_and_script_are_as_printed(value: str) -> None:
    assert refusal(read_credit_code, value).code == "credit_code_form"


@pytest.mark.parametrize("value", [None, 913501000000000000, True, ["91350100M000100Y43"], b""])
def test_what_is_no_text_is_refused_as_such(value: object) -> None:
    said = refusal(read_credit_code, value)
    assert said.code == "credit_code_form"
    assert said.en == "a credit code is a text"
