"""The judge without a server: events of all families and registry from lines, findings back.

Events may come in any order and number: they are brought together by manifest (``spool``), and of a
judged manifest only its draws on limits and its alerts stay, both packed, unless its outcomes are asked for.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schemas.alert import Alert
from schemas.checks import Refusal
from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood, read_json
from schemas.instant import read_instant
from schemas.problems import Problem
from schemas.track import TRACK_TYPE
from streams.judging.alerts import AlertChange, alert_changes, manifest_parties
from streams.judging.decision import decide_limit
from streams.judging.draw_ledger import DrawLedger
from streams.judging.findings import find_in
from streams.judging.fold import fold
from streams.judging.judge import judge_manifest
from streams.judging.kept_alerts import KeptAlerts
from streams.judging.medical.judge import day_parties, judge_day
from streams.judging.medical.on_files import MedicalFiles, is_medical
from streams.judging.medical.week import MedicalFacts
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.spool import Spool, Spooled
from streams.judging.statement import Statement, read_statement, to_micros, union
from streams.judging.tracks.journey import PlateDay, Trip
from streams.judging.tracks.judge import judge_plate_day, judge_trip
from streams.judging.tracks.on_files import TrackFiles, is_track

if TYPE_CHECKING:
    from schemas.registry import RegistryRecord
    from streams.judging.facts import Facts
    from streams.judging.tracks.places import Provinces
    from streams.judging.tracks.said import TrackStatement

__all__ = ["FileVerdict", "Judging", "Refused", "judge_lines", "judge_lines_by", "judge_statements"]


class Refused(NamedTuple):
    """A line that could not be read."""

    line: int
    problems: tuple[Problem, ...]


class FileVerdict(NamedTuple):
    """Everything judged from files; ``alerts`` by time, rule and subject, ``outcomes`` by subject."""

    alerts: Sequence[Alert]
    outcomes: dict[str, tuple[Outcome, ...]]
    events: int
    refused: tuple[Refused, ...]
    now: datetime | None


class Judging:
    """Judges manifests one after the other, then the limits that they drew on."""

    def __init__(
        self,
        view: RegistryView,
        now: datetime | None,
        book: RuleBook = RULE_BOOK,
        *,
        keep_outcomes: bool = True,
    ) -> None:
        self._view, self._now, self._book = view, now, book
        self._keep = keep_outcomes
        self._alerts = KeptAlerts()
        self._outcomes: dict[str, tuple[Outcome, ...]] = {}
        self._draws = DrawLedger()
        self._events = 0

    def take(self, subject: str, statements: Sequence[Statement]) -> tuple[Outcome, ...]:
        """Judge one manifest by all that was said of it; return every rule's word."""
        return self.take_facts(fold(subject, union(statements), self._view), len(statements))

    def take_facts(self, facts: "Facts", events: int) -> tuple[Outcome, ...]:
        """Judge one manifest by its facts; return every rule's word."""
        judgement = judge_manifest(facts, self._view, self._now, self._book)
        if self._keep:
            self._outcomes[facts.subject] = judgement.outcomes
        self._took(facts, events, judgement.outcomes, judgement.draws)
        return judgement.outcomes

    def find_in(self, facts: "Facts", events: int) -> None:
        """As ``take_facts`` where nobody asks for the rules' words: only what is found is told."""
        found = find_in(facts, self._view, self._now, self._book)
        self._took(facts, events, found.outcomes, found.draws)

    def _took(
        self, facts: "Facts", events: int, outcomes: Sequence[Outcome], draws: Sequence[Draw]
    ) -> None:
        self._events += events
        if any(outcome.found for outcome in outcomes):
            parties = manifest_parties(facts)
            _, raised = alert_changes(facts.subject, parties, outcomes, {}, self._book, facts)
            self._keep_alerts(raised)
        for draw in draws:
            self._draws.put(draw)

    def take_day(self, facts: MedicalFacts) -> tuple[Outcome, ...]:
        """Judge a day of an institution or plant of medical waste, or a week; return every rule's word."""
        judged = judge_day(facts, self._view, self._now, self._book)
        parties = day_parties(facts, self._view)
        _, raised = alert_changes(judged.subject, parties, judged.outcomes, {}, self._book)
        self._keep_alerts(raised)
        if self._keep:
            self._outcomes[judged.subject] = judged.outcomes
        return judged.outcomes

    def take_vehicle(self, trips: Sequence[Trip], days: Sequence[PlateDay]) -> tuple[Outcome, ...]:
        """Judge a vehicle's journeys and days; return every rule's word."""
        judged = [judge_trip(trip, self._view, self._now, self._book) for trip in trips]
        judged += [judge_plate_day(day, self._view, self._now, self._book) for day in days]
        for one in judged:
            _, raised = alert_changes(one.subject, one.parties, one.outcomes, {}, self._book)
            self._keep_alerts(raised)
            if self._keep:
                self._outcomes[one.subject] = one.outcomes
        return tuple(outcome for one in judged for outcome in one.outcomes)

    def count(self, events: int) -> None:
        """Count events that were not taken one by one."""
        self._events += events

    def _keep_alerts(self, changes: Iterable[AlertChange]) -> None:
        for change in changes:
            self._alerts.put(change.alert)

    def limits(self) -> Iterator[tuple[str, tuple[Outcome, ...]]]:
        """Judge the limits that were drawn on, once all manifests are taken."""
        for limit, drawn in self._draws.limits():
            judged = decide_limit(limit, None, drawn, self._view, self._now, self._book)
            self._keep_alerts(judged.alerts)
            yield limit, judged.outcomes

    def finish(self, refused: Iterable[Refused] = ()) -> FileVerdict:
        """Judge the limits and return the verdict; alerts by time, rule and subject."""
        for limit, outcomes in self.limits():
            if self._keep:
                self._outcomes[limit] = outcomes
        self._alerts.sort()
        in_order = tuple(sorted(refused, key=lambda each: each.line))
        return FileVerdict(self._alerts, self._outcomes, self._events, in_order, self._now)


