"""Vehicles: judged by any worker of theirs, some dozen of them a transaction.

READ COMMITTED: what this transaction does not see has its own dirty row still standing, so its vehicle comes
round again. Judging is that of files (``streams/judging/tracks``), over the journeys and days that the dirty
times bear on; what is loaded is what can bear on those.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from infra.runtime.settings import MANIFEST_TOPIC
from schemas.instant import china_day
from schemas.registry import Fence
from streams.alert_rows import write_shared
from streams.judging.alerts import Parties
from streams.judging.decision import LimitDecision, Memo, decide_outcomes
from streams.judging.packing import outcomes_json
from streams.judging.registry import (
    RegistryView,
    calendar_mark,
    carrier_mark,
    party_mark,
    plate_mark,
)
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.tracks.drive import REACH_S
from streams.judging.tracks.journey import (
    LONGEST_S,
    PlateDay,
    day_window,
    days_of_legs,
    legs_near,
    rides_of,
)
from streams.judging.tracks.judge import JudgedJourney, judge_plate_day, judge_trip
from streams.judging.tracks.leg import Leg, unpacked
from streams.judging.tracks.piece import joined, unpacked_piece
from streams.judging.tracks.places import Places
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.segments import instant
from streams.judging.tracks.vehicle import Vehicle, entitled_to
from streams.marked import MARKED_PLATES, PROMPT, Judged, judge_marked
from streams.postgres_state import PostgresState
from streams.track_batch import PieceKey, write_pieces

__all__ = [
    "DUE_JOURNEYS",
    "fire_journeys",
    "forget_positions",
    "judge_dirty_vehicles",
    "judge_vehicles",
]

_DAY = 86_400
_MOST_PIECES = 4
"""Of one vehicle, unit and day; beyond it they are made one."""
_LEGS_BEFORE = 62 * _DAY
"""Manifests begun so long before are looked at (``journey.legs_near``)."""
_FIRST, _LAST = 0, 253_000_000_000
"""Positions may say any year; those outside 1970 to 9987 bear on nothing."""

PlacesOf = Callable[[Sequence[Fence]], Places]

_LOCK = """
SELECT p FROM unnest($1::text[]) p
WHERE pg_try_advisory_xact_lock(hashtextextended('vehicle/' || p, 0))
"""
_LEGS = """
SELECT l.plate, l.leg FROM unnest($1::text[], $2::bigint[], $3::bigint[]) t (plate, since, until)
JOIN vehicle_leg l ON l.plate = t.plate AND l.begins >= t.since AND l.begins <= t.until
"""
_PIECES = """
SELECT p.id, p.plate, p.day, p.unit, p.positions
FROM unnest($1::text[], $2::integer[], $3::integer[]) t (plate, since, until)
JOIN track_piece p ON p.plate = t.plate AND p.day BETWEEN t.since AND t.until ORDER BY p.id
"""
_EXTENT = """
SELECT plate, min(day) AS since, max(day) AS until FROM track_piece WHERE plate = ANY ($1::text[])
GROUP BY plate
"""
_STOOD = """
SELECT j.subject, j.plate, j.begins, j.ends, j.memo, j.due, j.fires_at, j.fired_at
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) t (plate, since, until)
JOIN journey j ON j.plate = t.plate AND j.ends >= t.since AND j.begins <= t.until
ORDER BY j.subject FOR UPDATE OF j
"""
_ROW = """
INSERT INTO journey (subject, plate, begins, ends, origin_region, destination_region, marks, outcomes, memo,
    due, fires_at, fired_at, registry_seq, clock)
SELECT subject, plate, begins, ends, origin, destination, string_to_array(marks, ' '), outcomes::json, memo,
    due, fires, fired, $1, $2
FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::bytea[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[])
    AS t (subject, plate, begins, ends, origin, destination, marks, outcomes, memo, due, fires, fired)
