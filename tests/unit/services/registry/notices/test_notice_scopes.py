"""The printed scopes of real notices: what is read, and what is left for a person."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.waste_code import EDITIONS, category_of, in_catalogue
from services.registry.notices.scope import Scope, print_scope
from services.registry.notices.scope_reader import read_scope
from tests.unit.services.registry.notices.scopes import CATEGORIES, CODES, printings, scopes

C41, C47, C249 = "900-041-49", "900-047-49", "900-249-08"


def codes(*named: str) -> Scope:
    return Scope(codes=named)


def whole(*named: str, but: tuple[str, ...] = ()) -> Scope:
    return Scope(categories=named, except_codes=but)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("HW49 仅限 900-041-49", codes(C41)),
        ("HW12 全部代码", whole("HW12")),
        ("HW12染料、涂料废物（全部代码）", whole("HW12")),
        ("HW06（除 900-404-06）", whole("HW06", but=("900-404-06",))),
        ("HW06（除900-404-06外）", whole("HW06", but=("900-404-06",))),
        ("HW06（900-404-06除外）", whole("HW06", but=("900-404-06",))),
        ("HW06（不含900-404-06、900-405-06）", whole("HW06", but=("900-404-06", "900-405-06"))),
        ("HW06除900-404-06，HW08", whole("HW06", "HW08", but=("900-404-06",))),
        ("HW06全部代码（除 900-404-06）", whole("HW06", but=("900-404-06",))),
        ("ＨＷ４９　９００－０４１－４９", codes(C41)),
        ("hw49", whole("HW49")),
        ("HW29", whole("HW29")),
        ("HW02-HW04", whole("HW02", "HW03", "HW04")),
        ("HW39至HW45", whole("HW39", "HW40", "HW45")),
        ("08", whole("HW08")),
        ("08、09、49", whole("HW08", "HW09", "HW49")),
        ("HW11精（蒸）馏残渣(261-032-11)", codes("261-032-11")),
        ("HW48有色金属冶炼废物,321-010-48", codes("321-010-48")),
        ("HW48有色金属\n采选和冶炼废物", whole("HW48")),
        ("(hw48,321-021-48)", codes("321-021-48")),
        ("含油污泥(900-210-08)", codes("900-210-08")),
        ("废铅蓄电池（HW31，900-052-31）", codes("900-052-31")),
        ("废铅蓄电池 HW31 900-052-31", codes("900-052-31")),
        ("HW31（900-052-31）废铅蓄电池、HW08", Scope(("900-052-31",), ("HW08",))),
        ("含铬除尘灰（312-001-23）", codes("312-001-23")),
        ("含汞废物HW29", whole("HW29")),
        ("HW09油/水、烃/水混合物或乳化液", whole("HW09")),
        ("HW34废酸、HW35废碱", whole("HW34", "HW35")),
        ("HW31含铅废物 废物代码：900-052-31", codes("900-052-31")),
        ("900-041-\n49", codes(C41)),
        ("HW08\n900-249-08\nHW49\n900-041-49", codes(C249, C41)),
        ("HW08，HW09，900-041-49", Scope((C41,), ("HW08", "HW09"))),
        ("HW08、HW49（900-249-08、900-041-49）", codes(C249, C41)),
        ("HW08、HW49（900-041-49）", Scope((C41,), ("HW08",))),
        ("HW49：900-041-49、900-047-49；HW08：900-249-08", codes(C249, C41, C47)),
        ("HW49（900-041-49），HW49（900-047-49）", codes(C41, C47)),
        ("HW08全部代码，900-249-08", whole("HW08")),
        ("900-201-08至900-205-08", codes(*(f"900-20{n}-08" for n in (1, 3, 4, 5)))),
        ("900-201-08-900-205-08", codes(*(f"900-20{n}-08" for n in (1, 3, 4, 5)))),
        ("900-041~047-49", codes(*(f"900-04{n}-49" for n in (1, 2, 4, 5, 6, 7)))),
        ("900-041-49~047-49", codes(*(f"900-04{n}-49" for n in (1, 2, 4, 5, 6, 7)))),
        ("HW49（900-041-49（废包装桶）、900-047-49）", codes(C41, C47)),
        ("HW08、HW49（900-249-08（废油桶）、900-041-49）", codes(C249, C41)),
        ("HW08（900-249-08（废油桶））、HW49", Scope((C249,), ("HW49",))),
        ("900-041-49（HW49）、900-249-08(HW08)", codes(C249, C41)),
        ("900-007-S59", Scope(general=("900-007-S59",))),
    ],
)  # fmt: skip
def test_a_scope_as_printed_is_read(printed: str, expected: Scope) -> None:
    found = read_scope(printed)
    assert found.sure, (found.remainder, found.doubts)
    assert found._replace(remarks=()) == expected


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        ("废铅酸蓄电池", "废铅酸蓄电池"),
        ("HW49（废包装桶）", "废包装桶"),
        ("废铅蓄电池（HW31）", "废铅蓄电池"),
        ("废油HW08、900-041-49", "废油"),
        ("废铅酸蓄电池，HW08，900-249-08", "废铅酸蓄电池"),
        ("HW49 仅限 900-041-49（废包装桶）", "废包装桶"),
        ("HW49其他废物（仅限900-041-49中的废包装桶）", "中的废包装桶"),
        ("HW08仅限废机油", "废机油"),
        ("900-041-49等", "等"),
        ("HW41", "HW41"),
        ("900-041-44", "900-041-44"),
        ("HW08、HW49（900-249-08）", "HW08、HW49"),
        ("HW06、HW08、HW49（900-249-08、900-041-49）", "HW06、HW08、HW49"),
        ("HW08、HW49（900-249-08（废油桶））", "HW08、HW49"),
        ("HW06（除900-404-06（废油）、900-405-06）", "900-405-06"),
        ("HW08（900-041-49）", C41),
        ("HW08，HW09，900-249-08", C249),
        ("HW08，HW08（900-249-08）", "HW08"),
        ("不含HW08", "HW08"),
        ("HW06（除）", "除"),
        ("HW08除外", "除外"),
        ("除900-404-06", "900-404-06"),
        ("HW06（除900-404-06、废油）", "废油"),
        ("HW49仅限", "仅限"),
        ("900-041-49、HW49", "HW49"),
        ("HW49（全部代码，900-041-49除外）", "除外"),
        ("HW08，禁止900-249-08", "禁止"),
        ("HW08，取消900-249-08", "取消"),
        ("HW08（暂不接收900-249-08）", "暂不接收"),
        ("HW08，停用900-249-08", "停用"),
        ("٩٠٠-٠٤١-٤٩", "٩٠٠-٠٤١-٤٩"),
        ("全部", "全部"),
        ("900-047-49至900-041-49", "900-047-49至900-041-49"),
        ("900-041-49至900-043-49", "900-041-49至900-043-49"),
        ("900-041-49至900-249-08", "900-041-49至900-249-08"),
        ("900-041-049", "900-041-049"),
        ("HW08（T，I）", "T"),
        ("①HW08", "①"),
        ("HW08（900-249-08", "("),
        ("99", "99"),
        ("HW08" + "x" * 20_000, "HW08" + "x" * 96 + "…"),
    ],
)
def test_what_is_not_sure_is_left_and_named(printed: str, left: str) -> None:
    found = read_scope(printed)
    assert not found.sure
    assert left in found.remainder


def test_a_range_says_which_codes_it_was_read_as() -> None:
    ((zh, en),) = read_scope("900-041~047-49").remarks
    assert "6 个代码" in zh
    assert "900-044-49" in en
    assert "900-043-49" not in en, "the catalogue has no such code"
    ((_, unsure),) = read_scope("900-041~047-49", 2025).remarks
    assert "1 of them are not in the table at hand" in unsure


@settings(max_examples=300, deadline=None)
@given(scopes)
def test_what_is_printed_is_read_back(scope: Scope) -> None:
    found = read_scope(print_scope(scope))
    assert found.sure
    assert found == scope


@settings(max_examples=1000, deadline=None)
@given(printings())
def test_however_a_scope_is_printed_it_is_read_as_meant_or_not_at_all(
    printing: tuple[Scope, str, bool],
) -> None:
    scope, text, plainly = printing
    found = read_scope(text)
    if plainly:
        assert found.sure, (text, found.remainder, found.doubts)
    if found.sure:
        assert found == scope, text


_PIECES = st.sampled_from([
    *CODES, *CATEGORIES, "900-041~047-49", "900-201-08至900-205-08", "HW02-HW06", "仅限", "全部代码",
    "除", "除外", "外", "（", "）", "：", "；", "、", "，", "\n", " ", "废油桶", "其他废物", "含油污泥", "等",
    "900-007-S59", "08", "T", "4", "-", "900-", "以外", "不含", "和", "废矿物油与含矿物油废物",
])  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=60),
    st.sampled_from(sorted(EDITIONS)),
)
def test_any_text_is_read_without_raising_and_never_for_more_than_it_says(
    text: str, edition: int
) -> None:
    found = read_scope(text, edition)
    written = _written(text)
    for code in found.codes:
        assert category_of(code) in written
        assert code in text or in_catalogue(code, edition) is not False
    assert set(found.categories) <= written
    if found.sure:
        _only_whole_where_nothing_restricts(text, found)
    assert {category_of(code) for code in found.except_codes} <= set(found.categories)
    assert not {category_of(code) for code in found.codes} & set(found.categories)
    assert found.sure == bool(
        (found.codes or found.categories or found.general)
        and not found.remainder
        and not found.doubts
    )


def _only_whole_where_nothing_restricts(text: str, found: Scope) -> None:
    """A category of which a code is printed is whole only beside a word that says so."""
    for code in CODES:
        if code in text and category_of(code) in found.categories:
            assert re.search("全部|除|外|不含", text), f"{text!r} is not for all of {code[-2:]}"


def _written(text: str) -> set[str]:
    """Categories whose two digits stand in the text, or that lie in a range of categories there."""
    halved = text.translate({0xFF10 + n: str(n) for n in range(10)})
    found = {f"HW{n:02d}" for n in range(51) if f"{n:02d}" in halved.replace("\n", "")}
    for first, last in re.findall(r"(?=HW(\d\d)\s*-\s*HW(\d\d))", halved):
        found |= {f"HW{n:02d}" for n in range(int(first), int(last) + 1)}
    return found


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_PIECES, max_size=8).map("".join), st.sampled_from(["等", "废油", "?", "（", "除外"])
)
def test_more_text_never_makes_a_doubtful_scope_sure_of_the_same(text: str, more: str) -> None:
    """What is not understood is never dropped in silence, wherever it stands."""
    found = read_scope(f"{text}；{more}")
    assert not found.sure
