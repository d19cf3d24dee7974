"""Waiting until both roads have read everything, whatever happened to their positions."""

import asyncio
from collections.abc import Collection

import asyncpg
from aiokafka import TopicPartition

from infra.local.stack import LocalStack
from infra.runtime.kafka import new_reader
from infra.runtime.settings import MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC
from services.cli.line_state import read_line_state

__all__ = ["rests", "topic_partitions", "until_read"]

_POSITIONS = "SELECT consumer, partition, next_offset FROM consumer_offset WHERE topic = $1"


def topic_partitions(stack: LocalStack, topic: str = MANIFEST_TOPIC) -> list[TopicPartition]:
    settings = stack.settings
    many = {
        MANIFEST_TOPIC: settings.manifest_partitions,
        MEDICAL_TOPIC: settings.medical_partitions,
        TRACKS_TOPIC: settings.tracks_partitions,
    }
    return [TopicPartition(topic, p) for p in range(many[topic])]


async def until_read(
    stack: LocalStack,
    within_s: float = 60,
    consumers: Collection[str] = ("archiver", "judge"),
    topic: str = MANIFEST_TOPIC,
) -> None:
    """Wait until these, archiver and judge, stand at the end of every partition."""
    async with new_reader(stack.settings) as reader:
        ends = await reader.end_offsets(topic_partitions(stack, topic))
    wanted = {(c, tp.partition): end for c in consumers for tp, end in ends.items()}
    connection = await asyncpg.connect(stack.settings.database_reader)
    try:
        async with asyncio.timeout(within_s):
            while True:
                rows = await connection.fetch(_POSITIONS, topic)
                if {(row[0], row[1]): row[2] for row in rows if row[0] in consumers} == wanted:
                    return
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def rests(stack: LocalStack) -> None:
    """Wait until every worker has judged what it read."""
    connection = await asyncpg.connect(stack.settings.database_reader)
    try:
        async with asyncio.timeout(60):
            while not (state := await read_line_state(connection)).settled or state.vehicles:
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
