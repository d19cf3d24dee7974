"""Words that explanations share: spans of validity, lists that say how much they leave out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from schemas.instant import china_day
from schemas.region import province_name
from streams.judging.explanation import Condition, Role
from streams.judging.registry import in_force
from streams.judging.rules.rule import Said, days_left

__all__ = [
    "MOST_SHOWN",
    "Group",
    "authority",
    "condition",
    "day_text",
    "in_force_on",
    "left_out",
    "some",
    "span",
    "within_validity",
]

MOST_SHOWN = 10
"""Documents looked at that an explanation lists; it says how many more there were."""
_MOST_NAMED = 8
"""Codes, plates and the like that one condition names."""


T = TypeVar("T")


class Group(NamedTuple):
    """The document whose conditions stand together, and the record it is."""

    zh: str = ""
    en: str = ""
    record: str | None = None


_NO_GROUP = Group()


def condition(
    what: Said,
    value: Said,
    threshold: Said = ("", ""),
    *,
    holds: bool | None,
    role: Role = "requires",
    margin: str | None = None,
    group: Group = _NO_GROUP,
) -> Condition:
    """Return a condition from pairs of Chinese and English."""
    return Condition(
        zh=what[0],
        en=what[1],
        value_zh=value[0],
        value_en=value[1],
        threshold_zh=threshold[0],
        threshold_en=threshold[1],
        holds=holds,
        role=role,
        margin=margin,
        group_zh=group.zh,
        group_en=group.en,
        record=group.record,
    )


def span(record: Any) -> Said:
    """Return the validity of a record, or of a suspension."""
    return (
        f"{record.valid_from}至{record.valid_to or '长期'}",
        f"{record.valid_from} to {record.valid_to or 'open'}",
    )


def day_text(at: datetime) -> str:
    """Return the China date of an instant."""
    return china_day(at).isoformat()


def in_force_on(record: Any, at: datetime) -> tuple[bool, str | None]:
    """Return whether a record is in force, and the days left or missed as a margin."""
    early = days_left(record.valid_from, at)
    if early is not None and early > 0:
        return False, f"-{early} d"
    left = days_left(record.valid_to, at)
    return in_force(record, at), None if left is None else f"{left} d"


def within_validity(record: Any, at: datetime, when: Said, group: Group) -> Condition:
    """Return whether the day of an act (``when``: 起运, dispatch) lies in a document's validity."""
    holds, margin = in_force_on(record, at)
    day = day_text(at)
    return condition(
        (f"{when[0]}当日在有效期内", f"in force on the day of {when[1]}"),
        (day, day),
        span(record),
        holds=holds,
        margin=margin,
        group=group,
    )


def some(named: Iterable[str], most: int = _MOST_NAMED) -> Said:
    """Return a list of names, in the order given, that says how many it leaves out."""
    every = list(dict.fromkeys(named))
    shown = every[:most]
    zh, en = "、".join(shown), ", ".join(shown)
    more = len(every) - len(shown)
    return (f"{zh} 等 {len(every)} 项", f"{en} and {more} more") if more else (zh, en)


def left_out(what: Said, shown: Sequence[T], every: int) -> Iterable[Condition]:
    """Return the line that says how many documents were looked at and are not listed."""
    more = every - len(shown)
    if more > 0:
        yield condition(
            (f"另查{what[0]}，未逐项列出", f"more {what[1]} looked at, not listed"),
            (f"{more} 项", str(more)),
            holds=True,
            role="figure",
        )


def authority(region: str) -> Said:
    """Return the provincial authority that approves what leaves a region."""
    name = province_name(region)
    return f"{name}生态环境主管部门", f"the ecology and environment authority of {name}"
