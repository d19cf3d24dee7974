"""The rules, one file a family. A rule is a pure function of facts, registry view and clock."""

from streams.judging.rules.book import (
    RULE_BOOK,
    AnyRule,
    LimitRule,
    ManifestRule,
    MedicalRule,
    RuleBook,
    TrackRule,
)

__all__ = [
    "RULE_BOOK",
    "AnyRule",
    "LimitRule",
    "ManifestRule",
    "MedicalRule",
    "RuleBook",
    "TrackRule",
]
