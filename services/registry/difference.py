"""What changed from one version of a record to the next, member by member."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from services.registry.cells import cell_of
from services.registry.form import Member, MemberType, form_of, item_of
from services.registry.titles import title_of

__all__ = ["Difference", "differences"]

_KEYS = ("line",)
"""Members that name a nested record for good; others are told apart by their place."""


class Difference(NamedTuple):
    """One member, ``line[2].quantity_t``, or one nested record, ``line[2]``, that came or went.

    ``before`` and ``after``: as in a CSV cell, '' if there is none.
    """

    member: str
    zh: str
    en: str
    before: str
    after: str


def differences(
    kind: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> list[Difference]:
    """Compare two versions in the normal form of ``wire``; ``before`` None: all of it is new."""
    return [d for d in _told(form_of(kind), before or {}, after) if d.member != "recorded_at"]


def _told(
    members: tuple[Member, ...], before: dict[str, Any], after: dict[str, Any], within: str = ""
) -> Iterator[Difference]:
    for member in members:
        old, new = before.get(member.name), after.get(member.name)
        if old == new:
            continue
        if member.type is MemberType.RECORDS:
            olds, news = _keyed(member, old or []), _keyed(member, new or [])
            for key in sorted({*olds, *news}):
                place = f"{item_of(member)}[{key}]"
                was, now = olds.get(key), news.get(key)
                if was is not None and now is not None:
                    yield from _told(member.members, was, now, f"{place}.")
                    continue
                zh, en = title_of(member.name)
                yield Difference(place, zh, en, _summary(member, was), _summary(member, now))
            continue
        zh, en = title_of(member.name)
        yield Difference(within + member.name, zh, en, _shown(member, old), _shown(member, new))


def _keyed(member: Member, items: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Nested records by their own number where they have one, else by place from 1."""
    named = next((m.name for m in member.members if m.name in _KEYS), None)
    return {item[named] if named else n: item for n, item in enumerate(items, start=1)}


def _summary(member: Member, item: dict[str, Any] | None) -> str:
    """Return in one line a nested record that is there only before or only after."""
    values = item or {}
    return ", ".join(
        f"{m.name} {_shown(m, values[m.name])}" for m in member.members if m.name in values
    )


def _shown(member: Member, value: Any) -> str:
    return "" if value is None else cell_of(member, value)
