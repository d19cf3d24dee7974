"""The rule book: every rule that is judged, by scope."""

import difflib
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from streams.judging.limit import LimitKind
from streams.judging.registry import RegistryView
from streams.judging.rules.agreement import FINISHED_LATE, USED_AGAIN
from streams.judging.rules.approval_mismatch import (
    WHITELIST_NOT_APPROVAL,
    WRONG_CODE,
    WRONG_METHOD,
    WRONG_RECEIVER,
)
from streams.judging.rules.carrier import NO_PERMIT, PLATE_NOT_ON_PERMIT
from streams.judging.rules.catalogue import UNKNOWN_CODE
from streams.judging.rules.crew import CREW_CERTIFICATE
from streams.judging.rules.cross_province import APPROVAL_NOT_IN_FORCE, NO_APPROVAL
from streams.judging.rules.difference import RECEIVED_DIFFERS
from streams.judging.rules.inbound import INBOUND_BANNED
from streams.judging.rules.insurance import INSURANCE_LAPSED
from streams.judging.rules.journey import TOO_FAST
from streams.judging.rules.licence import RECEIVER_UNLICENSED, SUSPENDED
from streams.judging.rules.licence_scope import CODE_OUT_OF_SCOPE, MODE_OUT_OF_SCOPE
from streams.judging.rules.medical import MEDICAL_RULES, MedicalRule
from streams.judging.rules.number import NUMBER_REGION
from streams.judging.rules.other_cargo import OTHER_CARGO
from streams.judging.rules.parameter import ParameterRefused, Parameters, ParameterSet
from streams.judging.rules.plan import NO_LINE
from streams.judging.rules.plan_quantity import PLAN_EXCEEDED
from streams.judging.rules.quota import CAP_EXCEEDED, QUANTITY_EXCEEDED
from streams.judging.rules.rule import LimitRule, ManifestRule
from streams.judging.rules.scale import SCALE_EXCEEDED
from streams.judging.rules.speakers import CONFLICTING_REPORTS, NOT_ENTITLED
from streams.judging.rules.timeliness import (
    BACK_ENTRY_OVERDUE,
    RECEIPT_OVERDUE,
    STORED_TOO_LONG,
    TRANSIT_OVERDUE,
)
from streams.judging.rules.track import TRACK_RULES, TrackRule
from streams.judging.rules.vehicle import VEHICLE_CERTIFICATE
from streams.judging.severity import SEVERITY, SeverityCuts, cuts_of

if TYPE_CHECKING:
    from streams.judging.ticket import TicketKeys

__all__ = [
    "RULE_BOOK",
    "AnyRule",
    "LimitRule",
    "ManifestRule",
    "MedicalRule",
    "RuleBook",
    "TrackRule",
]

_NO_KEYS: "TicketKeys" = {}
AnyRule = ManifestRule | LimitRule | MedicalRule | TrackRule
_Rule = TypeVar("_Rule", ManifestRule, LimitRule, MedicalRule, TrackRule)


_SEVERITY = "severity"
"""What the cuts of the severity are set under, as if a rule's: they bear on all rules."""


def _with(rule: _Rule, values: ParameterSet, cuts: SeverityCuts) -> _Rule:
    if cuts != rule.cuts:
        rule = rule._replace(cuts=cuts)
    return rule._replace(parameters=rule.parameters.with_values(values)) if values else rule


