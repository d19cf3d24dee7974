"""Members that notices of every kind print alike: units, places, periods, waste, notes."""

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from schemas.checks import Refusal
from schemas.credit_code import read_credit_code
from schemas.region import read_region, region_name
from services.registry.notices.characters import kept, plain, squeezed
from services.registry.notices.day import read_day
from services.registry.notices.places import read_place, same_province
from services.registry.notices.reading import Reading
from services.registry.notices.scope import Scope
from services.registry.notices.scope_reader import read_scope
from services.registry.notices.units import KnownUnit, Units
from services.registry.notices.validity import Validity, read_validity
from services.registry.titles import title_of

__all__ = ["Period", "note_of", "period_of", "place_of", "scope_of", "unit_of"]

_NOTE, _SOURCE = 1000, 200


class Period(NamedTuple):
    """First and last day; ``open``: it is printed to have no end."""

    first: date | None
    last: date | None
    open: bool


def unit_of(
    reading: Reading, field: str, units: Units, code_field: str | None = None
) -> KnownUnit | None:
    """Return a unit by its credit code where it is printed, else by its name."""
    name = kept(reading.printed(field))
    code_field = code_field or f"{field}_uscc"
    if reading.printed(code_field):
        uscc = reading.take(
            code_field, lambda text: read_credit_code(squeezed(text).upper()), field
        )
        if uscc is None:
            return None
        if name:
            reading.understood(f"{field}_name", name, name)
        return KnownUnit(name, uscc, units.region_of(uscc))
    unit = reading.take(field, units.named, field, needed=True, shown=lambda u: u.uscc)
    if unit is not None:
        reading.understood(f"{field}_name", name, name)
    return unit


def place_of(
    reading: Reading, field: str, unit: KnownUnit | None, member: str | None = None
) -> str | None:
    """Return a region: the place printed; the unit's site where that says more, or nothing is printed."""
    known = unit.region if unit is not None else None
    text = reading.printed(field)
    if not text:
        if known is not None:
            reading.understood(member or field, "", f"{known} {region_name(known)}")
            zh, en = title_of(field)
            reading.remark((f"{zh}取自单位的行政区划 {known}", f"{en}: the unit's region, {known}"))
            return known
        reading.missing(field)
        return None
    try:
        place = read_place(text)
    except Refusal as refusal:
        reading.refuse(field, refusal)
        return None
    region = place.region
    if known is not None and region.endswith("0000") and same_province(region, known):
        region = known
    else:
        reading.remark(*place.remarks)
    reading.understood(member or field, text, f"{region} {region_name(region)}")
    return read_region(region)


def period_of(reading: Reading) -> Period:
    """Return the period; the columns of its first and last day go before the one of both."""
    first, last = (
        reading.take(field, read_day, shown=lambda printed: str(printed.day))
        for field in ("valid_from", "valid_to")
    )
    for day in (first, last):
        if day is not None:
            reading.remark(*day.remarks)
    both = _both(reading, certain=last is not None)
    begins = first.day if first is not None else both.first
    ends = last.day if last is not None else both.last
    for one, other, field in ((begins, both.first, "valid_from"), (ends, both.last, "valid_to")):
        if one is not None and other is not None and one != other:
            reading.refuse(field, Refusal(
                "row_contradicts", f"与有效期限的 {other} 不一致", f"the period says {other}"
            ))  # fmt: skip
    if begins is not None and ends is not None and ends < begins:
        reading.refuse("valid_to", Refusal(
            "validity_reversed", "有效期止早于有效期起", "the record ends before it begins"
        ))  # fmt: skip
    return Period(begins, ends, both.open)


def _both(reading: Reading, *, certain: bool) -> Validity:
    """Read the column of the whole period; where the last day has its own, it may be free text."""
    text = reading.printed("validity")
    if not certain:
        shown = reading.take("validity", read_validity, shown=_shown)
        return shown or Validity()
    try:
        return read_validity(text)
    except Refusal:
        if text:
            reading.remark((f"期限原文：{plain(text)}", f"the period as printed: {plain(text)}"))
        return Validity()


def _shown(validity: Validity) -> str:
    if validity.open:
        return "长期 open"
    return f"{validity.first or '—'} … {validity.last or '—'}"


def scope_of(reading: Reading, edition: int) -> tuple[str, Scope] | None:
    """Return what waste is printed and read: one column of all, or category and code together."""
    text = reading.printed("scope")
    field = "scope"
    if not text:
        category, code = reading.printed("category"), reading.printed("code")
        if code and re.fullmatch(r"\d{2}", plain(category), re.ASCII):
            category = f"HW{plain(category)}"
        field = "code" if code else "category"
        text = f"{category}（{code}）" if category and code else category or code
    if not text:
        reading.missing("category")
        return None
    scope = read_scope(text, edition)
    if not scope.sure:
        left = "、".join(f"“{piece}”" for piece in dict.fromkeys(scope.remainder)) or f"“{text}”"
        why_zh = "；".join(zh for zh, _ in scope.doubts)
        why_en = "; ".join(en for _, en in scope.doubts)
        reading.refuse(field, Refusal(
            "scope_not_sure",
            f"未读懂 {left}" + (f"：{why_zh}" if why_zh else ""),
            f"not understood: {left}" + (f" ({why_en})" if why_en else ""),
        ))  # fmt: skip
        return None
    reading.remark(*scope.remarks)
    for general in scope.general:
        reading.remark((
            f"{general} 是一般固体废物代码：保留、标注，不用于研判",
            f"{general} is general solid waste: kept, marked, used by no rule",
        ))  # fmt: skip
    return text, scope


def note_of(readings: Sequence[Reading]) -> dict[str, str]:
    """Return what the rows print as notes and sources, each once, cut to what a record holds."""
    found = {}
    for field, most in (("note", _NOTE), ("source_doc", _SOURCE)):
        texts = dict.fromkeys(filter(None, (each.take(field, plain) for each in readings)))
        if texts:
            text = "；".join(texts)
            found[field] = text if len(text) <= most else text[: most - 1] + "…"
    return found
