"""Approvals of transfers across provinces: a row is a line of a letter (order 23 Arts 21-28).

The key is document + line: one letter may have thirteen lines, or two receivers in two provinces.
Letters print their last day, hardly ever their first: it is then the day of the decision. The
decider may be a city. A refusal is a record too, with or without lines.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from schemas.checks import Refusal
from schemas.quantity import tonnes_text
from schemas.waste_code import EDITIONS, category_of, edition_in_force
from services.registry.notices.amount import read_amount
from services.registry.notices.characters import kept, plain, squeezed
from services.registry.notices.day import read_day
from services.registry.notices.documents import Document, gather, settle
from services.registry.notices.members import note_of, period_of, place_of, scope_of, unit_of
from services.registry.notices.reading import Reading
from services.registry.notices.units import Units
from services.registry.notices.words import read_decision, read_edition, read_purpose

__all__ = ["read_approvals"]

_OWN = ("approval_id", "document", "consignor", "decided_on")
_LEADING = re.compile(r"\d+(?:\.\d+)?")


def read_approvals(readings: Sequence[Reading], units: Units) -> list[Document]:
    """Return the documents of the rows, in order."""

    def key(reading: Reading) -> str:
        return kept(reading.printed("approval_id") or reading.printed("document"))

    return [_document(name, rows, units) for name, rows in gather(readings, key, _OWN).items()]


def _document(name: str, rows: list[Reading], units: Units) -> Document:
    if not name:
        for reading in rows:
            reading.missing("document")
        return Document(name, tuple(rows), None)
    said = settle([(reading, _own(reading, units, first=n == 0)) for n, reading in enumerate(rows)])
    decided, decision = said.get("decided_on"), said.get("decision")
    lines = []
    for ordinal, reading in enumerate(rows, start=1):
        if decision == "refused" and not _is_line(reading):
            _unlisted(reading)
            continue
        line = _line(reading, units, ordinal, decided)
        if line is not None:
            lines.append(line)
    said.setdefault("valid_from", decided)
    if decision == "approved" and said.get("valid_to") is None and not said.get("open"):
        rows[0].missing("valid_to")
    if not all(reading.sure for reading in rows):
        return Document(name, tuple(rows), None)
    said.pop("open", None)
    record = {"kind": "transfer_approval", "id": name, **said, **note_of(rows), "lines": lines}
    return Document(name, tuple(rows), record)


def _own(reading: Reading, units: Units, *, first: bool) -> dict[str, Any]:
    """Return what a row says of its document; only the first must say all of it."""
    told = first or any(reading.printed(field) for field in ("document", "decided_on", "consignor"))
    decided = reading.take("decided_on", read_day, needed=told, shown=lambda d: str(d.day))
    if decided is not None:
        reading.remark(*decided.remarks)
    period = period_of(reading)
    consignor = unit_of(reading, "consignor", units) if told else None
    found: dict[str, Any] = {
        "document": reading.take("document", kept, needed=told),
        "decided_on": decided.day if decided is not None else None,
        "decision": reading.take("decision", read_decision, needed=told),
        "decider": reading.take("decider", kept),
        "valid_from": period.first,
        "valid_to": period.last,
        "open": period.open or None,
    }
    if consignor is not None:
        found["consignor"], found["consignor_name"] = consignor.uscc, consignor.name or None
    if told:
        found["origin"] = place_of(reading, "origin", consignor)
    if decided is not None and period.first is None:
        reading.understood("valid_from", "", f"{decided.day}（决定日期 day of the decision）")
    return found


# Lines ------------------------------------------------------------------------------------------


def _is_line(reading: Reading) -> bool:
    """Whether a refusal says of what and how much it is."""
    waste = reading.printed("code") or reading.printed("scope")
    return bool(waste and reading.printed("quantity"))


def _unlisted(reading: Reading) -> None:
    """Keep a refusal that names no waste, or not how much of it, without a line."""
    waste = " ".join(plain(reading.printed(f)) for f in ("name", "category", "code")).strip()
    reading.remark((
        f"不予批准，未载明代码或数量，不列事项{f'：{waste}' if waste else ''}",
        f"refused, without code or quantity: kept without a line{f' ({waste})' if waste else ''}",
    ))  # fmt: skip
    if re.search(r"\d{3}-\d{3}-S\d{2}", waste, re.ASCII):
        reading.unused = True
        reading.remark((
            "一般固体废物：保留、标注，不用于研判", "general solid waste: kept, marked, used by no rule"
        ))  # fmt: skip


def _line(
    reading: Reading, units: Units, ordinal: int, decided: date | None
) -> dict[str, Any] | None:
    edition = reading.take("edition", read_edition) or _edition_on(decided)
    code = _code(reading, edition)
    if decided is not None and not reading.printed("edition"):
        reading.understood("edition", "", f"{edition}（决定之日有效 in force that day）")
    receiver = unit_of(reading, "receiver", units)
    line = {
        "line": ordinal,
        "code": code,
        "edition": edition,
        "name": reading.take("name", kept, needed=True),
        "quantity_t": _quantity(reading),
        "purpose": reading.take("purpose", read_purpose, needed=True),
        "receiver": receiver.uscc if receiver is not None else None,
        "destination": place_of(reading, "destination", receiver),
    }
    if any(value is None for value in line.values()):
        return None
    if receiver is not None and receiver.name:
        line["receiver_name"] = receiver.name
    return line


def _edition_on(day: date | None) -> int:
    """Return the edition in force; before the oldest that is held, that of 2008."""
    if day is None:
        return 2021
    return edition_in_force(day) if day >= min(EDITIONS.values()) else 2008


def _code(reading: Reading, edition: int) -> str | None:
    """Return the one code of a line; a category alone is not what the law calls an approval's content."""
    found = scope_of(reading, edition)
    if found is None:
        return None
    text, scope = found
    codes = (*scope.codes, *scope.general)
    field = "code" if reading.printed("code") else "category"
    if scope.categories or len(codes) != 1:
        reading.refuse(field, Refusal(
            "code_not_one",
            f"一行审批应为一个八位代码，原文：{plain(text)}",
            f"a line of an approval has one code of eight digits; printed: {plain(text)}",
        ))  # fmt: skip
        return None
    if scope.general:
        reading.unused = True
    reading.understood("code", text, f"{codes[0]} ({category_of(codes[0])})")
    return codes[0]


def _quantity(reading: Reading) -> str | None:
    def read(text: str) -> str:
        amount = read_amount(text, reading.header.measures.get("quantity"))
        if amount.per is not None:
            raise Refusal(
                "quantity_per_time",
                "审批数量应为总量，而不是每年或每日的量",
                "an approval is for a total, not for an amount per year or day",
            )
        reading.remark(*amount.remarks)
        return tonnes_text(amount.grams)

    found = reading.take("quantity", read, "quantity_t", needed=True, shown=lambda t: f"{t} t")
    printed = reading.printed("quantity_printed")
    if printed and printed != reading.printed("quantity"):
        reading.remark((f"原文数量：{plain(printed)}", f"quantity as printed: {plain(printed)}"))
    leading = _LEADING.match(squeezed(printed).replace(",", ""))
    if found is not None and leading is not None:
        try:
            same = tonnes_text(read_amount(f"{leading[0]}吨").grams) == found
        except Refusal:
            same = False
        if not same:
            reading.refuse("quantity_printed", Refusal(
                "row_contradicts", f"与数量 {found} 吨不一致", f"the quantity says {found} t"
            ))  # fmt: skip
    return found
