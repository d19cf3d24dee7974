"""名录: a hazardous waste under a code that the catalogue in force does not list, as far as is known.

Basis: order 23 Art 10, the manifest gives the waste's code; a code is read in the edition in force at
the dispatch, and one that is well formed and unknown is for review (domain 9). Only the 2021 edition
is at hand as a table, so nothing is said of acts before it, nor of what the 2025 edition may have added.
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.instant import china_day
from schemas.waste_code import edition_in_force, in_catalogue
from streams.judging.explanation import Cure
from streams.judging.facts import Facts
from streams.judging.law import order_23
from streams.judging.outcome import Outcome, china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.amount import shipped
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import condition, some
from streams.judging.rules.rule import ManifestRule, event_evidence, not_applicable, says
from streams.judging.rules.transfer import TRANSFER, codes, names, nothing_to_judge

__all__ = ["CATALOGUE_LAW", "UNKNOWN_CODE"]

_FIRST_TABLE = 2021
_ADDED_TO = ("321-", "-48")
"""Smelting of tin: the 2025 edition added four codes (domain 5.1), which the table lacks."""
CATALOGUE_LAW = (
    order_23(
        "第十条",
        "移出人如实填写联单中危险废物的种类",
        "the consignor states the kind of waste truly",
        "consignor",
    ),
)


def _unknown_code(
    rule: ManifestRule, facts: Facts, view: RegistryView, now: datetime | None
) -> Sequence[Outcome]:
    reason, moved = nothing_to_judge(facts), facts.moved
    if reason is not None or moved is None:
        return not_applicable(rule, "-", reason or "not_moved")
    edition = edition_in_force(china_day(moved.at))
    if edition < _FIRST_TABLE:
        return not_applicable(rule, "-", "no_table")
    unknown = [w for w in facts.hazardous if not _listed(w.code, edition)]
    if not unknown:
        said = ("废物代码在名录内", "the codes stand in the catalogue")
        return (says(rule, "passed", "-", "listed", said),)
    amount = shipped(facts, unknown)
    said = (
        f"{china_text(moved.at)}，{facts.form.consignor.name}以{names(unknown)}运出共 {amount.zh}，"
        f"该代码未见于现有名录表（{edition} 年版施行期间），须人工核查。",
        f"{facts.form.consignor.name} shipped {amount.en} as {codes(unknown)} on "
        f"{china_text(moved.at)} (China time); the catalogue at hand lists no such code (edition of "
        f"{edition} in force): to be checked.",
    )
    evidence = event_evidence(moved, "起运", "dispatch")
    if facts.filed is not None:
        evidence += event_evidence(facts.filed, "联单填报", "manifest as filed")
    told = some(w.code for w in unknown)
    return (
        says(
            rule,
            "needs_review",
            "-",
            "not_listed",
            said,
            amount=amount,
            act_at=moved.at,
            evidence=tuple(evidence),
            law=CATALOGUE_LAW,
            conditions=(
                *scope.transfer(facts, unknown),
                condition(
                    ("废物代码在名录内", "the code stands in the catalogue"),
                    told,
                    (
                        f"{edition} 年版（按 2021 年版的表核对）",
                        f"edition {edition}, by the table of 2021",
                    ),
                    holds=None,
                ),
            ),
            cures=(
                Cure(
                    zh="若代码填写有误，由移出人更正联单。",
                    en="If the code was filled in wrongly, the consignor corrects the manifest.",
                    party="consignor",
                    kind="liandan.manifest.corrected.v1",
                ),
                Cure(
                    zh="若为新版名录增列的代码，核对名录原文后按误报关闭。",
                    en="If a newer edition added the code, look it up there and close this.",
                    party="authority",
                ),
            ),
        ),
    )


def _all_listed(
    _rule: ManifestRule, facts: Facts, _view: RegistryView, _now: datetime | None
) -> bool:
    if facts.moved is None:
        return True
    edition = edition_in_force(china_day(facts.moved.at))
    return all(_listed(w.code, edition) for w in facts.hazardous)


def _listed(code: str, edition: int) -> bool:
    """Whether a code is known, or is of the industry to which the 2025 edition added some."""
    if edition > _FIRST_TABLE and code.startswith(_ADDED_TO[0]) and code.endswith(_ADDED_TO[1]):
        return True
    return in_catalogue(code, edition) is True


UNKNOWN_CODE = ManifestRule(
    "form.unknown_code",
    1,
    "废物代码未见于名录",
    "code not in the catalogue at hand",
    _unknown_code,
    gravest="medium",
    reads=TRANSFER,
    quiet=_all_listed,
)
