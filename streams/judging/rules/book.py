"""The rule book: every rule that is judged, by scope."""

from typing import NamedTuple

from schemas.alert import Severity
from streams.judging.rules.approval_mismatch import (
    WHITELIST_NOT_APPROVAL,
    WRONG_CODE,
    WRONG_METHOD,
    WRONG_RECEIVER,
)
from streams.judging.rules.carrier import NO_PERMIT, PLATE_NOT_ON_PERMIT
from streams.judging.rules.cross_province import APPROVAL_NOT_IN_FORCE, NO_APPROVAL
from streams.judging.rules.inbound import INBOUND_BANNED
from streams.judging.rules.licence import RECEIVER_UNLICENSED, SUSPENDED
from streams.judging.rules.licence_scope import CODE_OUT_OF_SCOPE, MODE_OUT_OF_SCOPE
from streams.judging.rules.quota import CAP_EXCEEDED, QUANTITY_EXCEEDED
from streams.judging.rules.rule import LimitRule, ManifestRule
from streams.judging.rules.scale import SCALE_EXCEEDED
from streams.judging.rules.speakers import CONFLICTING_REPORTS, NOT_ENTITLED
from streams.judging.rules.timeliness import (
    BACK_ENTRY_OVERDUE,
    RECEIPT_OVERDUE,
    TRANSIT_OVERDUE,
)

__all__ = ["RULE_BOOK", "LimitRule", "ManifestRule", "RuleBook"]


class RuleBook(NamedTuple):
    """The rules that one run judges by."""

    manifest: tuple[ManifestRule, ...]
    limit: tuple[LimitRule, ...]

    def title(self, rule_id: str) -> tuple[str, str]:
        """Return a rule's title, zh and en."""
        rules: list[ManifestRule | LimitRule] = [*self.manifest, *self.limit]
        for rule in rules:
            if rule.id == rule_id:
                return rule.title_zh, rule.title_en
        return rule_id, rule_id

    def gravest(self, rule_id: str) -> Severity:
        """Return the greatest severity that a rule's findings may have."""
        for rule in self.manifest:
            if rule.id == rule_id:
                return rule.gravest
        return "critical"


RULE_BOOK = RuleBook(
    manifest=(
        NO_APPROVAL,
        APPROVAL_NOT_IN_FORCE,
        WRONG_METHOD,
        WRONG_RECEIVER,
        WRONG_CODE,
        WHITELIST_NOT_APPROVAL,
        INBOUND_BANNED,
        RECEIVER_UNLICENSED,
        SUSPENDED,
        CODE_OUT_OF_SCOPE,
        MODE_OUT_OF_SCOPE,
        NO_PERMIT,
        PLATE_NOT_ON_PERMIT,
        NOT_ENTITLED,
        CONFLICTING_REPORTS,
        RECEIPT_OVERDUE,
        BACK_ENTRY_OVERDUE,
        TRANSIT_OVERDUE,
    ),
    limit=(QUANTITY_EXCEEDED, CAP_EXCEEDED, SCALE_EXCEEDED),
)
