"""Check-up of the line: Kafka, Postgres, how far behind each consumer is, what waits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka import TopicPartition
from rich.table import Table
from rich.text import Text

from infra.runtime.kafka import new_reader
from infra.runtime.log_check import cluster_id_of, partitions_of
from infra.runtime.offsets import LogBroken, OffsetTable, verify_log
from infra.runtime.schema import SchemaUnfit, program_schema, require_schema
from infra.runtime.settings import MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC, Settings
from services.cli.check_courier import check_courier
from services.cli.checkup import Checkup
from services.cli.console import quote
from services.cli.failures import AWAY
from services.cli.line_state import read_line_state

__all__ = ["check_kafka", "check_positions", "check_postgres"]

JUDGED = (MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC)
_CONSUMERS = (("judge", "研判"), ("archiver", "归档"))
_STILL_S = 30.0
"""A position behind the log that has not moved for so long stands still."""
_POSITIONS = """
SELECT consumer, partition, next_offset, updated_at FROM consumer_offset
WHERE topic = $1 ORDER BY consumer, partition
"""
_QUARANTINE = "SELECT reason, count(*) AS n FROM quarantine GROUP BY reason ORDER BY n DESC"


Ends = Mapping[str, Mapping[int, int]]
"""By topic, then partition: the offset after its last record."""


async def check_kafka(checkup: Checkup, settings: Settings) -> Ends | None:
    """Return the end of each partition of the topics that are judged, None when Kafka is away."""
    found: dict[str, Mapping[int, int]] = {}
    for topic in JUDGED:
        ends = await _check_topic(checkup, settings, topic)
        if ends is None:
            return None
        found[topic] = ends
    return found


async def _check_topic(
    checkup: Checkup, settings: Settings, topic: str
) -> Mapping[int, int] | None:
    try:
        cluster = await cluster_id_of(settings)
        partitions = await partitions_of(settings, topic)
        if not partitions:
            checkup.tell(
                "wrong",
                f"Kafka 中没有主题 {topic}",
                f"there is no topic {topic}",
                "liandan migrate",
                "creates it",
            )
            return None
        reader = new_reader(settings)
        try:
            await reader.start()
            ends = await reader.end_offsets([TopicPartition(topic, p) for p in partitions])
        finally:
            await reader.stop()
    except AWAY as error:
        checkup.tell(
            "wrong",
            f"Kafka {settings.kafka_bootstrap} 不可用",
            f"Kafka is away: {quote(error)}",
            "检查 LIANDAN_KAFKA_BOOTSTRAP；本地环境请看 logs/kafka.log",
            "check LIANDAN_KAFKA_BOOTSTRAP; a local stack tells why in logs/kafka.log",
        )
        return None
    found = {tp.partition: end for tp, end in ends.items()}
    checkup.tell(
        "ok",
        f"Kafka {settings.kafka_bootstrap}",
        f"cluster {cluster}, {topic}: {len(found)} partitions, {sum(found.values())} records",
    )
    return found


async def check_postgres(checkup: Checkup, settings: Settings, ends: Ends | None) -> None:
    """Look at positions, queues and quarantine with role reader."""
    try:
        connection = await asyncpg.connect(settings.database_reader, timeout=5)
    except AWAY as error:
        checkup.tell(
            "wrong",
            "Postgres 不可用",
            f"Postgres is away: {quote(error)}",
            "检查 LIANDAN_DATABASE_…；本地环境请看 logs/postgres.log",
            "check LIANDAN_DATABASE_…; a local stack tells why in logs/postgres.log",
        )
        return
    try:
        checkup.tell("ok", "Postgres", settings.database_reader.rpartition("@")[2])
        try:
            await require_schema(connection)
            checkup.tell("ok", f"数据库结构 {program_schema():04d}", "the schema of this program")
        except SchemaUnfit as unfit:
            checkup.tell("wrong", unfit.sentence_zh, unfit.sentence_en, unfit.cure, "")
            return
        await _check_queues(checkup, connection)
        for topic, its in (ends or {}).items():
            rows = await connection.fetch(_POSITIONS, topic)
            check_positions(checkup, rows, its, topic)
            await _check_log(checkup, connection, settings, topic, its)
    except AWAY as error:
        checkup.tell("wrong", "Postgres 中断", f"Postgres went away: {quote(error)}")
    finally:
        await connection.close(timeout=2)


def check_positions(
    checkup: Checkup,
    rows: list[Any],
    ends: Mapping[int, int],
    topic: str = MANIFEST_TOPIC,
) -> None:
    """Compare each consumer's positions with the ends of the log.

    The archive of vehicles is behind by a file, which is closed when it is large or old enough.
    """
    checkup.head(f"进度 {topic}", "how far behind")
    now = datetime.now(UTC)
    table = Table.grid(padding=(0, 3, 0, 2))
    still = []
    for consumer, zh in _CONSUMERS:
        at = {row["partition"]: row for row in rows if row["consumer"] == consumer}
        behind = {p: end - (at[p]["next_offset"] if p in at else 0) for p, end in ends.items()}
        lag = sum(max(0, n) for n in behind.values())
        by_files = topic == TRACKS_TOPIC and consumer == "archiver"
        stuck = [
            p
            for p, n in behind.items()
            if n > 0
            and not by_files
            and (p not in at or (now - at[p]["updated_at"]).total_seconds() > _STILL_S)
        ]
        each = " ".join(
            f"{p}:{at[p]['next_offset'] if p in at else 0}/{ends[p]}" for p in sorted(ends)
        )
        style = "bold red" if stuck else "yellow" if lag else "green"
        shown = Text(f"落后 {lag} behind", style)
        table.add_row(
            Text("✗" if stuck else "✓", style), f"{zh} {consumer}", shown, Text(each, "dim")
        )
        if stuck:
            still.append((consumer, stuck))
    checkup.console.print(table)
    for consumer, partitions in still:
        names = ", ".join(map(str, partitions))
        checkup.tell(
            "wrong",
            f"{consumer} 在分区 {names} 停滞不前",
            f"{consumer} does not move in partition {names}",
            f"确认 {consumer} 进程在运行，并看它的日志",
            f"see that the {consumer} process runs, and read its log",
        )


async def _check_queues(checkup: Checkup, connection: Any) -> None:
    state = await read_line_state(connection)
    waiting = state.dirty + state.rejudge + state.vehicles
    pages = state.registry_head - state.registry_pager
    checkup.tell(
        "note" if waiting or pages else "ok",
        f"登记序号 {state.registry_head}，待分发 {pages}，待重判 {waiting}",
        f"registry sequence, changes to page, subjects to judge again ({state.dirty} shared, {state.vehicles} of vehicles)",
    )
    checkup.tell(
        "ok",
        f"有效告警 {state.alerts_open}，待发 {state.outbox}",
        "open alerts, outbox rows to send",
    )
    reasons = await connection.fetch(_QUARANTINE)
    if reasons:
        told = ", ".join(f"{row['reason']} {row['n']}" for row in reasons)
        checkup.tell("note", f"隔离 {state.quarantined} 条", f"quarantine: {told}")
    else:
        checkup.tell("ok", "隔离 0 条", "nothing in quarantine")
    await check_courier(checkup, connection)


async def _check_log(
    checkup: Checkup, connection: Any, settings: Settings, topic: str, ends: Mapping[int, int]
) -> None:
    """Compare the log with what each consumer has read of it."""
    rows = await connection.fetch(
        "SELECT DISTINCT consumer, cluster_id FROM consumer_offset WHERE topic = $1", topic
    )
    for row in rows:
        table = OffsetTable(row["consumer"], topic, row["cluster_id"])
        positions = await table.read(connection, list(ends))
        try:
            await verify_log(
                settings,
                topic,
                positions,
                consumer=row["consumer"],
                cluster_id=row["cluster_id"],
            )
        except LogBroken as broken:
            checkup.tell("wrong", broken.sentence_zh, broken.sentence_en, broken.cure, "")
        except AWAY as error:
            checkup.tell("wrong", "Kafka 中断", f"Kafka went away: {quote(error)}")
