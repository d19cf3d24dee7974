"""The batch transaction of one partition on Postgres."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from infra.runtime.offsets import Fenced, OffsetTable, Position
from streams.alert_rows import write_alerts
from streams.judging.decision import Held, ManifestDecision, Memo, unpack_events
from streams.judging.outcome import Draw, Outcome
from streams.judging.packing import outcomes_json, pack_events, pack_outcomes
from streams.judging.state import FencedError, Quarantined
from streams.judging.statement import from_micros
from streams.judging.tracks.leg import packed
from streams.postgres_registry import HISTORY, RegistryMark, RegistryReader

__all__ = ["TAKE_DUE", "TAKE_REJUDGE", "PostgresBatch"]

_MANIFESTS = """
INSERT INTO manifest AS m (subject, partition, consignor, receiver, carriers, marks, aliases,
    origin_region, destination_region, events, state, act_at, outcomes, verdict, memo, registry_seq, clock)
SELECT subject, $2, consignor, receiver, string_to_array(carriers, ' '),
    string_to_array(marks, ' '), string_to_array(aliases, ' '), origin, destination, events, state,
    act_at, convert_from(outcomes, 'UTF8')::json, verdict, memo, $3, $4
FROM unnest($1::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::bytea[], $13::text[], $14::timestamptz[], $15::bytea[], $16::bytea[], $17::bytea[])
    AS t (subject, consignor, receiver, carriers, marks, aliases, origin, destination, events,
        state, act_at, outcomes, verdict, memo)
ON CONFLICT (subject) DO UPDATE SET
    consignor = excluded.consignor, receiver = excluded.receiver, carriers = excluded.carriers,
    marks = excluded.marks, aliases = excluded.aliases, origin_region = excluded.origin_region,
    destination_region = excluded.destination_region, events = excluded.events,
    state = excluded.state, act_at = excluded.act_at, outcomes = excluded.outcomes,
    verdict = excluded.verdict, memo = excluded.memo, registry_seq = excluded.registry_seq,
    clock = excluded.clock, updated_at = clock_timestamp()
"""

_DRAWS = """
INSERT INTO draw (limit_id, manifest, at, grams, state, uncertain, doubt, unweighed, several)
SELECT limit_id, manifest, at, grams, state, uncertain,
    CASE doubt WHEN 'several_limits' THEN 'conflicting_reports' ELSE doubt END, unweighed,
    doubt IS NOT DISTINCT FROM 'several_limits'
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::bigint[],
    $7::text[], $8::boolean[])
    AS t (limit_id, manifest, at, grams, state, uncertain, doubt, unweighed)
ON CONFLICT (limit_id, manifest) DO UPDATE SET
    at = excluded.at, grams = excluded.grams, state = excluded.state,
    uncertain = excluded.uncertain, doubt = excluded.doubt, unweighed = excluded.unweighed,
    several = excluded.several
"""

_LEGS = """
WITH told AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bytea[])
        AS t (manifest, plate, carrier, begins, ends, leg)
), before AS (
    SELECT l.plate, l.manifest, l.begins, l.ends, t.leg AS now FROM vehicle_leg l
    LEFT JOIN told t ON t.plate = l.plate AND t.manifest = l.manifest
    WHERE l.manifest = ANY ($1::text[]) AND t.leg IS DISTINCT FROM l.leg
), gone AS (
    DELETE FROM vehicle_leg l USING before b
    WHERE b.now IS NULL AND l.plate = b.plate AND l.manifest = b.manifest
), put AS (
    INSERT INTO vehicle_leg AS l (plate, manifest, carrier, begins, ends, leg)
    SELECT plate, manifest, carrier, begins, ends, leg FROM told
    ON CONFLICT (plate, manifest) DO UPDATE SET
        carrier = excluded.carrier, begins = excluded.begins, ends = excluded.ends, leg = excluded.leg
    WHERE l.leg <> excluded.leg
    RETURNING l.plate, l.begins, l.ends
)
INSERT INTO vehicle_dirty (plate, begins, ends, leg)
SELECT plate, begins, ends, true FROM before UNION ALL SELECT plate, begins, ends, true FROM put
"""

# By an array: a plan takes LIMIT $n for a tenth of the table, and IN would read the whole of it.
TAKE_REJUDGE = """
DELETE FROM rejudge WHERE id = ANY (ARRAY(SELECT id FROM rejudge WHERE partition = $1 ORDER BY id LIMIT $2))
RETURNING subject
"""
TAKE_DUE = """
DELETE FROM deadline WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM deadline WHERE partition = $1 AND fires_at <= $2 ORDER BY fires_at LIMIT $3))
RETURNING subject
"""

_ARM = """
INSERT INTO deadline (partition, subject, key, due, armed_at, fires_at)
SELECT $1, subject, key, due, $2, fires
FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    AS t (subject, key, due, fires)
ON CONFLICT (partition, subject, key) DO UPDATE SET
    due = excluded.due, armed_at = excluded.armed_at, fires_at = excluded.fires_at
