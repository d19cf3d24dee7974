"""Kafka clients of every process, with the settings that promises rest on."""

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from infra.runtime.kafka_on_uvloop import mend_aiokafka
from infra.runtime.settings import Settings
from schemas.envelope import MAX_EVENT_BYTES

__all__ = ["new_producer", "new_reader"]


def new_producer(settings: Settings) -> AIOKafkaProducer:
    """Return an idempotent producer that acknowledges only what all in-sync copies have."""
    mend_aiokafka()
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_batch_size=512 * 1024,
        max_request_size=4 * MAX_EVENT_BYTES,
        request_timeout_ms=int(settings.gateway_ack_timeout_s * 1000),
    )


def new_reader(settings: Settings, **more: Any) -> AIOKafkaConsumer:
    """Return a consumer without a group: its reader keeps the offsets in Postgres.

    A position outside the log raises instead of being reset: nothing may be skipped unseen.
    """
    mend_aiokafka()
    return AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=4 * 1024 * 1024,
        **more,
    )
