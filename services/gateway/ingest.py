"""Taking events: from exact bytes to an answer for each, in the order in which they came.

1. Judge each for form, and whether its source is the key's unit.
2. Look in the recent window; ids seen for the first time begin a flight at once, so that the same
   id posted meanwhile, or again in this batch, waits for this one.
3. Ask the record about ids that the window does not know, or knows with other bytes: one query.
4. Append what is left to the log and end every flight.
5. Only then wait for the flights of others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas.envelope import MAX_EVENT_BYTES, unit_of
from schemas.families import family_of
from schemas.fast import NotUnderstood
from schemas.problems import Problem
from schemas.receipt import event_digest, receipt_id
from schemas.topics import HEADER_DIGEST, HEADER_KEY_ID, HEADER_RECEIPT, HEADER_RECEIVED_AT
from services.gateway.database import Database
from services.gateway.instant import utc_text
from services.gateway.keys import ApiKey
from services.gateway.metrics import EVENTS
from services.gateway.problems import KINDS, problem
from services.gateway.producer import EventLog, LogRecord
from services.gateway.recent import EventKey, Flight, Kept, Recent

__all__ = ["Ingest", "Outcome", "Posted"]

_TURN = 50
"""Events judged before other requests get their turn: about a millisecond."""


@dataclass(slots=True)
class Posted:
    """One event that was understood."""

    raw: bytes
    key: EventKey
    topic: str
    orders_by: str
    """The record's key: what is said under one key stays in order."""
    digest: str
    receipt: UUID
    receipt_text: str


@dataclass(slots=True)
class Outcome:
    """What became of one posted event: a receipt (202) or a problem."""

    status: int
    receipt: dict[str, Any] | None = None
    code: str = ""
    errors: Sequence[Problem] = field(default=())
    more: dict[str, Any] = field(default_factory=dict)

    def as_item(self) -> dict[str, Any]:
        """Return the item of a batch answer; too large an event is 422 there."""
        if self.receipt is not None:
            return {"status": self.status, "receipt": self.receipt}
        status = 422 if self.status in (400, 413) else self.status
        body = problem(self.code, self.errors, **self.more)
        return {"status": status, "problem": {**body, "status": status}}


