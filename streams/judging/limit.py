"""Limits by name: the subject of each cumulative limit, written and read in one place.

| subject | what it caps |
|---|---|
| ``approval/<record>/<line>`` | one approved line |
| ``approval/<record>/pool/<code>`` | an approval's lines of one code that names do not tell apart |
| ``whitelist/<record>/<year>`` | a white-list entry's yearly quantity |
| ``licence/<record>/<year>`` | a licence's yearly scale |
"""

from typing import Literal, NamedTuple

__all__ = ["Limit", "LimitKind", "limit_key", "limit_of", "pool_key", "year_key", "years_prefix"]

LimitKind = Literal["approval", "pool", "whitelist", "licence"]


class Limit(NamedTuple):
    """A limit's subject taken apart; ``part``: line number, code, or year."""

    kind: LimitKind
    record: str
    part: str


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


def limit_of(subject: str) -> Limit | None:
    """Return what limit a subject names, None if it is none."""
    kind, _, rest = subject.partition("/")
    record, _, part = rest.rpartition("/")
    match kind:
        case "approval" if part.isdigit():
            return Limit("approval", record, part)
        case "approval" if record.endswith("/pool"):
            return Limit("pool", record.removesuffix("/pool"), part)
        case "whitelist" | "licence" if part.isdigit():
            return Limit(kind, record, part)
        case _:
            return None
