"""White lists: a row is an entry, firm × class × cap; a cap shown over several rows is shared.

A list spares the consultation, or counts a move as inside the province; what it spares it must say.
Caps are often not public: an entry without one has none.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from schemas.checks import Refusal
from schemas.quantity import tonnes_text
from schemas.waste_code import edition_in_force
from services.registry.notices.amount import read_amount
from services.registry.notices.characters import kept, plain, squeezed
from services.registry.notices.documents import Document, settle
from services.registry.notices.members import note_of, period_of, place_of, scope_of, unit_of
from services.registry.notices.places import read_place
from services.registry.notices.reading import Reading
from services.registry.notices.scope import Scope, print_scope
from services.registry.notices.units import KnownUnit, Units
from services.registry.notices.words import read_edition, read_purposes, read_simplification

__all__ = ["read_whitelist"]


def read_whitelist(readings: Sequence[Reading], units: Units) -> list[Document]:
    """Return the entries of the rows, in order."""
    entries: list[list[Reading]] = []
    holders: list[KnownUnit | None] = []
    for reading in readings:
        first = bool(reading.printed("receiver") or reading.printed("holder_uscc"))
        above = entries[-1] if entries else None
        if above is not None and _goes_on(above[-1], reading, named=first):
            reading.remark(("承上一行", "continues the row above"))
            above.append(reading)
            continue
        receiver = (
            unit_of(reading, "receiver", units, "holder_uscc")
            if first or not holders
            else holders[-1]
        )
        entries.append([reading])
        holders.append(receiver)
    ids = _ids(entries)
    return [
        _entry(name, rows, receiver)
        for name, rows, receiver in zip(ids, entries, holders, strict=True)
    ]


def _goes_on(above: Reading, reading: Reading, *, named: bool) -> bool:
    """Whether a row shares the entry above it: one cap shown over both, or neither firm nor cap."""
    block = reading.block("cap")
    if block:
        return block == above.block("cap")
    return not named and not reading.printed("cap")


def _ids(entries: Sequence[Sequence[Reading]]) -> list[str]:
    """Name each entry by its list and its own number there, else by its place."""
    lists = [kept(rows[0].printed("list_id")) for rows in entries]
    numbers = [squeezed(rows[0].printed("ordinal")) for rows in entries]
    told = Counter(zip(lists, numbers, strict=True))
    places: Counter[str] = Counter()
    found = []
    for name, number in zip(lists, numbers, strict=True):
        places[name] += 1
        own = number.isdecimal() and told[(name, number)] == 1
        found.append(f"{name}#{number if own else f'{places[name]}*'}" if name else "")
    return found


def _entry(name: str, rows: list[Reading], receiver: KnownUnit | None) -> Document:
    head = rows[0]
    said = settle([(reading, _own(reading, first=n == 0)) for n, reading in enumerate(rows)])
    for field in ("list_id", "valid_from", "valid_to"):
        if said.get(field) is None and not (field == "valid_to" and said.get("open")):
            head.missing(field)
    if receiver is not None:
        said["receiver"], said["receiver_name"] = receiver.uscc, receiver.name or None
    said["destination"] = place_of(head, "destination", receiver)
    scope = _scope(rows, said.get("valid_from"))
    if receiver is None or not all(reading.sure for reading in rows):
        return Document(name, tuple(rows), None)
    said.pop("open", None)
    waste = {
        "codes": [*scope.codes, *scope.general],
        "categories": [*scope.categories],
        "except_codes": [*scope.except_codes],
    }
    record = {"kind": "whitelist_entry", "id": name, **said, **waste, **note_of(rows)}
    return Document(name, tuple(rows), record)


def _own(reading: Reading, *, first: bool) -> dict[str, Any]:
    period = period_of(reading)
    return {
        "list_id": reading.take("list_id", kept),
        "facility": reading.take("facility", kept),
        "origins": reading.take("origins", _origins, shown=", ".join),
        "purposes": reading.take("purpose", read_purposes, "purposes", shown=", ".join),
        "annual_cap_t": _cap(reading),
        "simplification": reading.take("simplification", read_simplification, needed=first),
        "valid_from": period.first,
        "valid_to": period.last,
        "open": period.open or None,
    }


def _origins(text: str) -> list[str]:
    if squeezed(text) in ("不限", "全国", "各省", "各省（区、市）", "全国各省"):
        return []
    items = [p for p in plain(text).replace("\n", "、").replace(",", "、").split("、") if p.strip()]
    return [read_place(item).region for item in items]


def _cap(reading: Reading) -> str | None:
    def read(text: str) -> str:
        amount = read_amount(text, reading.header.measures.get("cap"))
        if amount.per == "day":
            raise Refusal("cap_per_day", "上限应为全年的量", "a cap is for a year, not for a day")
        reading.remark(*amount.remarks)
        return tonnes_text(amount.grams)

    return reading.take("cap", read, "annual_cap_t", shown=lambda t: f"{t} t")


def _scope(rows: Sequence[Reading], begins: date | None) -> Scope:
    found = Scope()
    in_force = edition_in_force(begins) if begins is not None else 2021
    for reading in rows:
        edition = reading.take("edition", read_edition) or in_force
        read = scope_of(reading, edition)
        if read is None:
            continue
        text, scope = read
        reading.understood("codes", text, print_scope(scope))
        if scope.except_codes and set(scope.categories) & set(found.categories):
            reading.refuse("scope", Refusal(
                "scope_not_sure", "同一类别在两行中", "one category stands in two rows"
            ))  # fmt: skip
        found = Scope(*(_joined(a, b) for a, b in zip(found[:4], scope[:4], strict=True)))
    return found


def _joined(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*one, *other)))