ON CONFLICT (subject) DO UPDATE SET
    begins = excluded.begins, ends = excluded.ends, origin_region = excluded.origin_region,
    destination_region = excluded.destination_region, marks = excluded.marks,
    outcomes = excluded.outcomes, memo = excluded.memo, due = excluded.due,
    fires_at = excluded.fires_at, fired_at = excluded.fired_at, registry_seq = excluded.registry_seq,
    clock = excluded.clock, updated_at = clock_timestamp()
"""
_CLOCK = """
SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset
WHERE consumer = $1 AND topic = ANY ($2::text[])
"""
DUE_JOURNEYS = "SELECT coalesce(min(fires_at) <= $1, false) FROM journey"
_FIRE = """
WITH fired AS (
    UPDATE journey SET fires_at = NULL, fired_at = greatest(fired_at, $1)
    WHERE subject = ANY (ARRAY(SELECT subject FROM journey WHERE fires_at <= $1 ORDER BY fires_at
        LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING plate, begins, ends, due
)
INSERT INTO vehicle_dirty (plate, begins, ends, leg, fired)
SELECT plate, begins, ends, false, due > $1 - $3::interval FROM fired
RETURNING id
"""
_FORGET = """
WITH gone AS (
    DELETE FROM track_piece WHERE id = ANY (ARRAY(SELECT id FROM track_piece
        WHERE written_at < clock_timestamp() - make_interval(days => $1) ORDER BY written_at LIMIT 20000))
    RETURNING plate, day
)
INSERT INTO vehicle_known AS k (plate, forgotten_until)
SELECT plate, (max(day) + 1) * 86400::bigint FROM gone GROUP BY plate ORDER BY plate
ON CONFLICT (plate) DO UPDATE SET forgotten_until = greatest(k.forgotten_until, excluded.forgotten_until)
"""


class _Row(NamedTuple):
    """What stands of a journey or day."""

    begins: int = 0
    ends: int = 0
    memo: Memo = Memo()
    due: datetime | None = None
    fires_at: datetime | None = None
    fired_at: datetime | None = None


class _Known(NamedTuple):
    """Whose word on a vehicle's positions counts; before which second positions were forgotten."""

    units: set[str]
    forgotten_until: int


class _Touched(NamedTuple):
    """The time of a vehicle that something new bears on; ``rides``: on whose journeys, which is wider."""

    begins: int
    ends: int
    rides: int

    def joined(self, other: "_Touched") -> "_Touched":
        """Return the time from the earlier beginning to the later end."""
        least = min(self.begins, other.begins), max(self.ends, other.ends)
        return _Touched(*least, min(self.rides, other.rides))


class _Subject(NamedTuple):
    """A journey or day, with what it was judged to be, None where nothing of it is left."""

    subject: str
    plate: str
    begins: int
    ends: int
    judged: JudgedJourney | None


async def fire_journeys(
    state: PostgresState, most: int = 500, *, beside: str = MANIFEST_TOPIC
) -> int:
    """Have the rules of journeys whose deadline has come see the clock; return how many.

    ``beside``: the topic of manifests, whose clock counts as well.
    """
    async with state.pool.acquire() as connection:
        clock = await _clock(connection, state, beside)
        return len(await connection.fetch(_FIRE, clock, most, PROMPT)) if clock is not None else 0


async def forget_positions(pool: asyncpg.Pool, keep_days: int) -> None:
    """Drop positions that came longer ago: verdicts stay, and the files of the record have them for ever.

    What rests on them is closed by it: nothing told later judges it again.
    """
    async with pool.acquire() as connection:
        while await connection.execute(_FORGET, keep_days) != "INSERT 0 0":
            pass


async def judge_dirty_vehicles(
    state: PostgresState,
    view: RegistryView,
    places: PlacesOf,
    book: RuleBook = RULE_BOOK,
    *,
    beside: str = MANIFEST_TOPIC,
    fired: bool = False,
) -> Judged:
    """Judge one group of those that something new bears on, oldest first; or whose deadline has ``fired``."""
    return await judge_marked(
        state.pool,
        MARKED_PLATES,
        lambda plates: judge_vehicles(state, plates, view, places, book, beside=beside),
        fired=fired,
    )


async def judge_vehicles(
    state: PostgresState,
    plates: Sequence[str],
    view: RegistryView,
    places: PlacesOf,
    book: RuleBook = RULE_BOOK,
    *,
    beside: str = MANIFEST_TOPIC,
) -> Judged:
    """Judge the dirty times of vehicles, but for those that another worker is at."""
    async with state.shared() as tx:
        connection = tx.connection
        # 1. The registry as it stands, held until commit: no verdict at n commits after n + 1.
        seq, changes = await tx.registry_since(view.seq)
        view.apply(changes)
        view.seq = max(view.seq, seq)
        # 2. Each vehicle alone, and which of its times are dirty.
        locked = [row["p"] for row in await connection.fetch(_LOCK, plates)]
        dirty = await connection.fetch(
            "DELETE FROM vehicle_dirty WHERE plate = ANY ($1::text[]) RETURNING plate, begins, ends, leg",
            locked,
        )
        touched: dict[str, _Touched] = {}
        for row in dirty:
            begins, ends = (max(_FIRST, min(row[name], _LAST)) for name in ("begins", "ends"))
            part = _Touched(begins, ends, begins - LONGEST_S if row["leg"] else begins)
            other = touched.get(row["plate"])
            touched[row["plate"]] = part if other is None else other.joined(part)
        if not touched:
            return Judged(0, [])
        # 3. In later statements: whose word counts, and what was said in those times and around them.
        known = await _known(connection, touched, view)
        rows = await _stood(connection, touched)
        legs = await _legs(connection, touched, rows)
        spans = {plate: _span(span, legs[plate], rows[plate]) for plate, span in touched.items()}
        told = await _positions(connection, spans)
        # 4. Verdicts, alerts, deadlines.
        clock = await _clock(connection, state, beside)
        known_places = places(view.fences())
        decisions: list[LimitDecision] = []
        written: list[tuple[Any, ...]] = []
        for plate, span in touched.items():
            stood = rows[plate]
            vehicle = None
            if told.get(plate):
                vehicle = Vehicle(
                    plate, legs[plate], told[plate], known_places, view, known[plate].units
                )
            for one in _judged(plate, span, legs[plate], vehicle, stood, view, book):
                if one.begins < known[plate].forgotten_until:
                    continue
                before = stood.get(one.subject, _Row())
                decision = _decided(one, before, book)
                decisions.append(decision)
                written.append(_row(one, decision, before, view, legs[plate], clock, state.settle))
        await _write(connection, decisions, written, seq, clock)
        return Judged(len(touched), decisions)


def _judged(
    plate: str,
    span: _Touched,
    legs: Sequence[Leg],
    vehicle: Vehicle | None,
    stood: Mapping[str, _Row],
    view: RegistryView,
    book: RuleBook,
) -> Iterable[_Subject]:
    """Yield the journeys and days that a time bears on, those of which nothing is left among them."""
    left = {
        subject: row
        for subject, row in stood.items()
        if row.ends >= (span.rides if subject.startswith("trip/") else span.begins)
        and row.begins <= span.ends
    }
    for ride in rides_of(legs):
        begins, ends = ride.window
        if ends < span.rides or begins > span.ends:
            continue
        trip = vehicle.trip(ride) if vehicle is not None else None
        if trip is None:
            continue
        left.pop(ride.subject, None)
        now = stood.get(ride.subject, _Row()).fired_at
        yield _Subject(ride.subject, plate, begins, ends, judge_trip(trip, view, now, book))
    inside = [leg for leg in legs if leg.begins <= span.ends and leg.ends >= span.begins]
    days = days_of_legs(legs) & days_of_legs(inside, least=1)
    if vehicle is not None:
        first, last = china_day(instant(span.begins)), china_day(instant(span.ends))
        days |= {day for day in vehicle.drive.days_in("generator") if first <= day <= last}
    days |= {_day_of(subject) for subject in left if subject.startswith("plate/")}
    for day in sorted(days):
        subject = f"plate/{plate}/{day}"
        facts = (
            vehicle.day(day) if vehicle is not None else PlateDay(plate, day, legs_near(legs, day))
        )
        known = left.pop(subject, None) or stood.get(subject)
        now = known.fired_at if known is not None else None
        judged = judge_plate_day(facts, view, now, book)
        if known is None and facts.track is None and not any(o.found for o in judged.outcomes):
            continue
        yield _Subject(subject, plate, *day_window(day), judged)
    for subject, row in sorted(left.items()):
        yield _Subject(subject, plate, row.begins, row.ends, None)


def _decided(one: _Subject, before: _Row, book: RuleBook) -> LimitDecision:
    judged = one.judged or JudgedJourney(one.subject, Parties(), ())
    return decide_outcomes(one.subject, judged.parties, judged.outcomes, before.memo, book)


_Write = tuple[Any, ...]


def _row(
    one: _Subject,
    decision: LimitDecision,
    before: _Row,
    view: RegistryView,
    legs: Sequence[Leg],
    clock: datetime | None,
    settle: timedelta,
) -> _Write:
    """Return the columns of ``_ROW`` from the third on."""
    due = one.judged.due if one.judged is not None else None
    fires = None
    if due is not None:
        armed = due if clock is None else max(due, clock + settle)
        fires = before.fires_at if before.due == due and before.fires_at is not None else armed
    return (
        one.subject,
        one.plate,
        one.begins,
        one.ends,
        decision.parties.origin_region,
        decision.parties.destination_region,
        " ".join(_marks(one, decision.parties, legs, view)),
        outcomes_json(decision.outcomes).decode(),
        msgspec.msgpack.encode(decision.memo),
        due,
        fires,
        before.fired_at,
    )


def _marks(one: _Subject, parties: Parties, legs: Sequence[Leg], view: RegistryView) -> list[str]:
    """Return what registry changes look for: units, the vehicle and who carries with it, the years."""
    carriers = entitled_to(one.plate, {leg.carrier for leg in legs}, view)
    units = {unit for unit in (parties.consignor, parties.receiver) if unit is not None}
    years = range(china_day(instant(one.begins)).year, china_day(instant(one.ends)).year + 1)
    return sorted(
        {
            plate_mark(one.plate),
            *(one.judged.marks if one.judged is not None else ()),
            *map(party_mark, units | carriers),
            *map(carrier_mark, carriers),
            *map(calendar_mark, years),
        }
    )


async def _write(
    connection: asyncpg.Connection,
    decisions: Sequence[LimitDecision],
    written: Sequence[_Write],
    seq: int,
    clock: datetime | None,
) -> None:
    if not written:
        return
    await connection.execute(_ROW, seq, clock, *_columns(written))
    await write_shared(connection, decisions, seq, clock)


async def _known(
    connection: asyncpg.Connection, touched: dict[str, _Touched], view: RegistryView
) -> dict[str, _Known]:
    """Return whose word counts of each vehicle. Where that is news, all that is known of it is touched."""
    plates = list(touched)
    rows = await connection.fetch(
        "SELECT DISTINCT plate, carrier FROM vehicle_leg WHERE plate = ANY ($1::text[])", plates
    )
    carriers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        carriers[row["plate"]].add(row["carrier"])
    now = {plate: entitled_to(plate, carriers[plate], view) for plate in plates}
    rows = await connection.fetch(
        "SELECT plate, units, forgotten_until FROM vehicle_known WHERE plate = ANY ($1::text[])",
        plates,
    )
    before = {row["plate"]: _Known(set(row["units"]), row["forgotten_until"]) for row in rows}
    known = {
        plate: before.get(plate, _Known(set(), 0))._replace(units=now[plate]) for plate in plates
    }
    news = [plate for plate in plates if plate not in before or before[plate] != known[plate]]
    if news:
        await connection.execute(
            "INSERT INTO vehicle_known (plate, units)"
            " SELECT plate, string_to_array(units, ' ') FROM unnest($1::text[], $2::text[]) t (plate, units)"
            " ON CONFLICT (plate) DO UPDATE SET units = excluded.units",
            news,
            [" ".join(sorted(now[plate])) for plate in news],
        )
        for row in await connection.fetch(_EXTENT, news):
            whole = row["since"] * _DAY, (row["until"] + 1) * _DAY
            touched[row["plate"]] = touched[row["plate"]].joined(_Touched(*whole, whole[0]))
    return known


async def _stood(
    connection: asyncpg.Connection, touched: Mapping[str, _Touched]
) -> dict[str, dict[str, _Row]]:
    """Return what stands of each vehicle in and around its time, by subject."""
    spans = [(plate, span.rides, span.ends) for plate, span in touched.items()]
    found: dict[str, dict[str, _Row]] = {plate: {} for plate in touched}
    for r in await connection.fetch(_STOOD, *_columns(spans)):
        found[r["plate"]][r["subject"]] = _Row(
            r["begins"],
            r["ends"],
            msgspec.msgpack.decode(r["memo"], type=Memo),
            r["due"],
            r["fires_at"],
            r["fired_at"],
        )
    return found


async def _legs(
    connection: asyncpg.Connection,
    touched: Mapping[str, _Touched],
    rows: Mapping[str, Mapping[str, _Row]],
) -> dict[str, list[Leg]]:
    spans = []
    for plate, span in touched.items():
        begins = min([span.rides, *(row.begins for row in rows[plate].values())])
        ends = max([span.ends, *(row.ends for row in rows[plate].values())])
        spans.append((plate, begins - _LEGS_BEFORE, ends + LONGEST_S))
    found: dict[str, list[Leg]] = {plate: [] for plate in touched}
    for row in await connection.fetch(_LEGS, *_columns(spans)):
        found[row["plate"]].append(unpacked(row["leg"]))
    return found


def _span(span: _Touched, legs: Sequence[Leg], rows: Mapping[str, _Row]) -> tuple[int, int]:
    """Return from when to when positions may bear on what a time bears on."""
    windows = [ride.window for ride in rides_of(legs)]
    windows = [w for w in windows if w[1] >= span.rides and w[0] <= span.ends]
    windows += [(row.begins, row.ends) for row in rows.values()]
    days = {china_day(instant(at)) for at in (span.begins, span.ends)}
    windows += [day_window(day) for day in days]
    return min(w[0] for w in windows), max(w[1] for w in windows)


async def _positions(
    connection: asyncpg.Connection, spans: Mapping[str, tuple[int, int]]
) -> dict[str, dict[str, Positions]]:
    """Return positions by plate and unit; where there are many pieces of a day they are made one."""
    asked = [
        (plate, (begins - REACH_S) // _DAY, (ends + REACH_S) // _DAY)
        for plate, (begins, ends) in spans.items()
    ]
    pieces: dict[PieceKey, list[tuple[int, Positions]]] = defaultdict(list)
    for row in await connection.fetch(_PIECES, *_columns(asked)):
        key = row["plate"], row["day"], row["unit"]
        pieces[key].append((row["id"], unpacked_piece(row["positions"])))
    many = {key: each for key, each in pieces.items() if len(each) > _MOST_PIECES}
    if many:
        ones = {key: joined(positions for _, positions in each) for key, each in many.items()}
        gone = [number for each in many.values() for number, _ in each]
        await connection.execute("DELETE FROM track_piece WHERE id = ANY ($1::bigint[])", gone)
        await write_pieces(connection, ones)
    found: dict[str, dict[str, Positions]] = defaultdict(dict)
    for (plate, _, unit), each in pieces.items():
        known = found[plate].setdefault(unit, Positions())
        for _, positions in each:
            known.merge(positions)
    return found


async def _clock(connection: Any, state: PostgresState, beside: str) -> datetime | None:
    """Return the least clock of manifests and positions: before it nothing of either is unread."""
    clock: datetime | None = await connection.fetchval(
        _CLOCK, state.offsets.consumer, [beside, state.offsets.topic]
    )
    return clock


def _day_of(subject: str) -> date:
    return date.fromisoformat(subject.rpartition("/")[2])


def _columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows, one at least, into columns, for ``unnest``."""
    return list(map(list, zip(*rows, strict=True)))
