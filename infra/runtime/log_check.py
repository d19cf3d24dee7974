"""Whether a Kafka log is still the one that was read before, and how a person accepts another."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from infra.runtime.kafka import new_reader
from infra.runtime.position import LogBroken, Position, record_digest
from infra.runtime.settings import Settings

__all__ = ["accept_log", "cluster_id_of", "partitions_of", "verify_log"]

_WITHIN_S = 10.0
"""Longest that a check waits for Kafka; then KafkaTimeoutError, and the caller tries again."""
_ONE_BROKER_MS = 2_500
"""Longest that it waits for one broker. The client asks the addresses in random order: a dead machine
that swallows packets, or whose name nobody answers for, must leave time for the others."""


@asynccontextmanager
async def _bounded(what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_WITHIN_S):
            yield
    except TimeoutError as error:
        raise KafkaTimeoutError(f"{what}: no answer in {_WITHIN_S:g} s") from error


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=_ONE_BROKER_MS
    )
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def cluster_id_of(settings: Settings) -> str:
    """Return the id of the Kafka cluster. Raises KafkaError when it is away."""
    async with _bounded("cluster id"), _admin(settings) as admin:
        return str((await admin.describe_cluster())["cluster_id"])


async def partitions_of(settings: Settings, topic: str) -> list[int]:
    """Return the topic's partitions, none if it does not exist; never creates it.

    Raises KafkaError when Kafka is away.
    """
    async with _bounded("partitions"), _admin(settings) as admin:
        # All topics are asked for: naming one could create it on a broker that allows that.
        found = [t for t in await admin.describe_topics() if t["topic"] == topic]
        return sorted(p["partition"] for t in found for p in t["partitions"])


async def verify_log(
    settings: Settings,
    topic: str,
    positions: Mapping[int, Position],
    *,
    consumer: str,
    cluster_id: str | None = None,
) -> None:
    """Compare the log with what was read of it: its bounds, and record ``next_offset - 1`` anew.

    Raises LogBroken, naming every broken partition, when the log lost its tail, starts after
    the position, holds another record there, or the cluster is not ``cluster_id``. Raises
    KafkaError when Kafka is away or did not answer within 10 s; the caller tries again.
    """
    positions = dict(positions)  # the caller may move on meanwhile
    there = set(await partitions_of(settings, topic))
    breaks: dict[int, tuple[str, str]] = {}
    if cluster_id is not None and (actual := await cluster_id_of(settings)) != cluster_id:
        strange = (
            f"Kafka 集群换了：原为 {cluster_id}，现为 {actual}",
            f"the Kafka cluster was {cluster_id} and is {actual} now",
        )
        breaks = dict.fromkeys(positions, strange)
    else:
        missing = positions.keys() - there
        for p in missing:
            if read := positions[p].next_offset:
                breaks[p] = (
                    f"分区不存在，此前已读到 {read}",
                    f"the partition is gone; it was read up to {read}",
                )
        if missing and not breaks:  # never read: not created yet
            raise UnknownTopicOrPartitionError(f"{topic}/{min(missing)}")
        if present := [p for p in positions if p in there]:
            async with _bounded("log check"), _reader(settings) as reader:
                breaks |= await _compare(reader, topic, {p: positions[p] for p in present})
    if breaks:
        raise LogBroken.at(consumer, topic, [(p, zh, en) for p, (zh, en) in sorted(breaks.items())])


async def _compare(
    reader: AIOKafkaConsumer, topic: str, positions: Mapping[int, Position]
) -> dict[int, tuple[str, str]]:
    starts, ends = await _bounds(reader, topic, positions)
    breaks: dict[int, tuple[str, str]] = {}
    to_read: dict[int, int] = {}
    for p, position in positions.items():
        start, end, here = starts[p], ends[p], position.next_offset
        if end < here:
            breaks[p] = (
                f"日志丢失了尾部：已读到 {here}，日志现止于 {end}",
                f"the log lost its tail: it was read up to {here} and ends at {end} now",
            )
        elif start > here:
            breaks[p] = (
                f"日志从 {start} 开始，{here} 至 {start - 1} 共 {start - here} 条未读即已删除",
                f"the log starts at {start}: {start - here} records from {here} on were deleted"
                " unread",
            )
        elif position.digest is not None and start == here:
            breaks[p] = (
                f"记录 {here - 1} 已被删除，无法核对是否为同一日志；若是，则没有遗漏",
                f"record {here - 1} was deleted, so it cannot be told whether this is the same log;"
                " if it is, nothing was missed",
            )
        elif position.digest is not None:
            to_read[p] = here - 1
    for p, digest in (await _digests(reader, topic, to_read)).items():
        if digest != positions[p].digest:
            breaks[p] = (
                f"记录 {to_read[p]} 与此前读到的内容不同：这是另一份日志",
                f"record {to_read[p]} is not the one that was read before: this is another log",
            )
    return breaks


async def accept_log(
    dsn: str,
    settings: Settings,
    consumer: str,
    topic: str,
    partition: int,
    *,
    to: Literal["start", "end"] | int,
) -> str:
    """Set a position by hand and return, in two languages, what follows from it.

    The running owner, if there is one, is fenced. Raises ValueError (offset outside the log, no
    such partition), KafkaError, or what asyncpg raises.
    """
    if partition not in await partitions_of(settings, topic):
        raise ValueError(f"Kafka 中没有分区 / there is no partition {topic}/{partition} in Kafka")
    cluster_id = await cluster_id_of(settings)
    async with _bounded("accept"), _reader(settings) as reader:
        starts, ends = await _bounds(reader, topic, [partition])
        start, end = starts[partition], ends[partition]
        target = start if to == "start" else end if to == "end" else to
        if not start <= target <= end:
            raise ValueError(
                f"{target} 不在日志之内 / is outside the log: {topic}/{partition} = {start}…{end}"
            )
        before = {partition: target - 1} if target > start else {}
        digest = (await _digests(reader, topic, before)).get(partition)
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        async with connection.transaction():
            old = await connection.fetchrow(_OLD, consumer, topic, partition)
            await connection.execute(
                _ACCEPT, consumer, topic, partition, cluster_id, target, digest
            )
    finally:
        await connection.close()
    return f"{consumer} {topic}/{partition}: " + _consequence(old, cluster_id, target, end)


_OLD = """
SELECT next_offset, cluster_id FROM consumer_offset
WHERE consumer = $1 AND topic = $2 AND partition = $3 FOR UPDATE
"""
_ACCEPT = """
INSERT INTO consumer_offset AS o
    (consumer, topic, partition, cluster_id, next_offset, digest, epoch)
