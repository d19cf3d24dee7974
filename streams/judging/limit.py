"""Limits by name: the subject of each cumulative limit, written and read in one place.

| subject | what it caps |
|---|---|
| ``approval/<record>/<line>`` | one approved line |
| ``approval/<record>/pool/<code>`` | an approval's lines of one code that names do not tell apart |
| ``whitelist/<record>/<year>`` | a white-list entry's yearly quantity |
| ``licence/<record>/<year>`` | a licence's yearly scale |
| ``single/<approval>/<entry>`` | the one transfer that a white list lets an approval be used for |
| ``plan/<credit code>/<year>/<code>`` | what a unit's plans of a year have for one waste |
"""

from typing import Literal, NamedTuple

__all__ = [
    "Limit",
    "LimitKind",
    "limit_key",
    "limit_of",
    "plan_key",
    "plan_prefix",
    "pool_key",
    "single_key",
    "single_prefix",
    "year_key",
    "years_prefix",
]

LimitKind = Literal["approval", "pool", "whitelist", "licence", "plan", "single"]


class Limit(NamedTuple):
    """A limit's subject taken apart."""

    kind: LimitKind
    record: str
    """The record's id; of a plan the unit and the year (``planned_year``)."""
    part: str
    """Line number, code, or year; of a single use the white-list entry's id."""

    @property
    def planned_year(self) -> tuple[str, int]:
        """The unit and the calendar year of a limit of kind ``plan``."""
        unit, _, year = self.record.partition("/")
        return unit, int(year)


def limit_key(approval_id: str, line: int) -> str:
    """Return the subject of the limit that an approval line sets."""
    return f"approval/{approval_id}/{line}"


def pool_key(approval_id: str, code: str) -> str:
    """Return the subject of the limit that an approval's lines of one code set together."""
    return f"approval/{approval_id}/pool/{code}"


def year_key(kind: Literal["whitelist", "licence"], record_id: str, year: int) -> str:
    """Return the subject of a yearly limit."""
    return years_prefix(kind, record_id) + str(year)


def years_prefix(kind: Literal["whitelist", "licence"], record_id: str) -> str:
    """Return how the subjects of all years of a record begin; it ends in ``/``."""
    return f"{kind}/{record_id}/"


def plan_key(uscc: str, year: int, code: str) -> str:
    """Return the subject of the limit that a unit's plans of a year set for one waste."""
    return f"{plan_prefix(uscc, year)}{code}"


def plan_prefix(uscc: str, year: int | None = None) -> str:
    """Return how the subjects of all wastes that a unit plans begin, of one year or of all."""
    return f"plan/{uscc}/" if year is None else f"plan/{uscc}/{year}/"


def single_key(approval_id: str, entry_id: str) -> str:
    """Return the subject of the one use that a white-list entry grants an approval."""
    return f"{single_prefix(approval_id)}{entry_id}"


def single_prefix(approval_id: str) -> str:
    """Return how the subjects of an approval's single use begin."""
    return f"single/{approval_id}/"


def limit_of(subject: str) -> Limit | None:
    """Return what limit a subject names, None if it is none."""
    kind, _, rest = subject.partition("/")
    record, _, part = rest.rpartition("/")
    match kind:
        case "approval" if part.isdecimal():
            return Limit("approval", record, part)
        case "approval" if record.endswith("/pool"):
            return Limit("pool", record.removesuffix("/pool"), part)
        case "whitelist" | "licence" if part.isdecimal():
            return Limit(kind, record, part)
        case "single" if record:
            return Limit("single", record, part)
        case "plan" if record.partition("/")[2].isdecimal():
            return Limit("plan", record, part)
        case _:
            return None
