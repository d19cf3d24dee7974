"""Kafka topics and the headers that the gateway adds to each record."""

__all__ = [
    "ALERTS_TOPIC",
    "HEADER_DIGEST",
    "HEADER_KEY_ID",
    "HEADER_OUTBOX_ID",
    "HEADER_RECEIPT",
    "HEADER_RECEIVED_AT",
    "MANIFEST_TOPIC",
]

MANIFEST_TOPIC = "manifest.events"
"""Manifest family, keyed by subject (the manifest number)."""
ALERTS_TOPIC = "alerts"
"""Each revision of each alert, for outsiders, keyed by alert id."""

HEADER_RECEIVED_AT = "received_at"
"""Microseconds since 1970 UTC at which the gateway took the event, as decimal text."""
HEADER_DIGEST = "digest"
"""SHA-256 of the record's value, 64 hexadecimal characters."""
HEADER_KEY_ID = "key_id"
"""Public id of the API key that posted."""
HEADER_RECEIPT = "receipt"
"""Receipt id that the poster was given."""
HEADER_OUTBOX_ID = "id"
"""``<alert id>:<revision>`` of a record of the alerts topic; one that comes again is a copy."""
