"""A write to a connection that uvloop has closed already."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from infra.runtime.kafka_on_uvloop import mend_aiokafka


def closed(data: bytes) -> Any:
    raise RuntimeError("unable to perform operation on <TCPTransport closed=True>")


async def test_a_write_to_a_closed_transport_is_a_lost_connection() -> None:
    before = AIOKafkaConnection.send
    try:
        mend_aiokafka()
        mend_aiokafka()
        connection = AIOKafkaConnection("127.0.0.1", 1)
        connection._versions = {3: (0, 0)}
        connection._writer = SimpleNamespace(write=closed, close=lambda: None)
        connection._reader = SimpleNamespace()
        connection._read_task = SimpleNamespace(done=lambda: True)
        with pytest.raises(KafkaConnectionError, match="closed=True"):
            connection.send(MetadataRequest([]))
        assert not connection.connected()
    finally:
        AIOKafkaConnection.send = before


def test_send_has_the_signature_that_is_wrapped() -> None:
    assert list(inspect.signature(AIOKafkaConnection.send).parameters) == [
        "self", "request", "expect_response",
    ]  # fmt: skip