_RECEIVED = "liandanreceivedat"
_RECEIVED_BYTES = _RECEIVED.encode()
"""The extension that an exported log carries: when the gateway took the event."""
_SURELY_BEFORE = timedelta(days=2)
"""A day so long before an instant's is before it with any offset."""
_CANDIDATES = 64
"""Events remembered as perhaps the latest: some of them may turn out not to be understood."""


class _Head(msgspec.Struct):
    """What the first look at an event takes from it."""

    subject: str
    time: str
    type: str = ""


_head = msgspec.json.Decoder(_Head).decode


def judge_lines(
    registry: Iterable[bytes],
    events: Iterable[bytes],
    *,
    now: datetime | None = None,
    known_at: datetime | None = None,
    present: datetime | None = None,
    book: RuleBook = RULE_BOOK,
    keep_outcomes: bool = True,
    vehicles: bool | None = None,
    tracks: "Iterable[TrackStatement]" = (),
    provinces: "Provinces | None" = None,
) -> FileVerdict:
    """Judge NDJSON lines. Lines that cannot be read are listed in ``refused``, the rest goes on.

    Events count as received in the order of their lines, unless they carry the extension attribute
    ``liandanreceivedat``. ``known_at`` leaves out registry records recorded later, and events that
    happened later. ``now`` defaults to the latest time in the events that is not after ``present``: a
    year 2099 makes nothing overdue. Raises ``NotUnderstood`` for
    a registry line that cannot be read: a verdict on half a registry would be wrong; OSError when
    many events find no room on disk. Without ``keep_outcomes`` the verdict has alerts only. With
    ``vehicles`` each vehicle is judged with its manifests and positions, by default if there are positions;
    these are held against ``provinces``, by default our coarse areas; ``tracks`` are positions from elsewhere.
    """
    (verdict,) = judge_lines_by(
        [book],
        registry,
        events,
        now=now,
        known_at=known_at,
        present=present,
        keep_outcomes=keep_outcomes,
        vehicles=vehicles,
        tracks=tracks,
        provinces=provinces,
    )
    return verdict


def judge_lines_by(
    books: Sequence[RuleBook],
    registry: Iterable[bytes],
    events: Iterable[bytes],
    *,
    now: datetime | None = None,
    known_at: datetime | None = None,
    present: datetime | None = None,
    keep_outcomes: bool = False,
    vehicles: bool | None = None,
    tracks: "Iterable[TrackStatement]" = (),
    provinces: "Provinces | None" = None,
) -> list[FileVerdict]:
    """As ``judge_lines``, by several books of rules at once; a verdict for each."""
    records: list[RegistryRecord] = [
        decode_registry_record(line) for line in registry if line.strip()
    ]
    view = RegistryView.known_at(records, known_at)
    refused: list[Refused] = []
    bound = min((bound for bound in (known_at, present) if bound is not None), default=None)
    with Spool() as spool, MedicalFiles() as medical:
        positions = TrackFiles()
        for said in tracks:
            positions.take(said, bound, known_at)
        latest = _spooled(events, spool, medical, positions, (bound, known_at), refused)
        clock = now
        if clock is None:
            told = (_latest(latest, spool, bound), medical.latest, positions.latest)
            clock = max((at for at in told if at is not None), default=None)
        if vehicles is None:
            vehicles = positions.events > 0
        judgings = [Judging(view, clock, book, keep_outcomes=keep_outcomes) for book in books]
        for bucket in spool.buckets():
            groups: dict[str, list[Statement]] = defaultdict(list)
            for statement in _understood(bucket, refused):
                if known_at is None or statement.event.time <= known_at:
                    groups[statement.event.subject].append(statement)
            for subject, group in groups.items():
                facts = fold(subject, union(group), view)
                if vehicles:
                    positions.name(facts, view)
                for judging in judgings:
                    if keep_outcomes:
                        judging.take_facts(facts, len(group))
                    else:
                        judging.find_in(facts, len(group))
        for day in medical.days(known_at):
            for judging in judgings:
                judging.take_day(day)
        for trips, days in positions.vehicles(view, provinces) if vehicles else ():
            for judging in judgings:
                judging.take_vehicle(trips, days)
        for judging in judgings:
            judging.count(medical.events + positions.events)
        return [judging.finish(refused) for judging in judgings]


