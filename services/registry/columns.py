"""The flat form of a kind: one CSV column for each member, ``line.code`` for nested ones.

A record takes one row, or one more for each nested record that it has; rows of a record share its
``id``, and repeat its own columns or leave them empty.
"""

from functools import cache
from typing import NamedTuple

from services.registry.form import Member, MemberType, form_of, item_of

__all__ = ["Column", "columns_of"]

_HOW = {
    MemberType.TEXT: ("文本", "text"),
    MemberType.CODE: ("编码，半角", "code, half-width"),
    MemberType.FLAG: ("true 或 false（是、否）", "true or false"),
    MemberType.WHOLE: ("整数", "whole number"),
    MemberType.TONNES: ("吨，最多 6 位小数", "tonnes, at most 6 decimals"),
    MemberType.DAY: ("YYYY-MM-DD 或 YYYY/MM/DD", "YYYY-MM-DD or YYYY/MM/DD"),
    MemberType.RING: ("经度 纬度, 经度 纬度, …", "lon lat, lon lat, …"),
    MemberType.INSTANT: ("RFC 3339 时间", "RFC 3339 time"),
}


class Column(NamedTuple):
    """One column; ``outer`` is the list of records that it is part of, None for the record's."""

    name: str
    member: Member
    outer: Member | None = None

    @property
    def how(self) -> tuple[str, str]:
        """How a cell is written, zh and en."""
        allowed = " | ".join(self.member.allowed)
        zh, en = (allowed, allowed) if allowed else _HOW[self.member.type]
        return (f"{zh}；以 ; 分隔", f"{en}; joined by ;") if self.member.many else (zh, en)


@cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """Return the columns of a kind in the order of an export. Raises KeyError."""
    own, nested = [], []
    for member in form_of(kind):
        if member.type is MemberType.RECORDS:
            prefix = item_of(member)
            nested += [Column(f"{prefix}.{m.name}", m, member) for m in member.members]
        else:
            own.append(Column(member.name, member))
    return (*own, *nested)
