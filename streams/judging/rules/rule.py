"""What a rule is, and the words that every rule shares."""

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from schemas.alert import Evidence
from schemas.instant import china_day
from streams.judging.facts import Fact, Facts
from streams.judging.outcome import FOUND, Draw, Outcome, State
from streams.judging.rules.parameter import Parameters
from streams.judging.severity import SEVERITY_CUTS, SeverityCuts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.alert import Severity
    from streams.judging.explanation import Condition
    from streams.judging.limit import LimitKind
    from streams.judging.registry import RegistryView
    from streams.judging.rules.amount import Amount

    Quiet = Callable[["ManifestRule", Facts, RegistryView, datetime | None], bool]

__all__ = [
    "LimitRule",
    "ManifestRule",
    "Said",
    "days_left",
    "event_evidence",
    "last_ended",
    "not_applicable",
    "record_evidence",
    "says",
]

Said = tuple[str, str]
"""A Chinese and an English sentence."""

_REASONS: dict[str, Said] = {
    "not_filed": ("联单尚未填报", "the manifest is not filed yet"),
    "not_moved": ("尚未起运", "the load has not moved"),
    "loading_not_told": ("装载未上报", "no loading was reported"),
    "voided": ("联单已作废", "the manifest was voided"),
    "not_hazardous": ("不含危险废物", "no line is hazardous waste"),
    "same_province": ("移出地与接受地在同一省份", "origin and destination are in one province"),
    "as_intra": ("白名单内转移，视同省内转移", "listed on a white list as inside the province"),
    "exempt": ("属于豁免情形", "an exemption covers this stage"),
    "own_waste": ("自行产生的危险废物，不属经营活动", "the unit's own waste, no business with it"),
    "no_limit": ("登记记录已撤回或未设上限", "the record was retracted or sets no cap"),
    "no_table": ("当时施行的名录没有可核对的表", "no table of the catalogue in force then"),
    "before_the_code": ("行为在法典施行前", "done before the Code came into force"),
    "no_policy_known": (
        "登记库没有承运人和接受人的保险",
        "the registry has no insurance of carrier or receiver",
    ),
    "no_plan_known": (
        "登记库没有该单位当年的管理计划",
        "the registry has no plan of the unit for that year",
    ),
    "no_condition": ("名单未附条件", "no white list sets a condition"),
    "not_received": ("接收尚未确认", "no receipt was confirmed"),
    "not_weighed_twice": (
        "没有两端都称重且全部接受的废物行",
        "no line was weighed at both ends and accepted whole",
    ),
    "refused": ("整车被拒收", "the whole load was refused"),
    "not_treated": ("利用处置未上报", "no treatment was reported"),
    "not_arrived": ("运抵尚未上报", "no arrival was reported"),
    "not_dispatched": ("起运未上报", "no departure was reported"),
    "term_runs": ("期限尚未届满", "the term is still running"),
    "nothing_drawn": ("尚无转移量", "nothing was drawn from it"),
}


_NONE = Parameters()


class ManifestRule(NamedTuple):
    """A rule of manifest scope: ``judge`` returns its outcomes, one per discriminator."""

    id: str
    version: int
    title_zh: str
    title_en: str
    judge: "Callable[[ManifestRule, Facts, RegistryView, datetime | None], Sequence[Outcome]]"
    due: "Callable[[ManifestRule, Facts, RegistryView], datetime | None] | None" = None
    """When time alone may change the outcome (a deadline is armed for it), None if never. ``judge`` is
    given the clock only once that deadline has fired, None before; its outcome says nothing of the
    clock itself. It reads what ``reads`` names."""
    on_reports: bool = False
    """Whether it is about the reports themselves, whatever they amount to: no other reading."""
    gravest: "Severity" = "critical"
    """The greatest severity that the quantity may give its findings."""
    cuts: SeverityCuts = SEVERITY_CUTS
    reads: tuple[str, ...] | None = None
    """All members of the facts that it reads. While they and the registry stay the same it need not
    be asked again; so the clock bears on it by ``due`` alone. None: it is asked each time."""
    parameters: Parameters = _NONE
    """The figures that it judges by."""
    quiet: "Quiet | None" = None
    """Whether it is sure to find nothing, known for less than its words cost; False says nothing. It is
    asked only of loads that were filed and moved and not voided, and may not look at other readings. Rules
    that have one in common are asked once, so such a one goes by no rule's own figures."""


