"""The cases as a book: firms of their own, rules that exist, and a form that forgives nothing."""

import os
from pathlib import Path

import pytest

from schemas.alert import LegalBasis
from streams.judging.rules import RULE_BOOK
from tests.cases.articles import short
from tests.cases.cast import Cast
from tests.cases.index import index_page
from tests.cases.story import CASES, NotACase, all_cases, read_case

RULES = {rule.id for rule in (*RULE_BOOK.manifest, *RULE_BOOK.limit)}
STORY = """
why_zh: 无审批。
why_en: No approval.
loads:
  A:
    events:
      - filed: 2026-09-09 09:00
"""


def test_no_case_speaks_of_a_rule_that_is_not_in_the_book() -> None:
    spoken = {
        rule
        for case in all_cases()
        for known in (case, *case.as_known)
        for rule in (*(e.rule for e in known.expect), *known.silent)
    }
    spoken |= {gone.rule for case in all_cases() for gone in case.withdrawn}
    assert spoken <= RULES


def test_no_two_cases_share_a_name_a_firm_or_a_number() -> None:
    casts = [Cast(case) for case in all_cases()]
    firms = [firm.uscc for cast in casts for firm in cast.firms.values()]
    numbers = [number for cast in casts for number in cast.numbers.values()]
    for known in ([case.name for case in all_cases()], firms, numbers):
        assert len(set(known)) == len(known)


def test_the_page_lists_the_cases_as_they_are() -> None:
    page = CASES / "INDEX.md"
    if os.environ.get("LIANDAN_WRITE_GOLDEN"):
        page.write_text(index_page(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == index_page()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "expects nothing"),
        ("silent: []\n", "expects nothing"),
        ("silent: [form.not_entitled]\nexpct: []\n", "unknown field `expct`"),
        ("silent: [form.not_entitled]\nwhy_en: twice\n", "said twice: why_en"),
        ("silent: [form.not_entitled]\nname: other\n", "are the file's"),
        ("silent: [form.not_entitled]\nnow: {}\n", "`$.now`"),
        (
            "silent: [a.b]\nexpect: [{rule: a.b, state: violated, at: x, because: y}]\n",
            "both expected and silent",
        ),
        ("expect: [{rule: a.b, state: guilty, at: x, because: y}]\n", "Invalid enum value"),
        ("silent: [: :\n", "case.yaml"),
    ],
)
def test_a_file_that_is_no_case_is_refused_by_name(more: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(STORY + more, encoding="utf-8")
    with pytest.raises(NotACase, match=r"case\.yaml") as refused:
        read_case(path)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "event",
    ["{}", "{filed: x, arrived: y}", "{filed: x, of: filed}", "{corrected: x}", "{left: x}"],
)
def test_an_event_says_exactly_one_thing(event: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(STORY + f"      - {event}\nsilent: [form.not_entitled]\n", encoding="utf-8")
    with pytest.raises(NotACase):
        read_case(path)


@pytest.mark.parametrize(
    ("law", "article", "expected"),
    [
        (
            "中华人民共和国生态环境法典",
            "第五百三十六条、第一千一百七十五条第一款第（八）项",
            {"法典 536", "法典 1175(1)(8)"},
        ),
        (
            "中华人民共和国固体废物污染环境防治法",
            "第八十条、第一百一十四条第二款",
            {"固废法 80", "固废法 114(2)"},
        ),
        ("危险废物转移管理办法", "第十条至第十二条", {"转移办法 10", "转移办法 11", "转移办法 12"}),
        ("某省限入通知", "ban-1", {"某省限入通知"}),
    ],
)
def test_articles_are_written_short(law: str, article: str, expected: set[str]) -> None:
    assert short(LegalBasis(law, article, "", "")) == expected
