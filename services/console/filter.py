"""What a list of alerts is narrowed to: read from an address, written into addresses."""

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from schemas.alert import Severity
from schemas.checks import Refusal
from schemas.instant import china_day, read_day
from schemas.region import is_province
from services.console.problem import BadField
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import from_micros, to_micros

__all__ = ["FAMILIES", "FINDINGS", "SEVERITIES", "AlertFilter", "Cursor", "Sort", "Status"]

Status = Literal["open", "acknowledged", "withdrawn"]
"""``open``: nobody has taken it up; ``acknowledged``: somebody has, and it still stands."""
Sort = Literal["severity", "newest"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
FINDINGS = ("violation", "review")
_RULES = [
    *(r.id for r in RULE_BOOK.manifest),
    *(r.id for r in RULE_BOOK.limit),
    *(r.id for r in RULE_BOOK.medical),
    *(r.id for r in RULE_BOOK.track),
]
FAMILIES = tuple(dict.fromkeys(rule.partition(".")[0] for rule in _RULES))

_MOST_TEXT = 100
_CURSOR = re.compile(r"([0-4])\.(\d{1,17})\.([0-9a-f-]{36})")


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the next one begins after it."""

    rank: int
    opened_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.rank}.{to_micros(self.opened_at)}.{self.id}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read what ``str`` writes. Raises BadField."""
        found = _CURSOR.fullmatch(text)
        try:
            if found is None:
                raise ValueError(text)
            rank, micros, alert_id = found.groups()
            return cls(int(rank), from_micros(int(micros)), UUID(alert_id))
        except (ValueError, OverflowError):
            raise BadField("after") from None


@dataclass(frozen=True)
class AlertFilter:
    """``region``: the beginning of a region code; ``since`` and ``until``: China days of the act."""

    status: Status = "open"
    severities: tuple[Severity, ...] = ()
    finding: str = ""
    family: str = ""
    region: str = ""
    text: str = ""
    since: date | None = None
    until: date | None = None
    sort: Sort = "severity"

    @classmethod
    def read(cls, query: Mapping[str, Any], severities: list[str]) -> "AlertFilter":
        """Read the members of a query string. Raises BadField, naming the first that is wrong."""
        for severity in severities:
            _among(severity, SEVERITIES, "severity")
        region = query.get("region", "")
        if region and not (
            region.isascii()
            and region.isdigit()
            and len(region) in (2, 4, 6)
            and is_province(region[:2])
        ):
            raise BadField("region")
        text = " ".join(query.get("q", "").split())
        if len(text) > _MOST_TEXT or "\0" in text:
            raise BadField("q")
        since, until = _day(query, "since"), _day(query, "until")
        if since is not None and until is not None and until < since:
            raise BadField("until")
        return cls(
            status=_among(query.get("status") or "open", get_args(Status), "status"),
            severities=tuple(s for s in SEVERITIES if s in severities),
            finding=_among(query.get("finding", ""), ("", *FINDINGS), "finding"),
            family=_among(query.get("family", ""), ("", *FAMILIES), "family"),
            region=region,
            text=text,
            since=since,
            until=until,
            sort=_among(query.get("sort") or "severity", get_args(Sort), "sort"),
        )

    def query(self, **changes: Any) -> str:
        """Return the query string of this filter with changes; defaults are left out."""
        new = replace(self, **changes)
        pairs: list[tuple[str, str]] = [("severity", severity) for severity in new.severities]
        for name, value, usual in (
            ("status", new.status, "open"),
            ("finding", new.finding, ""),
            ("family", new.family, ""),
            ("region", new.region, ""),
            ("q", new.text, ""),
            ("since", new.since.isoformat() if new.since else "", ""),
            ("until", new.until.isoformat() if new.until else "", ""),
            ("sort", new.sort, "severity"),
        ):
            if value != usual:
                pairs.append((name, value))
        return urllib.parse.urlencode(pairs)

    def path(self, **changes: Any) -> str:
        """Return the address of the list with changes."""
        query = self.query(**changes)
        return f"/?{query}" if query else "/"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the status and the order is asked for."""
        return replace(self, status="open", sort="severity") != AlertFilter()

    def toggled(self, severity: Severity) -> tuple[Severity, ...]:
        """Return the severities with one more or one less."""
        return tuple(s for s in SEVERITIES if (s in self.severities) != (s == severity))

    def takes(self, row: Any) -> bool:
        """Whether an alert (``listing.Listed``) belongs on the list: what the query says, in Python."""
        day = china_day(row.act_at) if row.act_at is not None else None
        return (
            row.status == self.status
            and (not self.severities or row.severity in self.severities)
            and self.finding in ("", row.finding)
            and (not self.family or row.rule.startswith(f"{self.family}."))
            and any(
                (place or "").startswith(self.region)
                for place in (row.origin_region, row.destination_region)
            )
            and self.text.lower() in row.search
            and (self.since is None or (day is not None and day >= self.since))
            and (self.until is None or (day is not None and day <= self.until))
        )


def _among(value: str, allowed: tuple[Any, ...], field: str) -> Any:
    if value not in allowed:
        raise BadField(field)
    return value


def _day(query: Mapping[str, Any], field: str) -> date | None:
    value = query.get(field, "")
    if not value:
        return None
    try:
        return read_day(value)
    except Refusal:
        raise BadField(field) from None
