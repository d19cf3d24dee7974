"""Why an alert stands: the outcome of its rule, and what else was checked on the same subject.

Outcomes are read as stored (``manifest.outcomes``): an older judge wrote fewer members, so every
member may be missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas.alert import Alert

__all__ = ["Condition", "Explanation", "Sentence", "explain"]


class Sentence(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str


class Condition(NamedTuple):
    """One condition of a rule: what was found, what the law wants, and whether that holds."""

    zh: str
    en: str
    value: str
    threshold: str
    holds: bool | None


class Explanation(NamedTuple):
    """What a judge wrote about one alert; empty parts where it wrote nothing."""

    outcome: Mapping[str, Any] | None
    conditions: tuple[Condition, ...]
    cures: tuple[Sentence, ...]
    passed: tuple[Mapping[str, Any], ...]


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
    return Explanation(
        own,
        tuple(_condition(c) for c in (own or {}).get("conditions") or ()),
        tuple(_sentence(c) for c in (own or {}).get("cures") or ()),
        tuple(o for o in said if o.get("state") == "passed"),
    )


def _condition(stored: Any) -> Condition:
    names = ("name_zh", "name_en", "value", "threshold", "holds")
    if isinstance(stored, Mapping):
        stored = [stored.get(name) for name in names]
    zh, en, value, threshold, holds = [*stored, *[None] * len(names)][: len(names)]
    return Condition(_text(zh), _text(en) or _text(zh), _text(value), _text(threshold), holds)


def _sentence(stored: Any) -> Sentence:
    if isinstance(stored, Mapping):
        stored = [stored.get("zh"), stored.get("en")]
    elif isinstance(stored, str):
        stored = [stored, stored]
    zh, en = [*stored, None, None][:2]
    return Sentence(_text(zh), _text(en) or _text(zh))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