def _spooled(
    events: Iterable[bytes],
    spool: Spool,
    medical: MedicalFiles,
    tracks: TrackFiles,
    bounds: tuple[datetime | None, datetime | None],
    refused: list[Refused],
) -> list[tuple[datetime, Spooled]]:
    """Put each event where its manifest's, institution's or vehicle's are; return manifests' perhaps latest."""
    bound, known_at = bounds
    latest: list[tuple[datetime, Spooled]] = []
    floor = ""
    for number, line in enumerate(events, start=1):
        raw = line.rstrip(b"\r\n")
        if not raw or raw.isspace():
            continue
        try:
            head = _head(raw)
            received_us = number if _RECEIVED_BYTES not in raw else _received_us(raw, number)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            refused += _refused(raw, number)
            continue
        except NotUnderstood as e:
            refused.append(Refused(number, tuple(e.problems)))
            continue
        if head.type.startswith("liandan.medical.") and is_medical(raw):
            problems = medical.put(raw, received_us, number, bound)
            if problems is not None:
                refused.append(Refused(number, problems))
            continue
        if head.type == TRACK_TYPE and is_track(raw):
            problems = tracks.put(raw, received_us, bound, known_at)
            if problems is not None:
                refused.append(Refused(number, problems))
            continue
        spool.put(head.subject, received_us, number, raw)
        if head.time[:10] < floor:
            continue
        at = _instant(head.time)
        if at is None:
            continue  # never understood
        if len(latest) < _CANDIDATES:
            heapq.heappush(latest, (at, (received_us, number, raw)))
        elif at > latest[0][0]:
            heapq.heapreplace(latest, (at, (received_us, number, raw)))
            floor = str(latest[0][0].date() - _SURELY_BEFORE)
    return sorted(latest, reverse=True)


def _instant(time: str) -> datetime | None:
    """Return the instant of an event's time; None if no event with it is understood."""
    try:
        return read_instant(time)
    except Refusal:
        return None


def _latest(
    candidates: Sequence[tuple[datetime, Spooled]], spool: Spool, bound: datetime | None
) -> datetime | None:
    """Return the latest time of an event that is understood, up to ``bound``; None without one."""
    for _, one in candidates:
        for statement in _understood([one], []):
            if bound is None or statement.event.time <= bound:
                return statement.event.time
    every = (s.event.time for bucket in spool.buckets() for s in _understood(bucket, []))
    return max((at for at in every if bound is None or at <= bound), default=None)


def _understood(events: Iterable[Spooled], refused: list[Refused]) -> Iterator[Statement]:
    for received_us, line, raw in events:
        try:
            yield read_statement(raw, received_us)
        except NotUnderstood as e:
            refused.append(Refused(line, tuple(e.problems)))


def _refused(raw: bytes, line: int) -> list[Refused]:
    """Return why an event that shows no manifest and no time cannot be read."""
    try:
        read_statement(raw, line)
    except NotUnderstood as e:
        return [Refused(line, tuple(e.problems))]
    raise AssertionError(f"line {line} is an event without a subject or a time")


def _received_us(raw: bytes, line: int) -> int:
    """Return when an event was received, as its extension says if it is one: else by the order of lines.

    Line order is put on a scale of its own (one microsecond a line): only its order matters.
    Raises ``NotUnderstood`` where the extension is no instant.
    """
    told = read_json(raw).get(_RECEIVED)
    if told is None:
        return line
    try:
        return to_micros(read_instant(told))
    except Refusal as e:
        raise NotUnderstood([Problem(e.code, f"/{_RECEIVED}", e.zh, e.en)]) from None


def judge_statements(
    view: RegistryView,
    statements: Iterable[Statement],
    now: datetime | None = None,
    book: RuleBook = RULE_BOOK,
) -> FileVerdict:
    """Judge a set of statements against a registry view."""
    by_subject: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        by_subject[statement.event.subject].append(statement)
    if now is None:
        now = max((s.event.time for group in by_subject.values() for s in group), default=None)
    judging = Judging(view, now, book)
    for subject, group in by_subject.items():
        judging.take(subject, group)
    return judging.finish()
