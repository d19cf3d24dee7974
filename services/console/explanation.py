"""Why an alert stands: the outcome of its rule, and what else was checked on the same subject.

Outcomes are read as stored (``manifest.outcomes``): members that say nothing are left out, and an
older judge knew fewer of them, so every member may be missing.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from schemas.alert import Alert

__all__ = ["Condition", "Cure", "Explanation", "Said", "explain"]


class Said(NamedTuple):
    """The same words in both languages; empty where nothing was said."""

    zh: str
    en: str


class Condition(NamedTuple):
    """One thing that was compared. ``holds`` None: an officer must look.

    ``role``: ``applies`` (why the rule is asked at all), ``requires`` (what the law asks of the act)
    or ``figure`` (what stands behind the others, and asks for nothing).
    """

    name: Said
    value: Said
    threshold: Said
    holds: bool | None
    role: str
    margin: str | None
    group: Said


class Cure(NamedTuple):
    """One thing that would have made the act legal, and whose it was to do."""

    sentence: Said
    party: str | None


class Explanation(NamedTuple):
    """What a judge wrote about one alert; empty parts where it wrote nothing."""

    outcome: Mapping[str, Any] | None
    groups: tuple[tuple[Said, tuple[Condition, ...]], ...]
    """Conditions in the order in which they are to be read, those of one document together."""
    cures: tuple[Cure, ...]
    passed: tuple[Mapping[str, Any], ...]


_ROLES = ("applies", "requires", "figure")
_PARTIES = ("consignor", "carrier", "receiver", "authority")


def explain(alert: Alert, outcomes: Sequence[Mapping[str, Any]] | None) -> Explanation:
    """Return the explanation of an alert from all outcomes of its subject."""
    said = outcomes or ()
    own = next(
        (
            o
            for o in said
            if o.get("rule") == alert.rule and o.get("discriminator") == alert.discriminator
        ),
        None,
    )
    conditions = [_condition(c) for c in (own or {}).get("conditions") or ()]
    return Explanation(
        own,
        tuple((group, tuple(each)) for group, each in groupby(conditions, lambda c: c.group)),
        tuple(_cure(c) for c in (own or {}).get("cures") or ()),
        tuple(o for o in said if o.get("state") == "passed"),
    )


def _condition(stored: Mapping[str, Any]) -> Condition:
    role = stored.get("role", "requires")
    return Condition(
        _said(stored, ""),
        _said(stored, "value_"),
        _said(stored, "threshold_"),
        stored.get("holds"),
        role if role in _ROLES else "requires",
        stored.get("margin"),
        _said(stored, "group_"),
    )


def _cure(stored: Mapping[str, Any]) -> Cure:
    party = stored.get("party")
    return Cure(_said(stored, ""), party if party in _PARTIES else None)


def _said(stored: Mapping[str, Any], prefix: str) -> Said:
    zh, en = (str(stored.get(f"{prefix}{language}") or "") for language in ("zh", "en"))
    return Said(zh or en, en or zh)
