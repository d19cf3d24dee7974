"""The list of alerts: one page of rows, and how many there are by severity, region and rule."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas.instant import day_end, day_start
from services.console.database import Desk
from services.console.filter import AlertFilter, Cursor, Status
from services.console.place import Place, place_of

__all__ = ["PAGE_ROWS", "Counts", "Listed", "Page", "listed_of_feed", "read_page", "status_of"]

PAGE_ROWS = 50

_FITS = """
    state = CASE $1 WHEN 'withdrawn' THEN 'withdrawn' ELSE 'open' END AND finding <> 'notice'
    AND ($2 = '' OR position($2 in search) > 0)
    AND ($3::timestamptz IS NULL OR act_at >= $3) AND ($4::timestamptz IS NULL OR act_at < $4)
"""
_NARROW = """
    AND CASE $1 WHEN 'open' THEN case_state = 'open' WHEN 'acknowledged' THEN case_state <> 'open'
        ELSE true END
    AND ($5::text[] = '{}' OR severity = ANY ($5)) AND ($6 = '' OR finding = $6)
    AND ($7 = '' OR starts_with(rule, $7 || '.'))
    AND ($8 = '' OR starts_with(origin_region, $8) OR starts_with(destination_region, $8))
"""
# All that fits is read once, counted by what it is, and the keys of the page are taken from it.
_FOUND = """
WITH fit AS MATERIALIZED (
    SELECT id, severity, severity_rank, finding, rule, origin_region, destination_region, opened_at,
        case_state
    FROM console_alert WHERE {fits}
)
SELECT severity, finding, rule, case_state, origin_region, destination_region, count(*) AS n,
    NULL::uuid[] AS keys
FROM fit GROUP BY severity, finding, rule, case_state, origin_region, destination_region
UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, 0, ARRAY(
    SELECT id FROM fit WHERE true {narrow} {after} ORDER BY {order} LIMIT {most}
)
"""
# Then the fifty rows: behind its barrier a view finds rows by an array of ids, but not by a join.
_ROWS = """
SELECT id, subject, rule, finding, state, severity, severity_rank, grams, revision, origin_region,
    destination_region, act_at, body, opened_at, case_state, search
FROM console_alert WHERE id = ANY ($1) ORDER BY array_position($1, id)
"""
_BY = {
    "severity": (
        "severity_rank DESC, opened_at DESC, id DESC",
        "AND (severity_rank, opened_at, id) < ($9::smallint, $10::timestamptz, $11::uuid)",
    ),
    "newest": (
        "opened_at DESC, id DESC",
        "AND (opened_at, id) < ($10::timestamptz, $11::uuid) AND $9::smallint IS NOT NULL",
    ),
}


class Listed(NamedTuple):
    """One alert as a row of the list."""

    id: UUID
    subject: str
    rule: str
    finding: str
    status: Status
    severity: str
    rank: int
    grams: int
    revision: int
    origin_region: str | None
    destination_region: str | None
    act_at: datetime | None
    opened_at: datetime
    search: str
    body: dict[str, Any]

    @property
    def origin(self) -> Place | None:
        """Where it starts."""
        return place_of(self.origin_region)

    @property
    def destination(self) -> Place | None:
        """Where it ends."""
        return place_of(self.destination_region)


class Counts(NamedTuple):
    """Alerts of a status, each count narrowed by all of the filter but what it counts."""

    open: int
    acknowledged: int
    withdrawn: int | None
    severities: Counter[str]
    findings: Counter[str]
    families: Counter[str]
    provinces: Counter[str]
    """By the first two digits; an alert counts where it starts and where it ends."""


class Page(NamedTuple):
    """Rows, where the next page begins, counts, and the feed's number from which to go on live."""

    rows: list[Listed]
    after: Cursor | None
    counts: Counts
    feed_seq: int


def status_of(state: str, case_state: str) -> Status:
    """Return what a row's two states amount to."""
    if state == "withdrawn":
        return "withdrawn"
    return "open" if case_state == "open" else "acknowledged"