class RuleBook(NamedTuple):
    """The rules that one run judges by."""

    manifest: tuple[ManifestRule, ...]
    limit: tuple[LimitRule, ...]
    ticket_keys: "TicketKeys" = _NO_KEYS
    """What signs check tickets: an alert tells of a ticket, no rule asks for one."""
    versioned: bool = True
    """Whether versions of the book on record set the parameters; a draft's values are its own."""
    medical: tuple[MedicalRule, ...] = ()
    """Rules of a day of an institution or plant of medical waste."""
    track: tuple[TrackRule, ...] = ()
    """Rules of a vehicle's journey on a manifest, or of a vehicle and all its manifests."""
    severity: Parameters = SEVERITY
    """The cuts by which every rule's findings are more or less grave."""

    @property
    def rules(self) -> tuple[AnyRule, ...]:
        """Return all rules, by id."""
        every: tuple[AnyRule, ...] = (*self.manifest, *self.limit, *self.medical, *self.track)
        return tuple(sorted(every, key=lambda rule: rule.id))

    @property
    def parameter_set(self) -> ParameterSet:
        """Return the parameters that are not as declared, by ``rule.name``."""
        figures = [(_SEVERITY, self.severity), *((r.id, r.parameters) for r in self.rules)]
        return {f"{of}.{name}": value for of, each in figures for name, value in each.changed}

    def with_parameters(self, values: ParameterSet) -> "RuleBook":
        """Return the book with parameters set, by ``rule.name``, whatever version is on record.

        Without any it is the same book, and versions on record count. Raises ParameterRefused.
        """
        if not values:
            return self
        by_rule: dict[str, dict[str, int]] = {rule.id: {} for rule in self.rules}
        by_rule[_SEVERITY] = {}
        for named, value in values.items():
            rule_id, _, name = named.rpartition(".")
            if rule_id not in by_rule:
                near = difflib.get_close_matches(rule_id or named, by_rule, n=1, cutoff=0.4)
                raise ParameterRefused(
                    f"没有规则 {rule_id or named}" + (f"；是否指 {near[0]}" if near else ""),
                    f"there is no rule {rule_id or named}"
                    + (f"; did you mean {near[0]}" if near else ""),
                )
            by_rule[rule_id][name] = value
        severity = self.severity.with_values(by_rule[_SEVERITY])
        cuts, medical = cuts_of(severity), cuts_of(severity, medical=True)
        return self._replace(
            manifest=tuple(_with(rule, by_rule[rule.id], cuts) for rule in self.manifest),
            limit=tuple(_with(rule, by_rule[rule.id], cuts) for rule in self.limit),
            medical=tuple(_with(rule, by_rule[rule.id], medical) for rule in self.medical),
            track=tuple(_with(rule, by_rule[rule.id], cuts) for rule in self.track),
            severity=severity,
            versioned=False,
        )

    def in_force(self, view: RegistryView, at: datetime | None) -> "RuleBook":
        """Return the book with the parameters of the version on record that acts at ``at`` fall under.

        What this program's rules do not have, or cannot take, was meant for another program's.
        """
        version = view.rulebook_version(at) if self.versioned and at is not None else None
        if version is None:
            return self
        question = ("book", id(self), version.id)
        known: tuple[RuleBook, RuleBook] | None = view.remembered.get(question)
        if known is None:
            made = self
            for each in version.parameters:
                with suppress(ParameterRefused):
                    made = made.with_parameters({each.parameter: each.value})
            known = view.remembered.put(
                question, (self, made)
            )  # keeps the one whose id it is under
        return known[1]

    def title(self, rule_id: str) -> tuple[str, str]:
        """Return a rule's title, zh and en."""
        rules: list[AnyRule] = [*self.manifest, *self.limit, *self.medical, *self.track]
        for rule in rules:
            if rule.id == rule_id:
                return rule.title_zh, rule.title_en
        return rule_id, rule_id

    def parameters_of(self, rule_id: str) -> Parameters:
        """Return the figures that a rule judges by in this book. Raises KeyError."""
        return {rule.id: rule.parameters for rule in self.rules}[rule_id]

    def judges(self, kind: LimitKind) -> bool:
        """Whether any rule judges limits of a kind: what nobody judges need not be drawn on."""
        return any(kind in rule.kinds for rule in self.limit)


RULE_BOOK = RuleBook(
    manifest=(
        NO_APPROVAL,
        APPROVAL_NOT_IN_FORCE,
        WRONG_METHOD,
        WRONG_RECEIVER,
        WRONG_CODE,
        WHITELIST_NOT_APPROVAL,
        FINISHED_LATE,
        INBOUND_BANNED,
        RECEIVER_UNLICENSED,
        SUSPENDED,
        CODE_OUT_OF_SCOPE,
        MODE_OUT_OF_SCOPE,
        NO_PERMIT,
        PLATE_NOT_ON_PERMIT,
        VEHICLE_CERTIFICATE,
        CREW_CERTIFICATE,
        INSURANCE_LAPSED,
        NO_LINE,
        NUMBER_REGION,
        UNKNOWN_CODE,
        RECEIVED_DIFFERS,
        NOT_ENTITLED,
        CONFLICTING_REPORTS,
        RECEIPT_OVERDUE,
        BACK_ENTRY_OVERDUE,
        TRANSIT_OVERDUE,
        STORED_TOO_LONG,
        TOO_FAST,
        OTHER_CARGO,
    ),
    limit=(QUANTITY_EXCEEDED, CAP_EXCEEDED, USED_AGAIN, SCALE_EXCEEDED, PLAN_EXCEEDED),
    medical=MEDICAL_RULES,
    track=TRACK_RULES,
)
