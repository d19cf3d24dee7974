"""A sheet of an authority understood: its lines, and the records of what is wholly understood."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from schemas.problems import Problem
from services.registry.draft import Draft, read_drafts
from services.registry.notices.approvals import read_approvals
from services.registry.notices.columns import FIELDS, Notice
from services.registry.notices.documents import Document
from services.registry.notices.licences import read_licences
from services.registry.notices.reading import Reading
from services.registry.notices.scope import Said
from services.registry.notices.sheet import Sheet
from services.registry.notices.table import Table, find_table
from services.registry.notices.understanding import NoticeLine, Outcome, Understanding
from services.registry.notices.units import Units
from services.registry.notices.whitelists import read_whitelist
from services.registry.refusal import LineProblem, Place, RegistryRefused
from services.registry.wire import encoded

__all__ = ["understand"]

_READ: dict[Notice, Callable[[Sequence[Reading], Units], list[Document]]] = {
    "approvals": read_approvals,
    "licences": read_licences,
    "whitelist": read_whitelist,
}


def understand(
    sheet: Sheet, notice: Notice, units: Units, given: Mapping[str, str] | None = None
) -> Understanding:
    """Read a sheet as a kind of notice; ``given``: what holds where the sheet does not say it.

    Raises RegistryRefused where there is no table in the sheet, or ``given`` names no field.
    """
    given = given or {}
    unknown = sorted(set(given) - FIELDS[notice])
    if unknown:
        raise RegistryRefused([_no_field(name, notice) for name in unknown])
    table = find_table(sheet, notice)
    readings = [Reading(row, table.header, given) for row in table.rows]
    documents = [_checked(document) for document in _READ[notice](readings, units)]
    lines = [line for document in documents for line in _settled(document)]
    lines += [NoticeLine(number, Outcome.SKIPPED, remarks=(why,)) for number, why in table.skipped]
    records = [d.record for d in documents if d.record is not None]
    return Understanding(
        notice,
        tuple(sorted(lines, key=lambda line: line.number)),
        tuple(_wire(record) for record in records),
        (*sheet.remarks, *_remarks(table)),
        tuple(units.missing),
    )


def _checked(document: Document) -> Document:
    """Judge a record by the registry's own checks; what they refuse is no record."""
    if document.record is None:
        return document
    first = document.readings[0]
    draft = Draft(first.number, encoded(_wire(document.record)), lambda p: Place(first.number, p))
    try:
        read_drafts([draft])
    except RegistryRefused as refused:
        for problem in refused.problems:
            first.add(problem)
        return document._replace(record=None)
    return document


def _settled(document: Document) -> list[NoticeLine]:
    """Say what becomes of a document's rows: understood together, or not at all."""
    lines = []
    for reading in document.readings:
        outcome = Outcome.UNDERSTOOD
        if document.record is None:
            outcome = Outcome.HELD_BACK if reading.sure else Outcome.REFUSED
        lines.append(reading.line(outcome, document.id))
    return lines


def _wire(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain JSON values, nothing empty."""
    plain = {k: v for k, v in record.items() if v is not None and v != []}
    found: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode({k: str(v) if isinstance(v, date) else v for k, v in plain.items()})
    )
    return found


def _remarks(table: Table) -> list[Said]:
    titles = table.header.titles
    read = "、".join(titles.values())
    found: list[Said] = [(f"读取的列：{read}", f"columns read: {read}")]
    if table.header.unread:
        left = "、".join(table.header.unread)
        found.append((f"未识别、未采用的列：{left}", f"columns not known and not used: {left}"))
    return found


def _no_field(name: str, notice: Notice) -> LineProblem:
    told = ", ".join(sorted(FIELDS[notice]))
    problem = Problem(
        "field_unknown", "", f"没有这一项，可用：{told}", f"there is no such field; known: {told}"
    )
    return LineProblem.at(Place(0, name), problem)
