"""What a rule says of one subject: passed, violated, in need of review, or not applicable."""

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from schemas.alert import Evidence, LegalBasis, Severity
from schemas.instant import CHINA
from streams.judging.explanation import Condition, Cure

__all__ = [
    "FOUND",
    "Doubt",
    "Draw",
    "DrawState",
    "Outcome",
    "State",
    "china_text",
    "outcome_digest",
]

State = Literal["passed", "violated", "needs_review", "notice", "not_applicable"]
"""``notice`` is for the unit, not for officers."""

FOUND: frozenset[State] = frozenset({"violated", "needs_review", "notice"})
"""What is something to tell, to officers or to the unit."""

DrawState = Literal["reserved", "settled", "released"]
"""On its way, received, given back."""

Doubt = Literal[
    "voided_after_arrival", "corrected_after_arrival", "conflicting_reports", "several_limits"
]
"""Why an officer may read a draw as less than it is."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule's word on one subject. Digest and equality are over all members.

    Stored without members that say nothing (most outcomes have no evidence, law or quantity).

    ``reason`` is a stable code; ``margin`` is signed text with its unit ("41 d", "-3 d", "2.5 t"):
    what is left before the limit, or how far past it.
    """

    rule: str
    version: int
    discriminator: str
    state: State
    reason: str
    zh: str
    en: str
    margin: str | None = None
    grams: int = 0
    unweighed: bool = False
    """Whether some of it has no weight: ``grams`` is only what is known."""
    severity: Severity = "low"
    """Of found outcomes: by the quantity and the cuts of the book."""
    act_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    law: tuple[LegalBasis, ...] = ()
    conditions: tuple[Condition, ...] = ()
    """Of found outcomes only, as are ``cures``: what was compared, what held and what did not."""
    cures: tuple[Cure, ...] = ()
    """What would have made it legal."""
    parameters: tuple[tuple[str, int], ...] = ()
    """Name and value of the rule's parameters that are not as declared."""

    @property
    def key(self) -> str:
        """What tells this outcome from the subject's others."""
        return f"{self.rule}|{self.discriminator}"

    @property
    def found(self) -> bool:
        """Whether it is something to tell, to officers or to the unit."""
        return self.state in FOUND


class Draw(NamedTuple):
    """What one manifest takes from one limit: from ``least`` to ``grams``, by how it is read.

    ``0 <= uncertain <= grams``; nothing is uncertain without a ``doubt``. Of an ``unweighed`` load
    both are only what is known: pieces without a weight come on top.
    """

    limit: str
    manifest: str
    at: datetime
    grams: int
    state: DrawState
    uncertain: int = 0
    doubt: Doubt | None = None
    unweighed: bool = False

    @property
    def least(self) -> int:
        """Grams that it takes for certain."""
        return self.grams - self.uncertain


def outcome_digest(outcome: Outcome) -> bytes:
    """Return 16 bytes that change when anything in the outcome does."""
    if outcome.found or outcome.margin is not None:
        return _digest(outcome)
    return _digest_again(outcome)


def _digest(outcome: Outcome) -> bytes:
    return hashlib.blake2b(_packed(outcome), digest_size=16).digest()


_digest_again = lru_cache(2048)(_digest)
"""Of outcomes that many loads share."""


_packed = msgspec.msgpack.Encoder().encode


def china_text(moment: datetime) -> str:
    """Return an instant in China time to the minute, for sentences."""
    return moment.astimezone(CHINA).isoformat(" ", "minutes")[:16]
