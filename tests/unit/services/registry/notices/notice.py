"""Sheets written in a test as rows of text, and what is understood of them."""

from typing import Any

from services.registry.notices import (
    KnownUnit,
    Notice,
    NoticeLine,
    Outcome,
    Understanding,
    Units,
    read_sheet,
    understand,
)
from tests.manifests import credit_code
from tests.unit.services.registry.notices.books import book
from tests.unit.services.registry.sheets import sheet

FIRM, PLANT, OTHER = credit_code(1), credit_code(2), credit_code(3)
KNOWN = (
    KnownUnit("示例电子有限公司", FIRM, "320500"),
    KnownUnit("示例环保有限公司", PLANT, "310115"),
    KnownUnit("示例再生有限公司", OTHER),
)


def read(
    notice: Notice, *rows: list[str], merges: list[str] | None = None, **given: str
) -> Understanding:
    """Understand rows as CSV, or as a workbook where cells are merged."""
    texts = [list(row) for row in rows]
    raw = sheet(texts).encode() if merges is None else book(texts, merges)
    return understand(read_sheet(raw), notice, Units(KNOWN), given)


def codes(line: NoticeLine) -> list[str]:
    return [problem.code for problem in line.problems]


def refused(found: Understanding) -> list[str]:
    """The codes of the only line that is not understood."""
    assert not found.complete
    (line,) = (x for x in found.lines if x.outcome is Outcome.REFUSED)
    assert all(
        problem.zh and problem.en and problem.line == line.number for problem in line.problems
    )
    return codes(line)


def record(found: Understanding) -> dict[str, Any]:
    """The only record of a sheet of which nothing was refused."""
    assert found.complete, [(x.number, x.problems) for x in found.lines if x.problems]
    (only,) = found.records
    return only