class Ingest:
    """Takes batches of events of one key; safe for many at once on one loop."""

    def __init__(self, recent: Recent, database: Database, log: EventLog) -> None:
        self._recent, self._database, self._log = recent, database, log

    async def take(self, raws: Sequence[bytes], api_key: ApiKey, received_at: int) -> list[Outcome]:
        """Return an outcome for each event. ``received_at``: microseconds since 1970.

        202 means that the log has acknowledged the event, now or earlier.
        """
        outcomes: list[Outcome | None] = [None] * len(raws)
        fresh: dict[int, Posted] = {}
        others: list[tuple[int, Posted, Flight]] = []
        doubtful: list[tuple[int, Posted, Kept]] = []
        try:
            for place, raw in enumerate(raws):
                if place and place % _TURN == 0:
                    await asyncio.sleep(0)
                posted = _judge(raw, api_key)
                if isinstance(posted, Outcome):
                    outcomes[place] = posted
                    continue
                known = self._recent.look(posted.key)
                if known is None:
                    self._recent.begin(posted.key, posted.digest, received_at)
                    fresh[place] = posted
                elif isinstance(known, Flight):
                    others.append((place, posted, known))
                elif known.digest == posted.digest:
                    outcomes[place] = _duplicate(posted, known)
                else:
                    doubtful.append((place, posted, known))
            await self._ask_record(fresh, doubtful, outcomes)
            await self._send(fresh, api_key, received_at, outcomes)
        finally:
            for posted in fresh.values():  # whatever happened, nobody waits for us in vain
                self._recent.give_up(posted.key)
        for place, posted, flight in others:
            outcomes[place] = _after(posted, await flight.end())
        settled = [outcome for outcome in outcomes if outcome is not None]
        for outcome in settled:
            EVENTS.labels(outcome.code or (outcome.receipt or {})["status"]).inc()
        return settled

    async def _ask_record(
        self,
        fresh: dict[int, Posted],
        doubtful: Sequence[tuple[int, Posted, Kept]],
        outcomes: list[Outcome | None],
    ) -> None:
        """Settle what the record knows; the rest of ``fresh`` stays to be sent."""
        asked = [p.key for p in fresh.values()] + [p.key for _, p, _ in doubtful]
        found = await self._database.find_events(asked) or {}
        for place, posted in list(fresh.items()) if found else ():
            rows = found.get(posted.key)
            if rows:
                self._recent.keep(posted.key, rows[0])
                same = next((k for k in rows if k.digest == posted.digest), None)
                outcomes[place] = _duplicate(posted, same) if same else _conflict(posted, rows[0])
                del fresh[place]
        for place, posted, known in doubtful:
            same = next((k for k in found.get(posted.key, ()) if k.digest == posted.digest), None)
            outcomes[place] = _duplicate(posted, same) if same else _conflict(posted, known)

    async def _send(
        self,
        fresh: dict[int, Posted],
        api_key: ApiKey,
        received_at: int,
        outcomes: list[Outcome | None],
    ) -> None:
        at, by = str(received_at).encode(), api_key.key_id.encode()
        records = [
            LogRecord(
                posted.orders_by.encode(),
                posted.raw,
                [
                    (HEADER_RECEIVED_AT, at),
                    (HEADER_DIGEST, posted.digest.encode()),
                    (HEADER_KEY_ID, by),
                    (HEADER_RECEIPT, posted.receipt_text.encode()),
                ],
                posted.topic,
            )
            for posted in fresh.values()
        ]
        acknowledged = await self._log.append(records)
        for (place, posted), kept in zip(fresh.items(), acknowledged, strict=True):
            if kept:
                stands = Kept(posted.digest, received_at, posted.receipt.bytes)
                self._recent.keep(posted.key, stands)
                outcomes[place] = _receipt(posted, received_at, "accepted")
            else:
                self._recent.give_up(posted.key)
                outcomes[place] = _refusal("log_away")


def _judge(raw: bytes, api_key: ApiKey) -> Posted | Outcome:
    if len(raw) > MAX_EVENT_BYTES:
        return _refusal("event_too_large")
    family = family_of(raw)
    try:
        event = family.decode(raw)
    except NotUnderstood as refused:
        malformed = refused.problems[0].code == "json_malformed"
        return _refusal("body_malformed" if malformed else "event_refused", refused.problems)
    if unit_of(event.source) != api_key.uscc:
        return _refusal("source_not_yours")
    digest = event_digest(raw)
    receipt = receipt_id(event.source, event.id, digest)
    key = event.source, event.id
    return Posted(raw, key, family.topic, family.key(event), digest, receipt, str(receipt))


def _refusal(code: str, errors: Sequence[Problem] = (), **more: Any) -> Outcome:
    return Outcome(KINDS[code].status, None, code, errors, more)


def _receipt(posted: Posted, received_at: int, status: str) -> Outcome:
    source, event_id = posted.key
    return Outcome(
        202,
        {
            "id": posted.receipt_text,
            "digest": posted.digest,
            "source": source,
            "event_id": event_id,
            "received_at": utc_text(received_at),
            "status": status,
        },
    )


def _duplicate(posted: Posted, first: Kept) -> Outcome:
    return _receipt(posted, first.received_at, "duplicate")


def _conflict(posted: Posted, first: Kept) -> Outcome:
    return _refusal("id_conflict", receipt_id=str(UUID(bytes=first.receipt)))


def _after(posted: Posted, first: Kept | None) -> Outcome:
    """Return the outcome of an event whose id was in flight already."""
    if first is None:
        return _refusal("log_away")
    return _duplicate(posted, first) if first.digest == posted.digest else _conflict(posted, first)
