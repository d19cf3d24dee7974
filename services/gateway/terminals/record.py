"""A terminal's frame as a record of the log: CloudEvents in Kafka's binary mode."""

from collections.abc import Sequence

from schemas.envelope import SOURCE_PREFIX
from schemas.jt808.frame import whole
from schemas.jt808.position import Fix
from schemas.receipt import event_digest, receipt_id
from schemas.topics import (
    HEADER_CE_ID,
    HEADER_CE_SOURCE,
    HEADER_CE_SPECVERSION,
    HEADER_CE_SUBJECT,
    HEADER_CE_TIME,
    HEADER_CE_TYPE,
    HEADER_DIGEST,
    HEADER_RECEIPT,
    HEADER_RECEIVED_AT,
    TRACKS_TOPIC,
)
from schemas.track import FRAME_TYPE
from services.gateway.instant import utc_text
from services.gateway.producer import LogRecord
from services.gateway.terminals.known import KnownTerminal

__all__ = ["record_of"]


def record_of(
    terminal: KnownTerminal, inners: Sequence[bytes], fixes: Sequence[Fix], received_at: int
) -> LogRecord:
    """Return the record of a frame, or of all frames of one message, as they came.

    ``fixes``: what they say, at least one. ``received_at``: microseconds since 1970.
    """
    value = b"".join(map(whole, inners))
    digest = event_digest(value)
    source = SOURCE_PREFIX + terminal.owner
    plate = terminal.plate.encode()
    return LogRecord(
        plate,
        value,
        [
            (HEADER_CE_SPECVERSION, b"1.0"),
            (HEADER_CE_TYPE, FRAME_TYPE.encode()),
            (HEADER_CE_SOURCE, source.encode()),
            (HEADER_CE_SUBJECT, plate),
            (HEADER_CE_ID, digest.encode()),
            (HEADER_CE_TIME, utc_text(max(fix.at for fix in fixes)).encode()),
            (HEADER_RECEIVED_AT, str(received_at).encode()),
            (HEADER_DIGEST, digest.encode()),
            (HEADER_RECEIPT, str(receipt_id(source, digest, digest)).encode()),
        ],
        TRACKS_TOPIC,
    )
