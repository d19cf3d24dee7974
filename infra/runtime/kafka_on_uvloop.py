"""Lets aiokafka outlive a lost connection on uvloop."""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

__all__ = ["mend_aiokafka"]


def mend_aiokafka() -> None:
    """Make a write to a closed connection the error that aiokafka expects. May be called again.

    Between the loss of a connection and the reader's notice of it, uvloop's transports answer a
    write with RuntimeError, where asyncio's only log. aiokafka 0.14 catches OSError: the
    RuntimeError ends its metadata task without a word, and the client then waits for ever for
    metadata: it cannot find its coordinator, sends no heartbeats, and goes on fetching. Seen in
    one of four kills of a broker. Every process that runs aiokafka on uvloop needs this.
    """
    original = AIOKafkaConnection.send
    if getattr(original, "mended", False):
        return

    def send(self: Any, request: Any, expect_response: bool = True) -> Any:
        try:
            return original(self, request, expect_response)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection lost: {error}") from error

    send.mended = True  # type: ignore[attr-defined]
    AIOKafkaConnection.send = send
