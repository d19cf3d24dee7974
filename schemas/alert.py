"""The alert: what an officer reads, and what `judge` prints. Open or withdrawn, never deleted."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec

__all__ = [
    "ALERT_NAMESPACE",
    "Alert",
    "Evidence",
    "LegalBasis",
    "Severity",
    "alert_digest",
    "alert_id",
]

ALERT_NAMESPACE = UUID("6f1d3a58-4b7e-5d0c-9a35-1b0e8a5d2c77")
Severity = Literal["low", "medium", "high", "critical"]
"""低 (< 1 t) | 中 (1-3 t) | 高 (3-10 t) | 特高 (>= 10 t)"""


class LegalBasis(msgspec.Struct, frozen=True):
    """One article, as of the date of the act."""

    law: str
    article: str
    zh: str
    en: str
    penalty_zh: str | None = None
    penalty_en: str | None = None
    party: Literal["consignor", "carrier", "receiver"] | None = None
    note_zh: str | None = None
    note_en: str | None = None


class Evidence(msgspec.Struct, frozen=True):
    """What the finding rests on: an event (source, id, digest) or a registry record (kind, id)."""

    kind: Literal["event", "record", "manifest"]
    ref: str
    """``<source>#<id>`` of an event, ``<kind>/<id>`` of a record, a manifest number."""
    digest: str | None = None
    zh: str = ""
    en: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A finding about one subject. Times are ISO 8601 with offset; quantities are grams."""

    id: UUID
    rule: str
    rule_version: int
    subject: str
    discriminator: str
    finding: Literal["violation", "review", "notice"]
    """``notice`` is for the unit only, never for officers."""
    state: Literal["open", "withdrawn"]
    severity: Severity
    grams: Annotated[int, msgspec.Meta(ge=0)]
    unweighed: bool | msgspec.UnsetType = msgspec.UNSET
    """True where some of it was told in pieces without a weight: ``grams`` is only what is known.
    Left out otherwise, so that alerts of before keep their digest."""
    title_zh: str
    title_en: str
    reason: str
    text_zh: str
    text_en: str
    act_at: str
    """When the act happened (dispatch, arrival …)."""
    consignor: str | None = None
    consignor_name: str | None = None
    receiver: str | None = None
    receiver_name: str | None = None
    origin_region: str | None = None
    destination_region: str | None = None
    law: tuple[LegalBasis, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    margin: str | None = None
    withdrawn_reason: str | None = None
    withdrawn_zh: str | None = None
    withdrawn_en: str | None = None

    @property
    def in_time(self) -> str:
        """``act_at`` in one zone, so that alerts are in order of time by it; empty where that is."""
        if not self.act_at:
            return ""
        return datetime.fromisoformat(self.act_at).astimezone(UTC).isoformat()


def alert_id(rule: str, subject: str, discriminator: str) -> UUID:
    """Return the same id for the same finding, whatever the order of events or the rule version."""
    return uuid5(ALERT_NAMESPACE, f"{rule}\n{subject}\n{discriminator}")


def alert_digest(alert: Alert) -> str:
    """Return the SHA-256 of an alert's content; ``revision`` rises when it changes."""
    return hashlib.sha256(msgspec.json.encode(alert)).hexdigest()
