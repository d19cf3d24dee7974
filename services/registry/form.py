"""The members of each kind of record, derived from the pydantic models: names, types, nesting.

Everything that handles records member by member (CSV columns, comparison, history) reads this; no
kind is written down a second time.
"""

import types
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.checks import Checked
from schemas.line import read_line
from schemas.quantity import grams_from_tonnes
from schemas.registry import RegistryRecordModel
from schemas.ring import read_ring

__all__ = ["Member", "MemberType", "form_of", "item_of"]


class MemberType(StrEnum):
    """How a member's value is written."""

    TEXT = "text"
    """Free text, taken as it stands."""
    CODE = "code"
    """Text of a fixed form: credit code, waste code, region, plate."""
    CHOICE = "choice"
    FLAG = "flag"
    WHOLE = "whole"
    TONNES = "tonnes"
    DAY = "day"
    INSTANT = "instant"
    RING = "ring"
    """Points on the ground."""
    RECORDS = "records"
    """Nested records, each with ``members``."""


class Member(NamedTuple):
    """One member of a record; ``many``: a list of such values."""

    name: str
    type: MemberType
    many: bool = False
    required: bool = False
    allowed: tuple[str, ...] = ()
    members: tuple["Member", ...] = ()


@cache
def form_of(kind: str) -> tuple[Member, ...]:
    """Return the members of a kind, ``kind`` first, then ``id``. Raises KeyError."""
    members = {m.name: m for m in _members(_models()[kind])}
    return (members.pop("kind"), members.pop("id"), *members.values())


def item_of(member: Member) -> str:
    """Return the name of one item of a list of records: ``lines`` → ``line``."""
    return member.name.removesuffix("s")


@cache
def _models() -> dict[str, type[BaseModel]]:
    union = _bare(RegistryRecordModel.model_fields["root"].annotation)[0]
    return {get_args(m.model_fields["kind"].annotation)[0]: m for m in get_args(union)}


def _members(model: type[BaseModel]) -> Iterator[Member]:
    for name, info in model.model_fields.items():
        yield _member(name, info)


def _member(name: str, info: FieldInfo) -> Member:
    annotation, checked = _bare(info.annotation, info.metadata)
    many = get_origin(annotation) is list
    if many:
        annotation, checked = _bare(get_args(annotation)[0])
    member = Member(name, MemberType.RECORDS, many, info.is_required())
    if checked is not None:
        return member._replace(type=_checked_type(checked))
    if get_origin(annotation) is Literal:
        return member._replace(type=MemberType.CHOICE, allowed=get_args(annotation))
    if annotation is bool:
        return member._replace(type=MemberType.FLAG)
    if many and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return member._replace(members=tuple(_members(annotation)))
    raise TypeError(f"no flat form for {name}: {annotation!r}")


def _bare(annotation: Any, metadata: Any = ()) -> tuple[Any, Checked | None]:
    """Return a type without None and annotations, and the check among them."""
    found = list(metadata)
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            found += more
        elif get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(
            annotation
        ):
            (annotation,) = (a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation, next((m for m in found if isinstance(m, Checked)), None)


def _checked_type(checked: Checked) -> MemberType:
    if checked.read is grams_from_tonnes:
        return MemberType.TONNES
    if checked.read in (read_ring, read_line):
        return MemberType.RING
    wire = checked.wire
    if wire.get("type") == "integer":
        return MemberType.WHOLE
    by_format = {"date": MemberType.DAY, "date-time": MemberType.INSTANT}
    if "format" in wire:
        return by_format[wire["format"]]
    return MemberType.CODE if "title" in wire else MemberType.TEXT
