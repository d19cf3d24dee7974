"""``GET /manifests/<number>``: parties, load, verdict, limits, and all that was said of a manifest."""

from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from schemas.checks import Refusal
from schemas.manifest_number import read_manifest_number
from services.console.console import console_of
from services.console.cookie import session_token
from services.console.database import Desk
from services.console.journey import journeys_of
from services.console.place import place_of
from services.console.problem import Problem
from services.console.session import Who
from services.console.timeline import timeline
from streams.judging.decision import Memo
from streams.judging.facts import Facts
from streams.judging.limit import limit_of
from streams.judging.packing import stored_outcomes
from streams.judging.rules import RULE_BOOK
from streams.judging.stored import stored_facts, stored_statements

__all__ = ["get_manifest"]

_MANIFEST = """
SELECT subject, consignor, receiver, carriers, aliases, origin_region, destination_region, events,
    state, act_at, outcomes, verdict, memo, clock, updated_at
FROM console_manifest WHERE subject = $1
"""
_ALERTS = """
SELECT id, state, severity, finding, rule, discriminator, case_state FROM console_alert
WHERE subject = $1 ORDER BY severity_rank DESC, opened_at
"""
_DRAWS = """
SELECT limit_id, at, grams, uncertain, doubt, unweighed, state, outcomes FROM console_draw
WHERE manifest = $1 AND limit_id = ANY ($2) AND state <> 'released' ORDER BY limit_id
"""
_STEPS = ("filed", "in_transit", "arrived", "received", "treated")


class _Read(NamedTuple):
    who: Who
    row: Any
    alerts: list[Any]
    draws: list[Any]
    journeys: list[Any]


async def get_manifest(request: Request) -> Response:
    """Show a manifest; one of another region is as unknown as one that is not there."""
    console = console_of(request)
    number = request.path_params["number"]
    try:
        read_manifest_number(number)
    except Refusal:
        raise Problem("unknown_manifest", 404) from None

    async def read(desk: Desk) -> _Read:
        return await _read(desk, number)

    found = await console.database.as_holder(session_token(request), read)
    row = found.row
    if row["subject"] != number:
        return RedirectResponse(f"/manifests/{row['subject']}", 303)
    statements = stored_statements(row["events"])
    facts = stored_facts(row["subject"], row["consignor"], statements)
    outcomes = [o | {"title": RULE_BOOK.title(o["rule"])} for o in stored_outcomes(row)]
    alerts = {(a["rule"], a["discriminator"]): a for a in found.alerts}
    return console.render.page(
        request,
        "manifest.html",
        found.who,
        row=row,
        facts=facts,
        form=facts.form if facts.filed is not None else None,
        parties=_parties(row, facts),
        steps=_steps(row["state"]),
        origin=place_of(row["origin_region"]),
        destination=place_of(row["destination_region"]),
        alerts=found.alerts,
        journeys=found.journeys,
        alert_of=lambda o: alerts.get((o["rule"], o["discriminator"])),
        found=[o for o in outcomes if o["state"] in ("violated", "needs_review")],
        passed=[o for o in outcomes if o["state"] == "passed"],
        silent=[o for o in outcomes if o["state"] == "not_applicable"],
        draws=[(draw, limit_of(draw["limit_id"])) for draw in found.draws],
        told=timeline(statements, facts),
    )


async def _read(desk: Desk, number: str) -> _Read:
    """Read in five queries. Raises Problem."""
    subject = await desk.connection.fetchval("SELECT console_manifest_of($1)", number)
    row = await desk.connection.fetchrow(_MANIFEST, subject)
    if row is None:
        raise Problem("unknown_manifest", 404)
    alerts = await desk.connection.fetch(_ALERTS, subject)
    limits = list(msgspec.msgpack.decode(row["memo"], type=Memo).draws)
    draws = await desk.connection.fetch(_DRAWS, subject, limits)
    journeys = await journeys_of(desk, [subject])
    return _Read(desk.who, row, alerts, draws, journeys)


def _parties(row: Any, facts: Facts) -> list[tuple[str, str, str | None, Any]]:
    """Return (role, credit code, name, what the form says) of each party."""
    form = facts.form if facts.filed is not None else None
    found: list[tuple[str, str, str | None, Any]] = []
    for role, uscc in (("consignor", row["consignor"]), ("receiver", row["receiver"])):
        if uscc is not None:
            said = getattr(form, role, None)
            said = said if said is not None and said.uscc == uscc else None
            found.append((role, uscc, said.name if said is not None else None, said))
    named = {c.uscc: c for c in form.carriers} if form is not None else {}
    carriers: list[tuple[str, str, str | None, Any]] = []
    for uscc in row["carriers"]:
        said = named.get(uscc)
        carriers.append(("carrier", uscc, said.name if said is not None else None, said))
    return [*found[:1], *carriers, *found[1:]]


def _steps(state: str) -> list[tuple[str, str]]:
    """Return each step of a manifest's way and whether it is ``done``, ``now`` or ``ahead``."""
    place = _STEPS.index(state) if state in _STEPS else -1
    return [
        (step, "now" if n == place else "done" if n < place else "ahead")
        for n, step in enumerate(_STEPS)
    ]
