"""Versions of the rule book on their way into the registry: proposed, approved by two, written.

Nothing here is ever changed or removed: who proposed and approved what, and the impact that was
shown to them, stays beside the record. All on a connection of role ``liandan_registry``.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from services.registry.draft import Change
from services.registry.refusal import LineProblem, RegistryRefused

__all__ = [
    "APPROVERS",
    "ProposalRefused",
    "Proposed",
    "add_approval",
    "add_proposal",
    "find_proposal",
    "next_id",
    "proposals",
    "require_approved",
]

APPROVERS = 2
"""People other than who proposed."""
_KIND = "rulebook_version"

_PROPOSALS = """
SELECT v.digest, v.body, v.impact::text AS impact, v.proposed_by, v.proposed_at,
    ARRAY(SELECT a.login FROM rule_version_approval a JOIN console_account c USING (login)
        WHERE a.digest = v.digest AND a.login <> v.proposed_by AND c.disabled_at IS NULL
        ORDER BY a.approved_at, a.login) AS approved_by,
    (SELECT min(c.seq) FROM registry_record r JOIN registry_change c USING (change_set)
        WHERE r.kind = 'rulebook_version' AND r.body = v.body) AS live_since
FROM rule_version v
"""


class ProposalRefused(ValueError):
    """What cannot be proposed or approved, or not by this person; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class Proposed(NamedTuple):
    """A version that was proposed, and how far it has come."""

    digest: bytes
    body: bytes
    impact: dict[str, Any]
    proposed_by: str
    proposed_at: datetime
    approved_by: tuple[str, ...]
    """Of those whose accounts are open, in the order of their approval."""
    live_since: int | None
    """The registry's sequence that it was written with."""

    @property
    def record(self) -> dict[str, Any]:
        """The record, decoded."""
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found

    @property
    def effective(self) -> date:
        """The China date from which acts are judged by it."""
        return date.fromisoformat(self.record["valid_from"])

    @property
    def approved(self) -> bool:
        """Whether enough people have approved."""
        return len(self.approved_by) >= APPROVERS


async def next_id(connection: Any, effective: date) -> str:
    """Return the id of the next version of a day: a later one goes before an earlier one."""
    known = {each.record["id"] for each in await proposals(connection)}
    numbers = (f"{effective}.{n:03d}" for n in range(1, 1000))
    return next(number for number in numbers if number not in known)


async def add_proposal(connection: Any, body: bytes, impact: bytes, login: str) -> bytes:
    """Keep a proposal and return its digest; the very same one again changes nothing."""
    digest = hashlib.sha256(body).digest()
    await connection.execute(
        "INSERT INTO rule_version (digest, body, impact, proposed_by) VALUES ($1, $2, $3::jsonb, $4)"
        " ON CONFLICT DO NOTHING",
        digest,
        body,
        impact.decode(),
        login,
    )
    return digest


async def proposals(connection: Any) -> list[Proposed]:
    """Return all proposals, oldest first."""
    return [_proposed(r) for r in await connection.fetch(_PROPOSALS + "ORDER BY v.proposed_at")]


async def find_proposal(connection: Any, beginning: str) -> Proposed:
    """Return the proposal whose digest begins so, hexadecimal. Raises ProposalRefused: none, or several."""
    rows = await connection.fetch(
        _PROPOSALS + "WHERE starts_with(encode(v.digest, 'hex'), $1)", beginning.lower()
    )
    if len(rows) != 1 or len(beginning) < 8:
        raise ProposalRefused(
            f"没有唯一以 {beginning} 开头（至少 8 位）的提案",
            f"no one proposal's digest begins with {beginning} (8 digits at least)",
        )
    return _proposed(rows[0])


async def add_approval(connection: Any, proposed: Proposed, login: str) -> None:
    """Keep an approval; a second one of the same person changes nothing. Raises ProposalRefused."""
    if login == proposed.proposed_by:
        raise ProposalRefused("提案人不能批准自己的提案", "who proposed it may not approve it")
    await connection.execute(
        "INSERT INTO rule_version_approval (digest, login) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        proposed.digest,
        login,
    )


async def require_approved(connection: Any, changes: Sequence[Change]) -> None:
    """Raise RegistryRefused if a version of the rule book among ``changes`` lacks its approvals."""
    versions = [change for change in changes if change.kind == _KIND]
    if not versions:
        return
    known = {each.digest: each for each in await proposals(connection)}
    bare = [
        change
        for change in versions
        if (each := known.get(hashlib.sha256(change.body).digest())) is None or not each.approved
    ]
    if bare:
        raise RegistryRefused(
            [
                LineProblem(
                    change.line,
                    "/id",
                    change.id,
                    "version_not_approved",
                    f"规则库版本须经 liandan rules propose 提出、由另外 {APPROVERS} 人批准",
                    "a version of the rule book is proposed with `liandan rules propose` and approved "
                    f"by {APPROVERS} others",
                )
                for change in bare
            ]
        )


def _proposed(row: Any) -> Proposed:
    digest, body, impact, by, at, approved, live = row
    return Proposed(digest, body, msgspec.json.decode(impact), by, at, tuple(approved), live)
