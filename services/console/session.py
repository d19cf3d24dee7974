"""Who asks: the holder of a session, as the database knows them for one transaction."""

from typing import Any, NamedTuple

from services.console.account import NATION

__all__ = ["Draft", "SessionOver", "Who", "who_of"]


class SessionOver(Exception):
    """There is no session, or it is over."""


class Draft(NamedTuple):
    """What was typed on a page when the session before ended."""

    path: str
    fields: dict[str, str]


class Who(NamedTuple):
    """An account with its session. ``regions``: beginnings of region codes."""

    login: str
    name: str
    role: str
    regions: tuple[str, ...]
    csrf: bytes
    draft: Draft | None

    @property
    def nationwide(self) -> bool:
        """Whether all regions are theirs."""
        return NATION in self.regions

    @property
    def may_acknowledge(self) -> bool:
        """Whether they take up alerts; the database has the last word."""
        return self.role in ("officer", "admin")

    def draft_of(self, path: str) -> dict[str, str]:
        """Return what was typed on this page before, empty if nothing."""
        return self.draft.fields if self.draft is not None and self.draft.path == path else {}


def who_of(row: Any) -> Who:
    """Return the person of a row of ``console_enter``."""
    draft = row["draft"]
    return Who(
        row["login"],
        row["name"],
        row["role"],
        tuple(row["regions"]),
        row["csrf"],
        Draft(draft["path"], draft["fields"]) if draft else None,
    )
