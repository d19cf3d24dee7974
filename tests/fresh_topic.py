"""Topics of a test's own on the shared stack."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import for_code

from infra.runtime.kafka import new_producer, new_reader
from infra.runtime.offsets import accept_log
from infra.runtime.settings import Settings

Headers = Sequence[tuple[str, bytes | None]]


@contextlib.asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def create_topic(
    settings: Settings, partitions: int = 1, name: str | None = None, **configs: str
) -> str:
    """Create a topic; a name that was just deleted may be refused for a moment."""
    name = name or f"test-{uuid.uuid4().hex[:12]}"
    options = {"message.timestamp.type": "LogAppendTime", **configs}
    async with admin(settings) as client:
        while True:
            done = await client.create_topics(
                [NewTopic(name, partitions, 1, topic_configs=options)]
            )
            code = done.topic_errors[0][1]
            if code == 0:
                break
            if code != 36:  # TOPIC_ALREADY_EXISTS, still being deleted
                raise for_code(code)
        wanted = [TopicPartition(name, p) for p in range(partitions)]
        async with new_reader(settings) as reader:
            await reader.end_offsets(wanted)  # until every partition has a leader
    return name


async def delete_topic(settings: Settings, name: str) -> None:
    async with admin(settings) as client:
        await client.delete_topics([name])
        while name in await client.list_topics():
            pass


async def delete_records(settings: Settings, topic: str, partition: int, before: int) -> None:
    async with admin(settings) as client:
        tp = TopicPartition(topic, partition)
        await client.delete_records({tp: RecordsToDelete(before_offset=before)})


async def send(
    settings: Settings,
    topic: str,
    values: Sequence[bytes | None],
    *,
    partition: int = 0,
    headers: Sequence[Headers] | None = None,
) -> None:
    """Append values in order and return when Kafka has them."""
    async with new_producer(settings) as producer:
        await send_with(producer, topic, values, partition=partition, headers=headers)


async def send_with(
    producer: AIOKafkaProducer,
    topic: str,
    values: Sequence[bytes | None],
    *,
    partition: int = 0,
    headers: Sequence[Headers] | None = None,
    timestamp_ms: int | None = None,
) -> None:
    sent = [
        await producer.send(
            topic,
            value,
            key=b"k",
            partition=partition,
            headers=list(headers[n]) if headers else None,
            timestamp_ms=timestamp_ms,
        )
        for n, value in enumerate(values)
    ]
    for future in sent:
        await future


@contextlib.asynccontextmanager
async def writer(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.database_writer)
    try:
        yield connection
    finally:
        await connection.close()


async def accept_start(settings: Settings, consumer: str, topic: str, partition: int = 0) -> None:
    """Set a position back to the start, as an operator does."""
    await accept_log(settings.database_writer, settings, consumer, topic, partition, to="start")
