"""重建: what the whole state amounts to, so that one rebuilt from the log can be held against it.

Taken in: every open alert with its contents, every manifest's verdict, every limit's that says
anything. Left out: revisions, times of writing, cases, and what fell away. Same events, registry,
clock and book give the same digest, on any machine.
"""

import hashlib
from collections.abc import Iterable

from schemas.alert import Alert, alert_digest
from streams.judging.limit import limit_of
from streams.judging.outcome import Outcome, outcome_digest

__all__ = ["State"]

_SHARED = ("medical/", "plant/", "week/", "trip/", "plate/")


class State:
    """A state as it is put together, and its digest."""

    def __init__(self) -> None:
        self.alerts: dict[str, str] = {}
        """Digest of each open alert's contents, by its id."""
        self.verdicts: dict[str, str] = {}
        """Digest of all that the rules say, by subject."""

    def alert(self, alert: Alert) -> None:
        """Take in an alert, if it is open."""
        if alert.state == "open":
            self.alerts[str(alert.id)] = alert_digest(alert)

    def verdict(self, subject: str, outcomes: Iterable[Outcome]) -> None:
        """Take in a verdict.

        A limit that nothing is drawn on any more, a day left empty, a journey called off say nothing.
        """
        told = list(outcomes)
        shared = limit_of(subject) is not None or subject.startswith(_SHARED)
        if shared and all(o.state == "not_applicable" for o in told):
            return
        digest = hashlib.blake2b(digest_size=16)
        for each in sorted(map(outcome_digest, told)):
            digest.update(each)
        self.verdicts[subject] = digest.hexdigest()

    def join(self, other: "State") -> None:
        """Take in all of another state, of other subjects."""
        self.alerts |= other.alerts
        self.verdicts |= other.verdicts

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in order."""
        whole = hashlib.sha256()
        for kind, lines in (("alert", self.alerts), ("verdict", self.verdicts)):
            for name in sorted(lines):
                whole.update(f"{kind} {name} {lines[name]}\n".encode())
        return whole.hexdigest()

    def differences(self, other: "State") -> list[tuple[str, str]]:
        """Return (what, name) of all that is not the same in both, in order."""
        found: list[tuple[str, str]] = []
        for kind, mine, theirs in (
            ("alert", self.alerts, other.alerts),
            ("verdict", self.verdicts, other.verdicts),
        ):
            found += [
                (kind, name)
                for name in sorted({*mine, *theirs})
                if mine.get(name) != theirs.get(name)
            ]
        return found
