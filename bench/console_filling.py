"""A year of a nation in the console's tables: a judged world copied by SQL, with numbers of its own."""

from typing import Any

import asyncpg
import msgspec

from streams.judging.packing import read_events, stored_outcomes

__all__ = ["multiply"]

_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position
"""
# The copies of each manifest: another serial in its number, the same length, so that the events,
# which are stored as bytes, can be rewritten in place.
_NAMES = """
CREATE UNLOGGED TABLE bench_name AS
SELECT m.subject AS old, k, left(m.subject, -6)
    || lpad((row_number() OVER (ORDER BY k, m.subject))::text, 6, '0') AS new
FROM manifest m CROSS JOIN generate_series(1, $1) AS k
"""
_BYTES = "decode(replace(encode({0}, 'hex'), encode(n.old::bytea, 'hex'), encode(n.new::bytea, 'hex')), 'hex')"
_ALERTS = """
CREATE UNLOGGED TABLE bench_alert AS
SELECT a.id AS old, gen_random_uuid() AS new, a.subject AS old_subject, n.k,
    coalesce(n.new, split_part(a.subject, '/', 1) || '/' || split_part(a.subject, '/', 2) || '.' || n.k
        || substr(a.subject, length(split_part(a.subject, '/', 1) || split_part(a.subject, '/', 2)) + 2)
    ) AS new_subject
FROM alert a JOIN LATERAL (
    SELECT k, new FROM bench_name WHERE old = a.subject
    UNION ALL SELECT k, NULL FROM generate_series(1, $1) AS k WHERE a.scope = 'shared'
) AS n ON true
"""
_BODY = "replace(replace({0}::text, n.old::text, n.new::text), n.old_subject, n.new_subject)::jsonb"
_AGE = "n.k * interval '41 hours'"


async def multiply(migrator: str, copies: int) -> dict[str, int]:
    """Copy all manifests, draws, limits and alerts of the database; return the rows of each table.

    Every third alert is taken up. Copies lie in the past, each some hours farther back.
    """
    connection = await asyncpg.connect(migrator)
    try:
        async with connection.transaction():
            await _unpack(connection)
            await connection.execute(_NAMES.replace("$1", str(copies)))
            await connection.execute(_ALERTS.replace("$1", str(copies)))
            await _copy(
                connection,
                "manifest",
                "JOIN bench_name n ON t.subject = n.old",
                subject="n.new",
                events=_BYTES.format("t.events"),
                outcomes="replace(t.outcomes::text, n.old, n.new)::json",
                aliases="'{}'::text[]",
                act_at=f"t.act_at - {_AGE}",
            )
            await _copy(
                connection, "draw", "JOIN bench_name n ON t.manifest = n.old", manifest="n.new"
            )
            await _copy(
                connection,
                "shared_subject",
                "JOIN (SELECT DISTINCT old_subject, new_subject FROM bench_alert) n"
                " ON t.subject = n.old_subject AND t.subject LIKE '%/%'",
                subject="n.new_subject",
            )
            await _copy(
                connection,
                "alert",
                "JOIN bench_alert n ON t.id = n.old",
                id="n.new",
                subject="n.new_subject",
                body=_BODY.format("t.body"),
                act_at=f"t.act_at - {_AGE}",
                opened_at=f"t.opened_at - {_AGE}",
                changed_at=f"t.changed_at - {_AGE}",
            )
            await _copy(
                connection,
                "alert_history",
                "JOIN bench_alert n ON t.id = n.old",
                id="n.new",
                body=_BODY.format("t.body"),
                written_at=f"t.written_at - {_AGE}",
            )
            await _copy(
                connection,
                "feed",
                "JOIN bench_alert n ON t.alert_id = n.old",
                feed_seq="(SELECT max(feed_seq) FROM feed) + row_number() OVER ()",
                alert_id="n.new",
                payload=_BODY.format("t.payload"),
            )
            await connection.execute(
                "INSERT INTO alert_case (alert_id, state, version)"
                " SELECT new, 'acknowledged', 1 FROM bench_alert WHERE k % 3 = 0"
            )
            await connection.execute(
                "INSERT INTO case_event (alert_id, version, login, name, action, note, revision, form_token)"
                " SELECT new, 1, 'officer1', '示例人员', 'acknowledged', '已通知县局现场核查', 1, new::text"
                " FROM bench_alert WHERE k % 3 = 0"
            )
            await connection.execute("DROP TABLE bench_name, bench_alert")
        counts = {}
        for table in ("manifest", "draw", "alert", "alert_history", "feed", "alert_case"):
            await connection.execute(f"VACUUM (ANALYZE) {table}")
            counts[table] = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
        return counts
    finally:
        await connection.close()


async def _copy(connection: Any, table: str, join: str, **changed: str) -> None:
    columns = [row[0] for row in await connection.fetch(_COLUMNS, table)]
    values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t {join}"  # noqa: S608
        " ON CONFLICT DO NOTHING",
        timeout=600,
    )


async def _unpack(connection: Any) -> None:
    """Write the manifests plainly, so that SQL can rewrite their bytes; every reader takes both."""
    rows = await connection.fetch(
        "SELECT subject, events, verdict, outcomes::text FROM manifest WHERE verdict IS NOT NULL"
    )
    await connection.executemany(
        "UPDATE manifest SET events = $2, outcomes = $3, verdict = NULL WHERE subject = $1",
        [
            (
                row["subject"],
                msgspec.msgpack.encode(read_events(row["events"])),
                msgspec.json.encode(stored_outcomes(row)).decode(),
            )
            for row in rows
        ],
    )
