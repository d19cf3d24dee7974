"""What a record of frames says: positions, whether it was one frame or a message in several packages."""

from collections.abc import Sequence

from schemas.jt808.frame import Splitter
from schemas.jt808.header import read_message
from schemas.jt808.position import Fix, read_batch, read_position
from schemas.jt808.unreadable import Unreadable

__all__ = ["BATCH_ID", "POSITION_ID", "fixes_of"]

POSITION_ID, BATCH_ID = 0x0200, 0x0704


def fixes_of(raw: bytes) -> Sequence[Fix]:
    """Return the positions in the frames of one message, in their order, at least one. Raises ``Unreadable``."""
    messages = [read_message(inner) for inner in Splitter().feed(raw)]
    if not messages:
        raise Unreadable("rubbish")
    body = b"".join(message.body for message in messages)
    return read_batch(body) if messages[0].id == BATCH_ID else (read_position(body),)
