"""Terminals on record: the snapshot by which frames are judged, in memory and in a private file."""

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from infra.runtime.metrics import LAST_SUCCESS
from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from services.gateway.database import AWAY, Database
from services.gateway.metrics import TERMINALS_KNOWN
from services.gateway.snapshot import save_private

__all__ = ["Known", "KnownTerminal", "keep_known_fresh"]

_HEAD = "SELECT seq FROM registry_head"
_CHANGES = """
SELECT r.record_id, r.body FROM registry_change c JOIN registry_record r USING (change_set)
WHERE c.seq > $1 AND c.seq <= $2 AND r.kind = 'terminal' ORDER BY c.seq, r.ordinal
"""
_AT_A_TIME = 500
_log = structlog.get_logger(__name__)


class KnownTerminal(NamedTuple):
    """The newest version of one record of kind ``terminal`` that is not retracted."""

    id: str
    phone: str
    plate: str
    owner: str
    auth_digest: str
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        """Whether a China date lies within its validity, ends included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Known:
    """All terminals by phone number. The file lets a restarted gateway go on without Postgres."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._by_id: dict[str, KnownTerminal] = {}
        self._by_phone: dict[str, list[KnownTerminal]] = {}

    def of(self, phone: str, day: date) -> KnownTerminal | None:
        """Return the terminal with this number (no zeros before it) that is in force on a day.

        Of several the one that came into force last, of those the greatest id.
        """
        found = [one for one in self._by_phone.get(phone, ()) if one.in_force(day)]
        return max(found, key=lambda one: (one.valid_from, one.id), default=None)

    def load(self) -> None:
        """Take the snapshot of an earlier life, if there is a sound one."""
        try:
            rows = json.loads(self._file.read_bytes())["terminals"]
            known = [_from_row(row) for row in rows]
        except FileNotFoundError:
            return
        except (OSError, ValueError, LookupError, TypeError) as error:
            _log.warning("terminals unreadable", file=str(self._file), error=str(error))
            return
        self.replace({one.id: one for one in known})

    def replace(self, by_id: dict[str, KnownTerminal]) -> None:
        """Judge by these from now on."""
        by_phone: dict[str, list[KnownTerminal]] = {}
        for one in by_id.values():
            by_phone.setdefault(one.phone, []).append(one)
        self._by_id, self._by_phone = by_id, by_phone
        TERMINALS_KNOWN.set(len(by_id))

    def all(self) -> dict[str, KnownTerminal]:
        """Return a copy of what is known, by record id."""
        return dict(self._by_id)

    def save(self, known: Iterable[KnownTerminal]) -> None:
        """Keep them in the file. Blocks; raises OSError."""
        save_private(self._file, {"terminals": [_to_row(one) for one in known]})


async def keep_known_fresh(
    known: Known, database: Database, every_s: float, clock: Callable[[], int]
) -> None:
    """Read what changed again and again, for ever; while Postgres is away the last ones stand.

    The first reading is of all, so that an older file does not linger; a database put back to an
    earlier copy starts it anew.
    """
    seq, failing = -1, False
    while True:
        try:
            (head,) = await database.fetch(_HEAD)
            if head["seq"] != seq:
                since = 0 if not 0 <= seq < head["seq"] else seq
                rows = await database.fetch(_CHANGES, since, head["seq"])
                await _take_in(known, {} if since == 0 else known.all(), rows, anew=since == 0)
                seq = head["seq"]
        except AWAY as error:
            if not failing:
                _log.warning("terminals not refreshed", error=repr(error))
            failing = True
        else:
            if failing:
                _log.info("terminals refreshed again")
            failing = False
            LAST_SUCCESS.labels("gateway_terminals").set(clock() / 1e6)
        await asyncio.sleep(every_s)


async def _take_in(known: Known, by_id: dict[str, KnownTerminal], rows: Any, *, anew: bool) -> None:
    for n, row in enumerate(rows, 1):
        by_id.pop(row["record_id"], None)
        record = _read(row)
        if record is not None and not record.retracted:
            by_id[record.id] = _of_record(record)
        if n % _AT_A_TIME == 0:
            await asyncio.sleep(0)
    if not rows and not anew:
        return
    known.replace(by_id)
    try:
        await asyncio.to_thread(known.save, list(by_id.values()))
    except OSError as error:
        _log.error("terminals not saved", error=str(error))


def _read(row: Any) -> Any:
    """Return the record, None for one of a later release: that terminal is not known here."""
    try:
        return decode_registry_record(row["body"])
    except NotUnderstood as error:
        _log.error("terminal not understood", id=row["record_id"], error=str(error))
        return None


def _of_record(record: Any) -> KnownTerminal:
    return KnownTerminal._make(getattr(record, member) for member in KnownTerminal._fields)


def _to_row(one: KnownTerminal) -> list[str | None]:
    return [v.isoformat() if isinstance(v, date) else v for v in one]


def _from_row(row: list[Any]) -> KnownTerminal:
    *texts, begins, ends = row
    days = date.fromisoformat(begins), date.fromisoformat(ends) if ends else None
    return KnownTerminal._make((*texts, *days))
