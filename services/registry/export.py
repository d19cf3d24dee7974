"""The registry as a file: what was known, with ``recorded_at`` as a member of every record."""

from datetime import UTC
from typing import Any

import msgspec

from schemas.decode import decode_registry_record
from services.registry.history import Version
from services.registry.wire import RECORDED_AT, wire_of

__all__ = ["ndjson_line", "record_of"]

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def ndjson_line(version: Version) -> bytes:
    """Return a record's own bytes, member by member, with the time at which we learned it."""
    said: dict[str, Any] = _members.decode(version.body)
    said[RECORDED_AT] = _recorded_at(version)
    return msgspec.json.encode(said) + b"\n"


def record_of(version: Version) -> dict[str, Any]:
    """Return a record in normal form, for CSV, with the time at which we learned it."""
    said = wire_of(decode_registry_record(version.body))
    said[RECORDED_AT] = _recorded_at(version)
    return said


def _recorded_at(version: Version) -> str:
    return version.recorded_at.astimezone(UTC).isoformat()
