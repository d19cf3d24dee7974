"""Which text an act falls under, by its China date: the table of domain §0."""

from datetime import timedelta

import pytest
from manifests import china

from streams.judging.law import basis

OLD, NEW, ORDER = (
    "中华人民共和国固体废物污染环境防治法",
    "中华人民共和国生态环境法典",
    "危险废物转移管理办法",
)
LAST_MINUTE = china("2026-08-14 23:59")
FIRST_INSTANT = china("2026-08-15 00:00")

UNAPPROVED_OLD, UNAPPROVED_NEW = (
    "第一百一十二条第一款第（五）项",
    "第一千一百七十五条第一款第（八）项",
)
SUPPLY_OLD, SUPPLY_NEW = "第一百一十二条第一款第（四）项", "第一千一百七十五条第一款第（五）项"
UNLICENSED_OLD, UNLICENSED_NEW = "第一百一十四条第一款", "第一千一百七十八条第一款"
SCOPE_OLD, SCOPE_NEW = "第一百一十四条第二款", "第一千一百七十八条第二款"


@pytest.mark.parametrize(
    ("act", "collects", "before", "since"),
    [
        ("unapproved_transfer", False, [(OLD, UNAPPROVED_OLD, "十万元以上一百万元")],
         (UNAPPROVED_NEW, "二十万元以上二百万元")),
        ("supply_to_unlicensed", False,
         [(OLD, SUPPLY_OLD, "三倍以上五倍以下"), (NEW, SUPPLY_NEW, "二十万元以上二百万元")],
         (SUPPLY_NEW, "二十万元以上二百万元")),
        ("operate_unlicensed", False, [(OLD, UNLICENSED_OLD, "一百万元以上五百万元")],
         (UNLICENSED_NEW, "一百万元以上五百万元")),
        ("operate_unlicensed", True, [(NEW, UNLICENSED_NEW, "二十万元以上一百万元")],
         (UNLICENSED_NEW, "二十万元以上一百万元")),
        ("operate_off_licence", False, [(OLD, SCOPE_OLD, "五十万元以上二百万元")],
         (SCOPE_NEW, "五十万元以上二百万元")),
        ("operate_off_licence", True, [(NEW, SCOPE_NEW, "十万元以上五十万元")],
         (SCOPE_NEW, "十万元以上五十万元")),
    ],
)  # fmt: skip
def test_an_act_is_cited_under_the_text_of_its_minute_or_the_plainly_lighter_one(
    act: str, collects: bool, before: list[tuple[str, str, str]], since: tuple[str, str]
) -> None:
    def cited(at: object) -> list[tuple[str, str, str]]:
        found = [b for b in basis(act, at, collects=collects) if b.law != ORDER]  # type: ignore[arg-type]
        return [(b.law, b.article.split("、")[1], b.penalty_zh or "") for b in found]

    for moment, expected in (
        (LAST_MINUTE, before),
        (FIRST_INSTANT - timedelta(microseconds=1), before),
        (FIRST_INSTANT, [(NEW, *since)]),
        (china("2026-11-22 00:00"), [(NEW, *since)]),
        (china("2022-01-01 00:00"), before),
    ):
        got = cited(moment)
        assert [(law, article) for law, article, _ in got] == [(x[0], x[1]) for x in expected]
        for (_, _, penalty), (_, _, part) in zip(got, expected, strict=True):
            assert part in penalty


def test_overlapping_bands_are_both_cited_and_both_say_that_it_is_open() -> None:
    old, new, _ = basis("supply_to_unlicensed", LAST_MINUTE)
    assert old.note_zh == new.note_zh
    assert "孰轻须依案情认定" in (old.note_zh or "")
    assert "overlap" in (new.note_en or "")


def test_an_older_act_says_why_the_old_or_the_new_text_applies_a_newer_act_needs_no_note() -> None:
    assert "适用行为时的法律" in (basis("unapproved_transfer", LAST_MINUTE)[0].note_zh or "")
    lighter = basis("operate_unlicensed", LAST_MINUTE, collects=True)[0]
    assert "新规定较轻" in (lighter.note_zh or "")
    for act in ("unapproved_transfer", "supply_to_unlicensed", "operate_unlicensed"):
        assert {b.note_zh for b in basis(act, FIRST_INSTANT)} == {None}  # type: ignore[arg-type]


def test_every_citation_names_duty_penalty_party_and_is_written_in_both_languages() -> None:
    for act, party in (
        ("unapproved_transfer", "consignor"), ("supply_to_unlicensed", "consignor"),
        ("operate_unlicensed", "receiver"), ("operate_off_licence", "receiver"),
    ):  # fmt: skip
        for moment in (LAST_MINUTE, FIRST_INSTANT):
            cited = basis(act, moment)  # type: ignore[arg-type]
            assert {b.party for b in cited} == {party}
            assert any(b.law == ORDER for b in cited) is (party == "consignor")
            for b in cited:
                assert b.zh
                assert b.en.isascii()
                assert b.law == ORDER or (b.penalty_zh and b.penalty_en and "、" in b.article)


@pytest.mark.parametrize(
    ("act", "old", "new"),
    [
        ("unapproved_transfer", "第八十二条", "第五百三十六条"),
        ("supply_to_unlicensed", "第八十条", "第五百三十四条"),
        ("operate_off_licence", "第八十条", "第五百三十四条"),
    ],
)
def test_the_duty_is_that_of_the_same_text_as_the_penalty(act: str, old: str, new: str) -> None:
    for cited in (*basis(act, LAST_MINUTE), *basis(act, FIRST_INSTANT)):  # type: ignore[arg-type]
        if cited.law != ORDER:
            assert cited.article.split("、")[0] == (old if cited.law == OLD else new)