"""

_QUARANTINE = """
INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, source, event_id,
    subject, raw, received_at)
SELECT $1, $2, $3, t.kafka_offset, t.reason, t.detail::jsonb, t.source, t.event_id, t.subject, t.raw,
    t.received_at
FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[],
    $11::timestamptz[]) AS t (kafka_offset, reason, detail, source, event_id, subject, raw, received_at)
ON CONFLICT DO NOTHING
"""


class PostgresBatch(RegistryReader):
    """Implements ``streams.judging.state.BatchPort``; ``position`` moves with ``advance``."""

    def __init__(
        self,
        connection: Any,
        offsets: OffsetTable,
        position: Position,
        settle: timedelta,
        registry: RegistryMark,
        *,
        small: bool,
    ) -> None:
        super().__init__(connection, registry)
        self._small = small
        self._offsets = offsets
        self._partition = position.partition
        self.settle = settle
        self.position = position

    async def advance(
        self, expected: int, next_offset: int, digest: bytes | None, clock: datetime | None
    ) -> datetime | None:
        """Check and move the stored offset; raises FencedError."""
        if expected != self.position.next_offset:
            raise FencedError(f"{self.position} is not at {expected}")
        try:
            self.position = await self._offsets.advance(
                self._connection,
                self.position,
                next_offset=next_offset,
                digest=digest,
                clock=clock,
            )
        except Fenced as e:
            raise FencedError(str(e)) from e
        return self.position.clock

    async def take_rejudge(self, most: int) -> set[str]:
        """Remove and return the partition's oldest orders."""
        rows = await self._connection.fetch(TAKE_REJUDGE, self._partition, most)
        return {row["subject"] for row in rows}

    async def take_due(self, clock: datetime, most: int) -> set[str]:
        """Remove the deadlines that have come, earliest first."""
        rows = await self._connection.fetch(TAKE_DUE, self._partition, clock, most)
        return {row["subject"] for row in rows}

    async def load(self, subjects: Collection[str]) -> dict[str, Held]:
        """Return what is held of the subjects, in one query."""
        if not subjects:
            return {}
        rows = await self._connection.fetch(
            "SELECT subject, events, memo FROM manifest WHERE subject = ANY ($1::text[])",
            list(subjects),
        )
        return {
            row["subject"]: Held(
                unpack_events(row["events"]), msgspec.msgpack.decode(row["memo"], type=Memo)
            )
            for row in rows
        }

    async def owners_of_aliases(self, subjects: Collection[str]) -> dict[str, str]:
        """Return alias to the number of the manifest that claims it."""
        rows = await self._connection.fetch(
            "SELECT subject, aliases FROM manifest"
            " WHERE aliases && $1::text[] AND aliases <> '{}' ORDER BY subject",
            list(subjects),
        )
        wanted = set(subjects)
        return {a: row["subject"] for row in rows for a in row["aliases"] if a in wanted}

    async def write(
        self,
        decisions: Sequence[ManifestDecision],
        quarantined: Sequence[Quarantined],
        seq: int,
        clock: datetime | None,
    ) -> None:
        """Write everything that the batch decided, each table in one statement."""
        if decisions:
            await self._write_manifests(decisions, seq, clock)
            await self._order_aliases(decisions, seq)
            await self._write_draws([draw for d in decisions for draw in d.draws])
            await self._write_history(decisions, seq, clock)
            await self._write_deadlines(decisions, clock)
            await self._write_legs(decisions)
            await write_alerts(self._connection, "manifest", decisions, seq, clock)
        if quarantined:
            await self._write_quarantine(quarantined)

    async def _write_manifests(
        self, decisions: Sequence[ManifestDecision], seq: int, clock: datetime | None
    ) -> None:
        columns = list(zip(*(_row(d, self._small) for d in decisions), strict=True))
        await self._connection.execute(
            _MANIFESTS, columns[0], self._partition, seq, clock, *columns[1:]
        )

    async def _order_aliases(self, decisions: Sequence[ManifestDecision], seq: int) -> None:
        """Have others look again at what was said under numbers that these manifests claim."""
        claimed = sorted({alias for d in decisions for alias in d.claimed_aliases})
        if claimed:
            await self._connection.execute(
                "INSERT INTO rejudge (partition, subject, seq) SELECT partition, subject, $2"
                " FROM manifest WHERE subject = ANY ($1::text[]) AND state = 'unfiled'",
                claimed,
                seq,
            )

    async def _write_draws(self, draws: Sequence[Draw]) -> None:
        if not draws:
            return
        limits, *columns = zip(*draws, strict=True)
        await self._connection.execute(_DRAWS, limits, *columns)
        # Plain rows, one a limit: a dirty flag by ON CONFLICT would lose wake-ups.
        await self._connection.execute(
            "INSERT INTO dirty (subject) SELECT unnest($1::text[])", sorted(set(limits))
        )

    async def _write_history(
        self, decisions: Sequence[ManifestDecision], seq: int, clock: datetime | None
    ) -> None:
        # A manifest that was never more than "not applicable" has no history worth a row.
        told = [d for d in decisions if _worth_telling(d.changed, d.held.memo)]
        if told:
            await self._connection.execute(
                HISTORY,
                [d.subject for d in told],
                seq,
                clock,
                *zip(*(_stored(d.changed, self._small) for d in told), strict=True),
            )

    async def _write_deadlines(
        self, decisions: Sequence[ManifestDecision], clock: datetime | None
    ) -> None:
        disarmed = [(d.subject, key) for d in decisions for key in d.disarm]
        if disarmed:
            await self._connection.execute(
                "DELETE FROM deadline d USING unnest($2::text[], $3::text[]) AS t (subject, key)"
                " WHERE d.partition = $1 AND d.subject = t.subject AND d.key = t.key",
                self._partition,
                *map(list, zip(*disarmed, strict=True)),
            )
        armed = [(d.subject, *deadline) for d in decisions for deadline in d.arm]
        if armed:
            await self._connection.execute(
                _ARM,
                self._partition,
                clock if clock is not None else max(fires for *_, fires in armed),
                *map(list, zip(*armed, strict=True)),
            )

    async def _write_legs(self, decisions: Sequence[ManifestDecision]) -> None:
        news = [d for d in decisions if d.legs is not None]
        if news:
            legs = [
                (leg.manifest, leg.plate, leg.carrier, leg.begins, leg.ends, packed(leg))
                for d in news
                for leg in d.legs or ()
            ]
            columns = list(map(list, zip(*legs, strict=True))) or [[]] * 6
            await self._connection.execute(_LEGS, [d.subject for d in news], *columns)

    async def _write_quarantine(self, rows: Sequence[Quarantined]) -> None:
        await self._connection.execute(
            _QUARANTINE,
            self._offsets.consumer,
            self._offsets.topic,
            self._partition,
            [q.offset for q in rows],
            [q.reason for q in rows],
            [msgspec.json.encode(q.detail).decode() for q in rows],
            [q.source for q in rows],
            [q.event_id for q in rows],
            [q.subject for q in rows],
            [q.raw for q in rows],
            [from_micros(q.received_us) for q in rows],
        )


def _row(d: ManifestDecision, small: bool) -> tuple[Any, ...]:
    moved = d.facts.moved
    aliases = d.facts.form.aliases if d.facts.filed is not None else ()
    return (
        d.subject,
        d.parties.consignor,
        d.parties.receiver,
        " ".join(sorted(d.facts.carriers)),
        " ".join(d.marks),
        " ".join(aliases),
        d.parties.origin_region,
        d.parties.destination_region,
        pack_events(d.held.statements.values(), small=small),
        d.facts.state,
        moved.at if moved is not None else None,
        *_stored(d.outcomes, small),
        msgspec.msgpack.encode(d.held.memo),
    )


def _stored(outcomes: Sequence[Outcome], small: bool) -> tuple[bytes | None, bytes | None]:
    """Return the columns ``outcomes`` and ``verdict``: one of them says it."""
    return (None, pack_outcomes(outcomes)) if small else (outcomes_json(outcomes), None)


def _worth_telling(changed: Sequence[Outcome], memo: Memo) -> bool:
    first = len(changed) == len(memo.outcomes)
    return bool(changed) and not (first and all(o.state == "not_applicable" for o in changed))
