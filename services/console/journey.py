"""``GET /journeys/<plate>/<number>``: where a vehicle went on a manifest, drawn and told."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from schemas.checks import Refusal
from schemas.decode import decode_registry_record
from schemas.instant import CHINA, china_day
from schemas.manifest_number import read_manifest_number
from schemas.plate import read_plate
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.driven import Driven, Found, Told, driven
from services.console.problem import Problem
from services.console.session import Who
from streams.judging.registry import RegistryView
from streams.judging.tracks.leg import Leg, unpacked

__all__ = ["get_journey", "journeys_of"]

_JOURNEYS = "SELECT manifest, plate FROM console_journeys($1)"
_JOURNEY = """
SELECT begins, ends, leg, clock, forgotten_until, units, pieces, fences FROM console_journey($1, $2, $3)
"""
_ALERTS = """
SELECT id, state, severity, finding, rule, subject, act_at, body, case_state FROM console_alert
WHERE subject = ANY ($1) AND (subject = $2
    OR body -> 'evidence' @> jsonb_build_array(jsonb_build_object('kind', 'manifest', 'ref', $3::text)))
ORDER BY act_at, severity_rank DESC, opened_at
"""
_FILES = "SELECT name, sha256 FROM console_track_files($1, $2, $3)"
_MOST_FILES = 500
_REACH_S = 3 * 86_400
"""``streams.judging.tracks.drive.REACH_S``, which only numpy's readers may import."""
_SOON = timedelta(minutes=10)
"""A record is in the log so long after it was received, at most."""
_MOST_DAYS = 40
"""A journey lasts a week and a quarter of a day at most."""


class _Read(NamedTuple):
    who: Who
    subject: str
    row: Any
    alerts: list[Any]


async def journeys_of(desk: Desk, numbers: Sequence[str]) -> list[Any]:
    """Return manifest and plate of the vehicles of which positions were told, those that may be seen."""
    found: list[Any] = await desk.connection.fetch(_JOURNEYS, list(numbers))
    return found


async def get_journey(request: Request) -> Response:
    """Show a journey; one whose manifest is of another region is as unknown as one that is not there."""
    console = console_of(request)
    plate, number = request.path_params["plate"], request.path_params["number"]
    try:
        known, _ = read_plate(plate), read_manifest_number(number)
    except Refusal:
        raise Problem("unknown_journey", 404) from None

    async def read(desk: Desk) -> _Read:
        return await _read(desk, known, number)

    found = await console.database.as_holder(session_token(request), read)
    if (known, found.subject) != (plate, number):
        return RedirectResponse(f"/journeys/{quote(known)}/{found.subject}", 303)
    row = found.row
    leg = unpacked(row["leg"]) if row["leg"] is not None else None
    open_ = [a for a in found.alerts if a["state"] == "open"]
    numbers = {alert["id"]: n for n, alert in enumerate(open_, start=1)}
    drawn = None
    if row["begins"] is not None and row["pieces"]:
        told = _told(known, row, leg, open_)._replace(
            borders=console.settings.provinces_geojson,
            margin_km=console.settings.provinces_margin_km,
        )
        # Some milliseconds for a day of positions, a second for the first one ever drawn.
        drawn = await asyncio.to_thread(driven, told)
    files = await _files(request, row, drawn)
    return console.render.page(
        request,
        "journey.html",
        found.who,
        plate=known,
        number=number,
        leg=leg,
        row=row,
        drawn=drawn,
        gone=_gone(row),
        alerts=[(numbers.get(a["id"]), a) for a in found.alerts],
        files=files,
        most_files=_MOST_FILES,
        command=_command(known, row),
        at=_instant,
    )


async def _read(desk: Desk, plate: str, number: str) -> _Read:
    """Read in three queries. Raises Problem."""
    subject = await desk.connection.fetchval("SELECT console_manifest_of($1)", number)
    row = await desk.connection.fetchrow(_JOURNEY, plate, subject, _REACH_S)
    if row is None:
        raise Problem("unknown_journey", 404)
    own = f"trip/{plate}/{subject}"
    subjects = [own]
    if row["begins"] is not None:
        first, last = china_day(_instant(row["begins"])), china_day(_instant(row["ends"]))
        days = min((last - first).days, _MOST_DAYS)
        subjects += [f"plate/{plate}/{first + timedelta(days=n)}" for n in range(days + 1)]
    alerts = await desk.connection.fetch(_ALERTS, subjects, own, subject)
    return _Read(desk.who, subject, row, alerts)


def _told(plate: str, row: Any, leg: Leg | None, alerts: Sequence[Any]) -> Told:
    records = map(decode_registry_record, row["fences"])
    return Told(
        plate,
        row["begins"],
        row["ends"],
        leg,
        list(zip(row["units"], row["pieces"], strict=True)),
        RegistryView.known_at(records).fences(),
        [
            Found(number, alert["rule"], int(alert["act_at"].timestamp()))
            for number, alert in enumerate(alerts, start=1)
            if alert["act_at"] is not None
        ],
    )


async def _files(request: Request, row: Any, drawn: Driven | None) -> list[Any]:
    """Return the files in which the positions are, by the times at which they came."""
    if row["begins"] is None:
        return []
    since, until = _instant(row["begins"]), _instant(row["ends"])
    if drawn is not None and drawn.heard[0]:
        since, until = _instant(drawn.heard[0]), _instant(drawn.heard[1]) + _SOON

    async def read(desk: Desk) -> list[Any]:
        return list(await desk.connection.fetch(_FILES, since, until, _MOST_FILES))

    return await console_of(request).database.as_holder(session_token(request), read)


def _gone(row: Any) -> str:
    """Return ``all`` or ``some`` where positions left the database, ``""`` where none of this journey did."""
    if row["begins"] is None or row["begins"] >= (row["forgotten_until"] or 0):
        return ""
    return "some" if row["pieces"] else "all"


def _command(plate: str, row: Any) -> str:
    """Return the command that reads the files."""
    if row["begins"] is None:
        return f"liandan tracks {plate}"
    since, until = (_instant(row[n]).astimezone(CHINA).isoformat() for n in ("begins", "ends"))
    return f"liandan tracks {plate} --from {since} --to {until} --verify"


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
