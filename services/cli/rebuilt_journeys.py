"""Journeys of ``liandan rebuild --check``: judged again by the archived files of vehicles' positions.

Only files that are what was archived are read. Of positions those of one vehicle are in memory at a time.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from schemas.alert import Alert
from schemas.fast import NotUnderstood
from schemas.topics import MANIFEST_TOPIC, TRACKS_TOPIC
from services.cli.track_files import Fault, compare, files_between, records_by_plate
from services.cli.track_statements import statement_of
from streams.judging.facts import Facts
from streams.judging.packing import judged_outcomes
from streams.judging.rebuilt import State
from streams.judging.registry import RegistryView
from streams.judging.rules import RuleBook
from streams.judging.tracks.again import Span, Stood, Told, judge_again
from streams.judging.tracks.leg import packed, unpacked
from streams.judging.tracks.loading import legs_of
from streams.judging.tracks.piece import unpacked_piece
from streams.judging.tracks.places import Places
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.said import TrackStatement

__all__ = ["Compared", "Legs", "compare_journeys"]

_SOON = timedelta(minutes=10)
"""A record reaches the log so long after the gateway received it, at most."""

_CLOCK = """
SELECT CASE WHEN bool_and(clock IS NOT NULL) THEN min(clock) END FROM consumer_offset
WHERE consumer = 'judge' AND topic = ANY ($1::text[])
"""
_POSITIONS = """
SELECT j.partition, j.next_offset AS judged, coalesce(a.next_offset, 0) AS archived, a.clock
FROM consumer_offset j LEFT JOIN consumer_offset a
    ON a.consumer = 'archiver' AND a.topic = j.topic AND a.partition = j.partition
WHERE j.consumer = 'judge' AND j.topic = $1
"""
_FILES = "SELECT name, sha256 FROM track_file WHERE topic = $1 ORDER BY name"
_PLATES = "SELECT plate FROM journey UNION SELECT plate FROM track_piece"
_ALERTS = """
SELECT subject, body::text AS body FROM alert
WHERE state = 'open' AND split_part(subject, '/', 1) IN ('trip', 'plate')
"""
_STOOD = """
SELECT subject, begins, ends, NULL AS verdict, outcomes::text AS outcomes,
    coalesce(due <= $2, false) AS due
FROM journey WHERE plate = $1
"""
_KNOWN = """
SELECT (SELECT forgotten_until FROM vehicle_known WHERE plate = $1) AS forgotten_until,
    EXISTS (SELECT FROM vehicle_dirty WHERE plate = $1) AS dirty
"""
_PIECES = "SELECT positions FROM track_piece WHERE plate = $1"
_alert = msgspec.json.Decoder(Alert)

_Ref = tuple[str, str]
"""An event and its digest."""


class Legs:
    """What the manifests of a log say of their vehicles, some 500 bytes each."""

    def __init__(self, view: RegistryView) -> None:
        self._view = view
        self._packed: dict[str, list[bytes]] = defaultdict(list)

    def name(self, facts: Facts) -> None:
        """Take note of the vehicles that a manifest names."""
        for leg in legs_of(facts, self._view):
            self._packed[leg.plate].append(packed(leg))

    @property
    def plates(self) -> set[str]:
        """Those that are named more than once: one manifest alone contradicts nothing."""
        return {plate for plate, legs in self._packed.items() if len(legs) > 1}

    def of(self, plate: str) -> list[Any]:
        """Return a vehicle's part in all manifests."""
        return [unpacked(raw) for raw in self._packed.get(plate, ())]


class Compared(NamedTuple):
    """What was judged again, and what cannot be told."""

    journeys: int
    """Journeys and days of vehicles, those of ``untold`` not among them."""
    records: int
    files: int
    """Those that are what was archived."""
    faults: Sequence[Fault]
    """Those that are not, and those that are not on record and were not read."""
    untold: Mapping[str, int]
    """Journeys and days by why they are not compared (``UNTOLD``)."""

    @property
    def broken(self) -> bool:
        """Whether part of the record itself is missing or altered."""
        return bool(self.untold.get("lost")) or any(f.what != "unrecorded" for f in self.faults)


async def compare_journeys(
    connection: Any,
    directory: Path,
    legs: Legs,
    places: Places,
    view: RegistryView,
    book: RuleBook,
    states: tuple[State, State],
) -> Compared:
    """Take all vehicles into the states in force and rebuilt, in the caller's snapshot. Raises Failure."""
    recorded = await connection.fetch(_FILES, TRACKS_TOPIC)
    there = files_between(directory, None, None, timedelta(0))
    faults = compare(directory, recorded, there)
    wrong = {fault.file for fault in faults}
    sound = [row["name"] for row in recorded if row["name"] not in wrong]
    vehicles = _Vehicles(connection, legs, places, view, book, states)
    await vehicles.begin()
    seen, records = set[str](), 0
    by_plate = groupby(records_by_plate(directory, sound), key=lambda record: record.plate or "")
    for plate, some in by_plate:
        said = []
        for record in some:
            records += 1
            try:
                statement = statement_of(record)
            except NotUnderstood:
                continue  # the stream set it aside, too
            if statement.plate == plate:  # else it came under another's key
                said.append((record.partition, statement))
        seen.add(plate)
        await vehicles.compare(plate, said)
    for plate in sorted((legs.plates | vehicles.plates) - seen):
        await vehicles.compare(plate, [])
    return Compared(vehicles.compared, records, len(sound), faults, vehicles.untold)


