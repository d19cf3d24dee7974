"""Licences as authorities list them: one row or several of a licence, with scope, scale and period.

Half a scope accuses the innocent: a licence is understood as a whole or not at all. A scale that
stands once is the licence's; one on every row is summed; the same on every row could be either and
is refused.
"""

from collections.abc import Sequence
from typing import Any

from schemas.checks import Refusal
from schemas.quantity import tonnes_text
from schemas.region import region_name
from schemas.waste_code import edition_in_force
from services.registry.notices.amount import annual_grams, read_amount
from services.registry.notices.characters import kept
from services.registry.notices.documents import Document, gather, settle
from services.registry.notices.members import note_of, period_of, place_of, scope_of, unit_of
from services.registry.notices.places import read_place
from services.registry.notices.reading import Reading
from services.registry.notices.scope import print_scope
from services.registry.notices.units import KnownUnit, Units
from services.registry.notices.words import read_edition, read_modes, read_register_type

__all__ = ["read_licences"]

_OWN = ("number", "holder", "holder_uscc")
_PRINTED = 2000


def read_licences(readings: Sequence[Reading], units: Units) -> list[Document]:
    """Return the licences of the rows, in order."""

    def key(reading: Reading) -> str:
        return kept(reading.printed("number"))

    return [_licence(name, rows, units) for name, rows in gather(readings, key, _OWN).items()]


def _licence(number: str, rows: list[Reading], units: Units) -> Document:
    if not number:
        for reading in rows:
            reading.missing("number")
        return Document(number, tuple(rows), None)
    said = settle([(reading, _own(reading, units, first=n == 0)) for n, reading in enumerate(rows)])
    for field in ("valid_from", "valid_to"):
        if said.get(field) is None and not (field == "valid_to" and said.get("open")):
            rows[0].missing(field)
    begins = said.get("valid_from")
    scope = _scope(rows, edition_in_force(begins) if begins is not None else 2021)
    scale = _scale(rows)
    if "register_type" not in said and scope:
        said["register_type"] = _type_of(rows[0], scope)
    if not all(reading.sure for reading in rows):
        return Document(number, tuple(rows), None)
    said.pop("open", None)
    record = {
        "kind": "licence",
        "id": number,
        "number": number,
        **said,
        **note_of(rows),
        "scope": scope,
    }
    if scale is not None:
        record["annual_scale_t"] = scale
    return Document(number, tuple(rows), record)


def _own(reading: Reading, units: Units, *, first: bool) -> dict[str, Any]:
    """Return what a row says of its licence; only the first must say all of it."""
    told = first or any(reading.printed(field) for field in ("holder", "holder_uscc"))
    holder = unit_of(reading, "holder", units) if told else None
    period = period_of(reading)
    found: dict[str, Any] = {
        "issuer": reading.take("issuer", kept),
        "facility": reading.take("facility", kept),
        "register_type": reading.take("register_type", read_register_type),
        "valid_from": period.first,
        "valid_to": period.last,
        "open": period.open or None,
    }
    if holder is not None:
        found["holder"], found["holder_name"] = holder.uscc, holder.name or None
    if first or reading.printed("region"):
        found["region"] = _region(reading, holder)
    return found


def _region(reading: Reading, holder: KnownUnit | None) -> str | None:
    """Return where the facility is: as printed, else from its address, else where the unit is."""
    address = reading.printed("facility")
    if address and not reading.printed("region"):
        try:
            region = read_place(address).region
        except Refusal:
            return place_of(reading, "region", holder)
        reading.understood("region", address, f"{region} {region_name(region)}")
        return region
    return place_of(reading, "region", holder)


def _scope(rows: Sequence[Reading], edition: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    above: list[str] | None = None
    for n, reading in enumerate(rows):
        year = reading.take("edition", read_edition) or edition
        modes = reading.take("modes", read_modes, needed=n == 0, shown=", ".join)
        modes = above = modes or (above if not reading.printed("modes") else None)
        found = scope_of(reading, year)
        if found is None or modes is None:
            continue
        text, scope = found
        reading.understood("scope", text, print_scope(scope))
        said: dict[str, Any] = {"codes": [*scope.codes, *scope.general]}
        said["categories"], said["except_codes"] = [*scope.categories], [*scope.except_codes]
        line = {k: v for k, v in said.items() if v} | {
            "modes": modes,
            "edition": year,
            "printed": text[:_PRINTED],
        }
        if line not in lines:
            lines.append(line)
    return lines


def _type_of(reading: Reading, scope: Sequence[dict[str, Any]]) -> str:
    modes = {mode for line in scope for mode in line["modes"]}
    found = "use_disposal" if modes & {"utilisation", "disposal"} else "collection"
    reading.understood("register_type", "", f"{found}（由经营方式得出 by its modes）")
    return found


def _scale(rows: Sequence[Reading]) -> str | None:
    """Return the tonnes of a year of the whole licence. Raises nothing: rows are refused."""

    def read(text: str, reading: Reading) -> int:
        grams, remarks = annual_grams(_amount(text, reading))
        reading.remark(*remarks)
        return grams

    printed = [reading for reading in rows if reading.printed("scale")]
    by_cell: dict[tuple[bool, int], int] = {}
    for reading in printed:
        grams = reading.take(
            "scale",
            lambda text, r=reading: read(text, r),  # type: ignore[misc]
            "annual_scale_t",
            shown=lambda grams: f"{tonnes_text(grams)} t",
        )
        if grams is None:
            return None
        block = reading.block("scale")
        by_cell[(bool(block), block or reading.number)] = grams
    every = list(by_cell.values())
    if len(every) == 1:
        whole = len(printed) in (1, len(rows)) and printed[0] is rows[0]
        if whole:
            return tonnes_text(every[0])
        _unsure(printed[0])
        return None
    if not every:
        return None
    repeated = len(set(every)) == 1 and not any(merged for merged, _ in by_cell)
    if repeated or len(printed) < len(rows):
        _unsure(printed[-1])
        return None
    total = tonnes_text(sum(every))
    printed[-1].remark(
        (f"各项规模相加：{total} 吨/年", f"the scales of the lines added up: {total} t a year")
    )
    return total


def _amount(text: str, reading: Reading) -> Any:
    title = reading.header.titles.get("scale", "")
    amount = read_amount(text, reading.header.measures.get("scale"))
    return amount._replace(per="year") if amount.per is None and "年" in title else amount


def _unsure(reading: Reading) -> None:
    reading.refuse("scale", Refusal(
        "scale_not_sure",
        "不知是整证的规模还是各项的规模，请合并单元格，或逐行填写各项规模",
        "whether it is the scale of the licence or of each line is not said; merge the cells",
    ))  # fmt: skip
