"""A statement: one event about a manifest, with its identity and when we received it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from schemas.decode import decode_manifest_event
from schemas.envelope import unit_of
from schemas.manifest import MANIFEST_VERBS, ManifestEvent
from schemas.receipt import event_digest

__all__ = ["Identity", "Ref", "Statement", "from_micros", "read_statement", "to_micros", "union"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_micros(micros: int) -> datetime:
    """Return the UTC instant of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware instant."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Ref(NamedTuple):
    """Which event: what evidence and corrections point at."""

    source: str
    id: str
    digest: str

    def __str__(self) -> str:
        return f"{self.source}#{self.id}"


Identity = Ref
"""Two events are the same when source, id and digest of their bytes are."""


class Statement(msgspec.Struct, frozen=True, gc=False):
    """One event, decoded. ``received_us`` is the gateway's time, microseconds since 1970."""

    ref: Ref
    received_us: int
    raw: bytes
    event: ManifestEvent
    verb: str
    """The verb of the event's type: ``filed``, ``dispatched`` and so on."""
    unit: str
    """Credit code of the unit that said it."""
    offset: int = -1
    """Where it stands in its partition's log; -1 on files. Bears on nothing but quarantine."""


def read_statement(
    raw: bytes, received_us: int, digest: str | None = None, offset: int = -1
) -> Statement:
    """Decode ``raw``; raises ``schemas.fast.NotUnderstood``."""
    event = decode_manifest_event(raw)
    ref = Ref(event.source, event.id, digest or event_digest(raw))
    return Statement(
        ref, received_us, raw, event, MANIFEST_VERBS[event.type], unit_of(event.source), offset
    )


def union(*groups: Iterable[Statement]) -> dict[Identity, Statement]:
    """Return the set of all statements; of copies the earliest received counts."""
    result: dict[Identity, Statement] = {}
    for group in groups:
        for statement in group:
            known = result.setdefault(statement.ref, statement)
            if known is not statement and statement.received_us < known.received_us:
                result[statement.ref] = statement
    return result
