"""The judge without a server: events and registry from lines, findings back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from schemas.alert import Alert
from schemas.checks import Refusal
from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood, read_json
from schemas.instant import read_instant
from schemas.problems import Problem
from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.statement import Statement, read_statement, to_micros

if TYPE_CHECKING:
    from schemas.registry import RegistryRecord

__all__ = ["FileVerdict", "Refused", "judge_lines", "judge_statements"]


class Refused(NamedTuple):
    """A line that could not be read."""

    line: int
    problems: tuple[Problem, ...]


class FileVerdict(NamedTuple):
    """Everything judged from files; ``alerts`` by id, ``outcomes`` by subject."""

    alerts: tuple[Alert, ...]
    outcomes: dict[str, tuple[Outcome, ...]]
    events: int
    refused: tuple[Refused, ...]
    now: datetime | None


_RECEIVED = "liandanreceivedat"
"""The extension that an exported log carries: when the gateway took the event."""


def judge_lines(
    registry: Iterable[bytes],
    events: Iterable[bytes],
    *,
    now: datetime | None = None,
    known_at: datetime | None = None,
    book: RuleBook = RULE_BOOK,
) -> FileVerdict:
    """Judge NDJSON lines. Lines that cannot be read are listed in ``refused``, the rest goes on.

    Events count as received in the order of their lines, unless they carry the extension attribute
    ``liandanreceivedat``. ``known_at`` leaves out registry records recorded later, and events that
    happened later. ``now`` defaults to the latest time in the events. Raises ``NotUnderstood`` for
    a registry line that cannot be read: a verdict on half a registry would be wrong.
    """
    records: list[RegistryRecord] = [
        decode_registry_record(line) for line in registry if line.strip()
    ]
    statements: list[Statement] = []
    refused: list[Refused] = []
    for number, line in enumerate(events, start=1):
        raw = line.rstrip(b"\r\n")
        if not raw.strip():
            continue
        try:
            statement = read_statement(raw, number)
            statement = statement._replace(received_us=_received_us(raw, number))
        except NotUnderstood as e:
            refused.append(Refused(number, tuple(e.problems)))
            continue
        if known_at is None or statement.event.time <= known_at:
            statements.append(statement)
    view = RegistryView.known_at(records, known_at)
    verdict = judge_statements(view, statements, now, book)
    return verdict._replace(refused=tuple(refused))


def _received_us(raw: bytes, line: int) -> int:
    """Return when an event was received: as its extension says, else by the order of lines.

    Line order is put on a scale of its own (one microsecond a line): only its order matters.
    Raises ``NotUnderstood`` where the extension is no instant.
    """
    if _RECEIVED.encode() not in raw:
        return line
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
    count = 0
    for statement in statements:
        by_subject[statement.event.subject].append(statement)
        count += 1
    if now is None:
        now = max((s.event.time for group in by_subject.values() for s in group), default=None)
    alerts: list[Alert] = []
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    draws: dict[str, list[Draw]] = defaultdict(list)
    for subject, group in by_subject.items():
        decision = decide_manifest(subject, None, group, view, now, book)
        alerts += [change.alert for change in decision.alerts]
        outcomes[subject] = decision.outcomes
        for draw in decision.draws:
            draws[draw.limit].append(draw)
    for limit, drawn in draws.items():
        judged = decide_limit(limit, None, drawn, view, now, book)
        alerts += [change.alert for change in judged.alerts]
        outcomes[limit] = judged.outcomes
    alerts.sort(key=lambda alert: (alert.act_at, alert.rule, alert.subject))
    return FileVerdict(tuple(alerts), outcomes, count, (), now)