async def read_page(desk: Desk, asked: AlertFilter, after: Cursor | None) -> Page:
    """Read a page in three queries, however many rows there are."""
    # First: what comes while the rows are read is told twice then, never missed.
    feed_seq = await desk.connection.fetchval("SELECT console_feed_head()")
    order, beyond = _BY[asked.sort]
    sql = _FOUND.format(
        fits=_FITS, narrow=_NARROW, order=order, after=beyond if after else "", most=PAGE_ROWS + 1
    )
    fits = (
        asked.status,
        asked.text.lower(),
        day_start(asked.since) if asked.since else None,
        day_end(asked.until) if asked.until else None,
    )
    narrow = (list(asked.severities), asked.finding, asked.family, asked.region)
    beginning = (after.rank, after.opened_at, after.id) if after else ()
    groups = await desk.connection.fetch(sql, *fits, *narrow, *beginning)
    (keys,) = (group["keys"] for group in groups if group["keys"] is not None)
    rows = [_listed(row) for row in await desk.connection.fetch(_ROWS, keys)]
    last = rows[PAGE_ROWS - 1] if len(rows) > PAGE_ROWS else None
    return Page(
        rows[:PAGE_ROWS],
        Cursor(last.rank, last.opened_at, last.id) if last else None,
        _counted(asked, [group for group in groups if group["keys"] is None]),
        feed_seq,
    )


def _listed(row: Any) -> Listed:
    return Listed(
        row["id"],
        row["subject"],
        row["rule"],
        row["finding"],
        status_of(row["state"], row["case_state"]),
        row["severity"],
        row["severity_rank"],
        row["grams"],
        row["revision"],
        row["origin_region"],
        row["destination_region"],
        row["act_at"],
        row["opened_at"],
        row["search"],
        row["body"],
    )


_RANKS = {"critical": 4, "high": 3, "medium": 2, "low": 1}


def listed_of_feed(row: Any) -> Listed:
    """Return the alert of a row of ``console_feed`` that somebody may see."""
    body = row["payload"]
    words = [body["subject"][:200], body.get("consignor") or "", body.get("receiver") or ""]
    words += [(body.get(f"{side}_name") or "")[:100] for side in ("consignor", "receiver")]
    return Listed(
        row["alert_id"],
        body["subject"],
        body["rule"],
        body["finding"],
        status_of(body["state"], row["case_state"]),
        body["severity"],
        _RANKS[body["severity"]],
        body["grams"],
        row["revision"],
        body.get("origin_region"),
        body.get("destination_region"),
        datetime.fromisoformat(body["act_at"]) if body["act_at"] else None,
        row["opened_at"] or row["at"],
        " ".join(words).lower(),
        body,
    )


def _counted(asked: AlertFilter, groups: Iterable[Any]) -> Counts:
    """Sum the groups up, each count without the condition that it offers to change."""
    counts = Counts(0, 0, None, Counter(), Counter(), Counter(), Counter())
    by_status: Counter[bool] = Counter()
    for g in groups:
        taken = g["case_state"] != "open"
        family = g["rule"].partition(".")[0]
        places = [g["origin_region"] or "", g["destination_region"] or ""]
        fits = {
            "status": asked.status == "withdrawn" or taken == (asked.status == "acknowledged"),
            "severity": not asked.severities or g["severity"] in asked.severities,
            "finding": asked.finding in ("", g["finding"]),
            "family": asked.family in ("", family),
            "region": any(place.startswith(asked.region) for place in places),
        }
        missed = [name for name, fit in fits.items() if not fit]
        for name, tally, keys in (
            ("severity", counts.severities, {g["severity"]}),
            ("finding", counts.findings, {g["finding"]}),
            ("family", counts.families, {family}),
            ("region", counts.provinces, {place[:2] for place in places} - {""}),
        ):
            if not set(missed) - {name}:
                tally.update(dict.fromkeys(keys, g["n"]))
        if not set(missed) - {"status"}:
            by_status[taken] += g["n"]
    if asked.status == "withdrawn":
        return counts._replace(withdrawn=by_status.total())
    return counts._replace(open=by_status[False], acknowledged=by_status[True])
