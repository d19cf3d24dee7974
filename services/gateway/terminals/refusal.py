"""Why a frame is not taken: a closed set, for it labels a metric."""

from schemas.jt808.unreadable import UNREADABLE

__all__ = ["REASONS"]

REASONS = (
    *UNREADABLE,
    "flood",
    "crowded",  # a connection more than are held at once
    "idle",
    "unknown",  # no such terminal on record, or none in force today
    "wrong_code",
    "unauthenticated",
    "plate",  # registers for another plate than the record's
    "registered",  # registers, though its code is put in by hand
    "unsupported",
    "away",  # Kafka did not acknowledge; the terminal sends it again
)
