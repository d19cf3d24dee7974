"""Receipts: what a poster holds as proof that an event was kept."""

import hashlib
from uuid import UUID, uuid5

__all__ = ["RECEIPT_NAMESPACE", "event_digest", "receipt_id"]

RECEIPT_NAMESPACE = UUID("a3c6f0de-87f5-5a39-8c1e-5f6f5d4f1b21")


def event_digest(raw: bytes) -> str:
    """Return the SHA-256 (hex) of the exact bytes received."""
    return hashlib.sha256(raw).hexdigest()


def receipt_id(source: str, event_id: str, digest: str) -> UUID:
    """Return the receipt's id: the same for the same bytes, also without any database."""
    return uuid5(RECEIPT_NAMESPACE, f"{source}\n{event_id}\n{digest}")