class _Vehicles:
    """Compares one vehicle after the other."""

    def __init__(
        self,
        connection: Any,
        legs: Legs,
        places: Places,
        view: RegistryView,
        book: RuleBook,
        states: tuple[State, State],
    ) -> None:
        self._connection, self._legs, self._places = connection, legs, places
        self._view, self._book = view, book
        self._live, self._rebuilt = states
        self._clock: datetime | None = None
        self._judged: dict[int, int] = {}
        self._archived_to: float | None = None
        """Seconds since 1970: what came later may be in no file yet; None: all that is judged is."""
        self._alerts: dict[str, dict[str, list[Alert]]] = defaultdict(lambda: defaultdict(list))
        """Those open, by plate and subject."""
        self.plates: set[str] = set()
        """Vehicles of which something is in force."""
        self.compared = 0
        self.untold = Counter[str]()

    async def begin(self) -> None:
        """Read what is of no single vehicle."""
        fetch = self._connection.fetch
        topics = [MANIFEST_TOPIC, TRACKS_TOPIC]
        self._clock = await self._connection.fetchval(_CLOCK, topics)
        for row in await fetch(_POSITIONS, TRACKS_TOPIC):
            self._judged[row["partition"]] = row["judged"]
            if row["archived"] < row["judged"]:
                to = 0.0 if row["clock"] is None else (row["clock"] - _SOON).timestamp()
                self._archived_to = min(to, self._archived_to or to)
        self.plates = {row["plate"] for row in await fetch(_PLATES)}
        async for row in self._connection.cursor(_ALERTS, prefetch=2000):
            plate = row["subject"].split("/")[1]
            self._alerts[plate][row["subject"]].append(_alert.decode(row["body"]))
        self.plates |= set(self._alerts)

    async def compare(self, plate: str, said: Sequence[tuple[int, TrackStatement]]) -> None:
        """Judge a vehicle again by its records, each with its partition."""
        rows = await self._connection.fetch(_STOOD, plate, self._clock)
        known = await self._connection.fetchrow(_KNOWN, plate)
        positions: dict[str, Positions] = defaultdict(Positions)
        for _, each in said:
            positions[each.unit].add(
                each.positions, each.received_us, str(each.ref), each.ref.digest
            )
        told = Told(
            plate,
            self._legs.of(plate),
            positions,
            {
                row["subject"]: Stood(
                    row["begins"], row["ends"], judged_outcomes(row), waiting=row["due"]
                )
                for row in rows
            },
            self._alerts.get(plate, {}),
            [*await self._spans(plate, said), *([_ALWAYS] if known["dirty"] else [])],
            known["forgotten_until"] or 0,
        )
        again = judge_again(told, self._places, self._view, self._clock, self._book)
        self._live.join(again.live)
        self._rebuilt.join(again.rebuilt)
        self.compared += len({*again.live.verdicts, *again.rebuilt.verdicts})
        self.untold.update(again.untold.values())

    async def _spans(self, plate: str, said: Sequence[tuple[int, TrackStatement]]) -> list[Span]:
        """Return the times of positions that are in the files and not in the database, and of the others."""
        held: dict[_Ref, list[tuple[int, int, int]]] = defaultdict(list)
        for row in await self._connection.fetch(_PIECES, plate):
            for batch in unpacked_piece(row["positions"]).batches:
                held[batch.ref, batch.digest].append((batch.first, batch.last, batch.received))
        found, filed = list[Span](), set[_Ref]()
        for partition, each in said:
            ref = str(each.ref), each.ref.digest
            filed.add(ref)
            if each.offset >= self._judged.get(partition, 0) and ref not in held and each.positions:
                times = [int(p.at.timestamp()) for p in each.positions]
                found.append(Span(min(times), max(times), "waiting"))
        for ref, batches in held.items():
            if ref not in filed:
                first, last, received = zip(*batches, strict=True)
                newer = self._archived_to is not None and max(received) >= self._archived_to
                found.append(Span(min(first), max(last), "newer" if newer else "lost"))
        return found


_ALWAYS = Span(-(10**12), 10**12, "waiting")
"""Something of the vehicle is to be judged yet."""
