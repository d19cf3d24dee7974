"""Records as plain JSON values in one normal form, so that versions can be compared by meaning."""

from typing import Any

import msgspec

from schemas.decode import decode_registry_record
from schemas.quantity import tonnes_text
from schemas.registry import RegistryRecord
from services.registry.form import Member, MemberType, form_of

__all__ = ["RECORDED_AT", "encoded", "meaning", "wire_of"]

RECORDED_AT = "recorded_at"
"""Ours, not the document's: what a file says of it is never compared nor kept."""


def wire_of(record: RegistryRecord) -> dict[str, Any]:
    """Return a decoded record as JSON values: members in the order of its form, nothing empty."""
    return _wire(record, form_of(record.kind))


def meaning(body: bytes) -> dict[str, Any]:
    """Return what a stored record says, whatever its bytes look like; without ``recorded_at``."""
    said = wire_of(decode_registry_record(body))
    said.pop(RECORDED_AT, None)
    return said


def encoded(said: dict[str, Any]) -> bytes:
    """Return JSON bytes of plain values."""
    return msgspec.json.encode(said)


def _wire(record: Any, members: tuple[Member, ...]) -> dict[str, Any]:
    said = {}
    for member in members:
        value = getattr(record, member.name)
        if value is None or value == []:
            continue
        said[member.name] = (
            [_value(member, each) for each in value] if member.many else _value(member, value)
        )
    return said


def _value(member: Member, value: Any) -> Any:
    match member.type:
        case MemberType.RECORDS:
            return _wire(value, member.members)
        case MemberType.TONNES:
            return tonnes_text(value)
        case MemberType.DAY | MemberType.INSTANT:
            return value.isoformat()
        case MemberType.RING:
            return [list(point) for point in value]
        case _:
            return value
