"""Kafka topics and the headers that the gateway adds to each record."""

__all__ = [
    "ALERTS_TOPIC",
    "HEADER_CE_ID",
    "HEADER_CE_SOURCE",
    "HEADER_CE_SPECVERSION",
    "HEADER_CE_SUBJECT",
    "HEADER_CE_TIME",
    "HEADER_CE_TYPE",
    "HEADER_DIGEST",
    "HEADER_KEY_ID",
    "HEADER_OUTBOX_ID",
    "HEADER_RECEIPT",
    "HEADER_RECEIVED_AT",
    "MANIFEST_TOPIC",
    "MEDICAL_TOPIC",
    "TRACKS_TOPIC",
]

MANIFEST_TOPIC = "manifest.events"
"""Manifest family, keyed by subject (the manifest number)."""
MEDICAL_TOPIC = "medical.events"
"""Medical family, keyed by the credit code of the posting unit."""
TRACKS_TOPIC = "vehicle.tracks"
"""Vehicles' positions, keyed by plate: JSON events, and frames of terminals with ``HEADER_CE_TYPE``."""
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

HEADER_CE_SPECVERSION = "ce_specversion"
"""CloudEvents in Kafka's binary mode: the value is the data, attributes are headers (UTF-8).

A frame of a terminal (JT/T 808) is kept so: its exact bytes from 0x7e to 0x7e; of a message that came
in several packages those of all, in their order. A record without it is a JSON event.
"""
HEADER_CE_TYPE = "ce_type"
HEADER_CE_SOURCE = "ce_source"
"""``urn:uscc:`` and the credit code of the terminal's owner."""
HEADER_CE_SUBJECT = "ce_subject"
"""The plate that the registry gives the terminal."""
HEADER_CE_ID = "ce_id"
"""SHA-256 of the frame: the same frame sent again is the same event."""
HEADER_CE_TIME = "ce_time"
"""Time of the latest position in the frame."""
