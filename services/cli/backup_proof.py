"""Proving a backup: what came back is what was said, byte for byte and verdict for verdict."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from schemas.decode import decode_registry_record
from streams.judging.decision import Held, Memo, decide_manifest, unpack_events
from streams.judging.outcome import Outcome
from streams.judging.packing import judged_outcomes
from streams.judging.registry import RecordVersion, RegistryView

__all__ = ["Proof", "prove"]

_ALTERED = "SELECT count(*) FROM event_log WHERE sha256(raw) <> digest"
_MISCOUNTED = """
SELECT count(*) FROM (
    SELECT source, event_id, digest, count(*) AS copies FROM event_log
    WHERE receipt_id IS NOT NULL GROUP BY 1, 2, 3) AS log
FULL JOIN event_dedupe AS known USING (source, event_id, digest)
WHERE log.copies IS DISTINCT FROM known.copies
"""
_CHANGES = """
SELECT c.seq, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE c.seq > $1 AND c.seq <= $2 ORDER BY c.seq, r.ordinal
"""
# Always the same ones of the same database, and no neighbours.
_SAMPLE = """
SELECT subject, partition, events, outcomes::text AS outcomes, verdict, memo, registry_seq, clock
FROM (SELECT * FROM manifest ORDER BY hashtext(subject), subject LIMIT $1) AS taken
ORDER BY registry_seq, subject
"""
_ARCHIVED_TO = """
SELECT partition, next_offset FROM consumer_offset WHERE consumer = 'archiver' AND topic = 'manifest.events'
"""
_IN_LOG = """
SELECT count(*) FROM unnest($1::text[], $2::text[], $3::bytea[]) AS said (source, event_id, digest)
WHERE NOT EXISTS (SELECT FROM event_log l JOIN event_dedupe d USING (source, event_id, digest)
    WHERE (l.source, l.event_id, l.digest) = (said.source, said.event_id, said.digest))
"""


class Proof(NamedTuple):
    """What was looked at, and what was not as it should be."""

    events: int
    """Records of the log whose bytes were compared with their digests."""
    manifests: int
    """Manifests that were judged again."""
    other_rules: int
    """Outcomes of the sample by another version of their rule: not compared."""
    faults: tuple[tuple[str, str], ...]
    """What is wrong, in Chinese and in English."""


async def prove(dsn: str, sample: int) -> Proof:
    """Check a restored database of this program's schema; judge ``sample`` manifests again.

    Each manifest is judged as it was: from its events, with the registry and the clock of its
    stored verdict. Raises what asyncpg raises.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        faults = []
        events = await connection.fetchval("SELECT count(*) FROM event_log")
        if altered := await connection.fetchval(_ALTERED):
            faults.append(
                (
                    f"{altered} 条存档与其摘要不符",
                    f"{altered} archived records differ from their digest",
                )
            )
        if miscounted := await connection.fetchval(_MISCOUNTED):
            faults.append(
                (
                    f"{miscounted} 个事件的份数与存档不符",
                    f"{miscounted} known events are not as often in the archive as was counted",
                )
            )
        rows = await connection.fetch(_SAMPLE, sample)
        judged = await _judge_again(connection, rows)
        if judged.differ:
            told = ", ".join(judged.differ[:3])
            faults.append(
                (
                    f"{len(judged.differ)} 份联单重判结果不同：{told}",
                    f"{len(judged.differ)} manifests are judged otherwise than before: {told}",
                )
            )
        if judged.unknown:
            faults.append(
                (
                    f"{judged.unknown} 个已研判的事件不在存档中",
                    f"{judged.unknown} events that were judged are not in the archive",
                )
            )
    finally:
        await connection.close(timeout=5)
    return Proof(events, len(rows), judged.other_rules, tuple(faults))


class _Judged(NamedTuple):
    differ: list[str]
    unknown: int
    other_rules: int


async def _judge_again(connection: Any, rows: Sequence[Any]) -> _Judged:
    view, seq = RegistryView(), 0
    archived = dict(map(tuple, await connection.fetch(_ARCHIVED_TO)))
    differ, said, other_rules = [], [], 0
    for row in rows:
        if row["registry_seq"] > seq:
            changes = await connection.fetch(_CHANGES, seq, row["registry_seq"])
            view.apply(RecordVersion(c["seq"], decode_registry_record(c["body"])) for c in changes)
            view.seq = seq = row["registry_seq"]
        statements = unpack_events(row["events"])
        before = judged_outcomes(row)
        # What a deadline had to wait for is not to be seen in the events.
        fires = msgspec.msgpack.decode(row["memo"], type=Memo).fires
        now = _outcomes(row["subject"], Held(statements, Memo(fires=fires)), view, row["clock"])
        versions = {outcome.rule: outcome.version for outcome in now}
        same_rules = [o for o in before if versions.get(o.rule) == o.version]
        other_rules += len(before) - len(same_rules)
        known = {outcome.rule: outcome.version for outcome in before}
        again = [o for o in now if known.get(o.rule) == o.version]
        if set(map(_unexplained, same_rules)) != set(map(_unexplained, again)):
            differ.append(row["subject"])
        said += [
            s.ref for s in statements.values() if 0 <= s.offset < archived.get(row["partition"], 0)
        ]
    unknown = await connection.fetchval(
        _IN_LOG,
        [ref.source for ref in said],
        [ref.id for ref in said],
        [bytes.fromhex(ref.digest) for ref in said],
    )
    return _Judged(differ, unknown, other_rules)


def _unexplained(outcome: Outcome) -> Outcome:
    """Leave out what another program of the same rules may word otherwise, or did not tell yet."""
    return msgspec.structs.replace(outcome, severity="low", conditions=())


def _outcomes(
    subject: str, held: Held, view: RegistryView, clock: datetime | None
) -> tuple[Outcome, ...]:
    return decide_manifest(subject, held, (), view, clock).outcomes
