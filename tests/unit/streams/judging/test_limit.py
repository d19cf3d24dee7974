"""The subjects of limits: written and read in one place."""

import pytest

from streams.judging.limit import (
    Limit,
    limit_key,
    limit_of,
    plan_key,
    plan_prefix,
    pool_key,
    year_key,
    years_prefix,
)

RECORDS = ["appr-1", "a/b/c", "x/pool", "冀环危转〔2026〕1号", "1"]


@pytest.mark.parametrize("record", RECORDS)
def test_a_limit_is_read_back_from_its_name(record: str) -> None:
    assert limit_of(limit_key(record, 12)) == Limit("approval", record, "12")
    assert limit_of(pool_key(record, "900-041-49")) == Limit("pool", record, "900-041-49")
    assert limit_of(year_key("whitelist", record, 2026)) == Limit("whitelist", record, "2026")
    assert limit_of(year_key("licence", record, 2026)) == Limit("licence", record, "2026")
    assert limit_of(plan_key("91", 2026, "900-041-49")) == Limit("plan", "91/2026", "900-041-49")
    assert Limit("plan", "91/2026", "900-041-49").planned_year == ("91", 2026)
    assert plan_key("91", 2026, "900-041-49").startswith(plan_prefix("91", 2026))
    assert plan_prefix("91", 2026).startswith(plan_prefix("91"))
    assert year_key("licence", record, 2026).startswith(years_prefix("licence", record))


@pytest.mark.parametrize(
    "subject",
    [
        "20261301000001",
        "plate/冀A12345",
        "approval/x/y",
        "approval/",
        "licence/x/",
        "licence/x/y",
        "licence/x/²",
        "plan/x",
        "plan/x/y/900-041-49",
        "plan/x/²/900-041-49",
    ],
)
def test_another_subject_is_no_limit(subject: str) -> None:
    assert limit_of(subject) is None