class LimitRule(NamedTuple):
    """A rule of a limit: judged over all draws on it, in order of (time, manifest)."""

    id: str
    version: int
    title_zh: str
    title_en: str
    judge: "Callable[[LimitRule, str, Sequence[Draw], RegistryView, datetime | None], Sequence[Outcome]]"
    kinds: "frozenset[LimitKind]"
    """The kinds of limits that it judges; of another nothing is asked."""
    parameters: Parameters = _NONE
    gravest: "Severity" = "critical"
    """The greatest severity that the quantity may give its findings."""
    cuts: SeverityCuts = SEVERITY_CUTS


class RuleLike(Protocol):
    """What an outcome takes of its rule, whatever that judges."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def parameters(self) -> Parameters: ...
    @property
    def gravest(self) -> "Severity": ...
    @property
    def cuts(self) -> SeverityCuts: ...


def says(
    rule: RuleLike,
    state: State,
    discriminator: str,
    reason: str,
    said: Said | None = None,
    *,
    grams: int = 0,
    unweighed: bool = False,
    amount: "Amount | None" = None,
    conditions: "Sequence[Condition]" = (),
    **more: object,
) -> Outcome:
    """Return an outcome of ``rule``; common reasons bring their sentences along.

    A finding takes its severity here, from its quantity (``amount`` says it with its words), and
    tells it among its conditions.
    """
    zh, en = said or _REASONS[reason]
    if state in FOUND:
        if amount is not None:
            grams, unweighed = amount.grams, amount.unweighed
        more |= {
            "grams": grams,
            "unweighed": unweighed,
            "severity": rule.cuts.severity(grams, unweighed, rule.gravest),
            "conditions": _with_quantity(rule, conditions, grams, unweighed, amount),
        }
    if rule.parameters.changed and state != "not_applicable":
        more["parameters"] = rule.parameters.changed
    if not more:
        return _plain(rule.id, rule.version, state, discriminator, reason, zh, en)
    return Outcome(
        rule=rule.id,
        version=rule.version,
        discriminator=discriminator,
        state=state,
        reason=reason,
        zh=zh,
        en=en,
        **more,  # type: ignore[arg-type]
    )


def _with_quantity(
    rule: RuleLike,
    conditions: "Sequence[Condition]",
    grams: int,
    unweighed: bool,
    amount: "Amount | None",
) -> "tuple[Condition, ...]":
    """Return the conditions with the quantity last of those that belong to no one document."""
    if not grams and not unweighed:
        return tuple(conditions)
    words = (amount.zh, amount.en) if amount is not None else None
    quantity = rule.cuts.explained(grams, unweighed, rule.gravest, words)
    at = next((n for n, each in enumerate(conditions) if each.group_zh), len(conditions))
    return (*conditions[:at], quantity, *conditions[at:])


@lru_cache(2048)
def _plain(
    rule: str, version: int, state: State, discriminator: str, reason: str, zh: str, en: str
) -> Outcome:
    """Return an outcome that has only its sentence: most loads are told the same, so it is kept."""
    return Outcome(
        rule=rule,
        version=version,
        discriminator=discriminator,
        state=state,
        reason=reason,
        zh=zh,
        en=en,
    )


def not_applicable(
    rule: ManifestRule | LimitRule, discriminator: str, reason: str
) -> tuple[Outcome, ...]:
    """Return the single outcome of a rule that has nothing to judge here."""
    return (says(rule, "not_applicable", discriminator, reason),)


def event_evidence(fact: Fact, zh: str, en: str) -> list[Evidence]:
    """Return a fact's event, and the correction that counts for it."""
    found = [Evidence("event", str(fact.ref), fact.ref.digest, zh, en)]
    if fact.corrected is not None:
        found.append(
            Evidence(
                "event",
                str(fact.corrected),
                fact.corrected.digest,
                f"{zh}（更正）",
                f"{en} (corrected)",
            )
        )
    return found


def record_evidence(kind: str, record_id: str, zh: str, en: str) -> Evidence:
    """Return a registry record as evidence."""
    return Evidence("record", f"{kind}/{record_id}", None, zh, en)


def last_ended(records: "Sequence[Any]", at: datetime) -> "Any | None":
    """Return of dated records what ended last before the China day of an instant, if any did."""
    past = [r for r in records if r.valid_to is not None and r.valid_to < china_day(at)]
    return max(past, key=lambda r: (r.valid_to, r.id), default=None)


def days_left(valid_to: object, at: datetime) -> int | None:
    """Return whole China days from the day of ``at`` to ``valid_to``; negative once it is past."""
    if valid_to is None:
        return None
    return (valid_to - china_day(at)).days  # type: ignore[operator, no-any-return]