VALUES ($1, $2, $3, $4, $5, $6, 1)
ON CONFLICT (consumer, topic, partition) DO UPDATE SET
    cluster_id = excluded.cluster_id, next_offset = excluded.next_offset,
    digest = excluded.digest, epoch = o.epoch + 1, updated_at = clock_timestamp(), stopped_at = NULL
"""


def _consequence(old: Any, cluster_id: str, target: int, end: int) -> str:
    was = old["next_offset"] if old else 0
    to_read = f"{target}…{end}: {end - target} 条待读 / records to read"
    if old and old["cluster_id"] != cluster_id:
        return (
            f"原位点 {was} 属于集群 {old['cluster_id']}，现从 {target} 开始 /"
            f" the old position {was} belonged to that cluster; goes on at {target}. {to_read}"
        )
    if target > was:
        return (
            f"{was} 至 {target - 1} 共 {target - was} 条将被跳过 /"
            f" {target - was} records from {was} to {target - 1} will be skipped. {to_read}"
        )
    if target < was:
        return (
            f"从 {target} 起重新读取 / everything from {target} on will be read and judged again,"
            f" as far as it still exists (was at {was}). {to_read}"
        )
    return f"位点不变 / the position stays at {was}. {to_read}"


@asynccontextmanager
async def _reader(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    reader = new_reader(settings, request_timeout_ms=_ONE_BROKER_MS)
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()


async def _bounds(
    reader: AIOKafkaConsumer, topic: str, partitions: Collection[int]
) -> tuple[dict[int, int], dict[int, int]]:
    wanted = [TopicPartition(topic, p) for p in partitions]
    starts = await reader.beginning_offsets(wanted)
    ends = await reader.end_offsets(wanted)
    return (
        {tp.partition: offset for tp, offset in starts.items()},
        {tp.partition: offset for tp, offset in ends.items()},
    )


async def _digests(
    reader: AIOKafkaConsumer, topic: str, offsets: Mapping[int, int]
) -> dict[int, bytes | None]:
    """Read one record of each partition anew; None where that offset holds none."""
    wanted = [TopicPartition(topic, p) for p in offsets]
    if not wanted:
        return {}
    reader.assign(wanted)
    for tp in wanted:
        reader.seek(tp, offsets[tp.partition])
    found: dict[int, bytes | None] = {}
    for tp in wanted:
        record = await reader.getone(tp)
        there = record.offset == offsets[tp.partition]
        found[tp.partition] = record_digest(record.value) if there else None
    return found
