"""Weights: as told, converted from a count, or not known; and what findings say of them."""

from typing import Any

import pytest
from manifests import (
    CARRIER,
    CONSIGNOR,
    DAY,
    NO_APPROVAL,
    NO_PERMIT,
    RECEIVER,
    UNLICENSED,
    approval,
    corrected,
    dispatched,
    facts,
    filed,
    form,
    licence,
    outcomes,
    permit,
    registry,
    say,
    waste,
)

from streams.judging.alerts import alert_changes, manifest_parties
from streams.judging.decision import decide_manifest

T = 1_000_000


def pieces(count: int | None, each: Any = None, tonnes: Any = None, n: int = 1) -> dict[str, Any]:
    return waste(n, tonnes=tonnes, packages=count, package_t=each)


def loaded(tonnes: Any = None, count: int | None = None) -> Any:
    return dispatched(wastes=[{"line": 1, "quantity_t": tonnes, "packages": count}])


def accepted(tonnes: Any = None, count: int | None = None, opinion: str = "accepted") -> Any:
    line = {"line": 1, "opinion": opinion, "accepted_t": tonnes, "accepted_packages": count}
    return say("received", {"opinion": opinion, "wastes": [line]}, by=RECEIVER)


FILED_SO = [
    # filed; then said; grams shipped, grams in the end
    (pieces(20, "0.18"), [], 3_600_000, 3_600_000),
    (pieces(20, "0.18", tonnes=3), [], 3 * T, 3 * T),
    (pieces(20), [], None, None),
    (pieces(20), [loaded(3)], 3 * T, 3 * T),
    (pieces(20, "0.18"), [loaded(count=10)], 1_800_000, 1_800_000),
    (pieces(20, "0.18"), [loaded(2, 10)], 2 * T, 2 * T),
    (pieces(20), [loaded(count=10)], None, None),
    # the same count was weighed
    (pieces(20, "0.18", tonnes=3), [loaded(count=20)], 3 * T, 3 * T),
    (pieces(20, "0.18"), [loaded(3, 20), accepted(count=20)], 3 * T, 3 * T),
    # a part of it: by the weight of one, else by the mean
    (pieces(20, "0.18"), [loaded(3, 20), accepted(count=10)], 3 * T, 1_800_000),
    (pieces(20, tonnes="3.5"), [accepted(count=18, opinion="partly")], 3_500_000, 3_150_000),
    (pieces(3, tonnes=1), [accepted(count=1, opinion="partly")], T, 333_333),
    (pieces(20), [loaded(4, 20), accepted(count=10, opinion="partly")], 4 * T, 2 * T),
    # a weight without a count is the whole line's, and of no part
    (waste(tonnes=10), [loaded(count=40)], 10 * T, 10 * T),
    (waste(tonnes=10), [loaded(count=40), accepted(count=40)], 10 * T, 10 * T),
    (waste(tonnes=10), [accepted(count=5, opinion="partly")], 10 * T, None),
    (waste(tonnes=10), [loaded(count=40), accepted(count=5)], 10 * T, None),
    (pieces(20), [loaded(4), accepted(count=10)], 4 * T, None),
    # zero is not unknown
    (pieces(20), [accepted(count=0, opinion="refused")], None, 0),
    (pieces(20, "0.18"), [accepted(0, 20)], 3_600_000, 0),
    (pieces(20, "0.18"), [loaded(0, 20)], 0, 0),
    (pieces(20), [accepted("0.5", 20)], None, 500_000),
]


@pytest.mark.parametrize(("line", "said", "shipped", "grams"), FILED_SO)
def test_a_count_is_converted_by_what_was_said_of_it_and_by_nothing_else(
    line: Any, said: Any, shipped: int | None, grams: int | None
) -> None:
    gone = said if said and said[0].verb == "dispatched" else [dispatched(), *said]
    found = facts(filed(wastes=[line]), *gone)
    (only,) = found.form.wastes
    assert (found.shipped_grams(only), found.grams(only)) == (shipped, grams)
    assert found.shipped(only).grams == shipped


def test_what_is_said_of_another_line_bears_on_none() -> None:
    said = [filed(wastes=[pieces(20), waste(2, tonnes=7)]), dispatched(
        wastes=[{"line": 2, "quantity_t": 5}]
    )]  # fmt: skip
    first, second = facts(*said).form.wastes
    assert facts(*said).grams(first) is None
    assert facts(*said).grams(second) == 5 * T


# What findings say --------------------------------------------------------------------------------


def finding(*wastes: Any, said: Any = (), rule: str = NO_APPROVAL, given: Any = ()) -> Any:
    return outcomes([filed(wastes=wastes), *(said or [dispatched()])], *given)[rule]


SENTENCES = [
    ([waste(tonnes=12)], "共 12 吨由", "sent 12 t of", 12 * T, False),
    ([pieces(20, "0.18")], "共 3.6 吨（20 件 × 0.18 吨）由",
     "sent 3.6 t (20 packages × 0.18 t) of", 3_600_000, False),
    ([pieces(1, "0.18")], "共 0.18 吨（1 件 × 0.18 吨）由", "(1 package × 0.18 t)", 180_000, False),
    ([pieces(20, "0.18"), waste(2, tonnes=2)], "共 5.6 吨（其中 20 件 × 0.18 吨）由",
     "sent 5.6 t (of it 20 packages × 0.18 t) of", 5_600_000, False),
    ([pieces(20)], "共 20 件（重量未填）由", "sent 20 packages (weight not given) of", 0, True),
    ([pieces(20), pieces(1, n=2)], "共 21 件（重量未填）由", "sent 21 packages (weight", 0, True),
    ([waste(tonnes=2), pieces(20, n=2)], "共 2 吨，另 20 件（重量未填）由",
     "sent 2 t and 20 packages (weight not given) of", 2 * T, True),
    ([pieces(9), pieces(20, "0.18", n=2)], "共 3.6 吨（20 件 × 0.18 吨），另 9 件（重量未填）由",
     "sent 3.6 t (20 packages × 0.18 t) and 9 packages (weight not given) of", 3_600_000, True),
]  # fmt: skip


@pytest.mark.parametrize(("wastes", "zh", "en", "grams", "unweighed"), SENTENCES)
def test_a_finding_hides_neither_a_conversion_nor_a_gap(
    wastes: Any, zh: str, en: str, grams: int, unweighed: bool
) -> None:
    found = finding(*wastes)
    assert found.state == "violated"
    assert zh in found.zh
    assert en in found.en
    assert (found.grams, found.unweighed) == (grams, unweighed)


def test_a_mean_is_told_with_what_it_comes_from() -> None:
    found = finding(pieces(20, tonnes="3.5"), said=[loaded(count=18)])
    assert "共 3.15 吨（18 件，按 20 件 3.5 吨折算）" in found.zh
    assert "3.15 t (18 packages at 3.5 t per 20)" in found.en


GIVEN: dict[str, Any] = {
    NO_PERMIT: [approval(), licence()],
    UNLICENSED: [approval(), permit()],
    NO_APPROVAL: [licence(), permit()],
}


@pytest.mark.parametrize("rule", GIVEN)
def test_every_family_says_pieces_and_weighs_them_the_same(rule: str) -> None:
    found = finding(pieces(20), rule=rule, given=GIVEN[rule])
    assert found.state == "violated"
    assert "20 件（重量未填）" in found.zh
    assert "20 packages (weight not given)" in found.en
    assert (found.grams, found.unweighed) == (0, True)


@pytest.mark.parametrize(
    ("wastes", "severity"),
    [
        ([waste(tonnes="0.5")], "low"), ([pieces(2)], "medium"),
        ([waste(tonnes="0.5"), pieces(2, n=2)], "medium"),
        ([waste(tonnes=4), pieces(2, n=2)], "high"), ([waste(tonnes=10), pieces(2, n=2)], "critical"),
        ([waste(tonnes=0)], "low"),
    ],
)  # fmt: skip
def test_a_missing_weight_is_never_of_the_lowest_severity_nor_lowers_one(
    wastes: Any, severity: str
) -> None:
    said = [filed(wastes=wastes), dispatched()]
    decision = decide_manifest(said[0].event.subject, None, said, registry(), None)
    alert = next(c.alert for c in decision.alerts if c.alert.rule == NO_APPROVAL)
    assert alert.severity == severity
    assert bool(alert.unweighed) is any(w.get("quantity_t") is None for w in wastes)


def test_an_alert_with_a_weight_is_written_as_it_was_before_weights_could_be_missing() -> None:
    said = [filed(), dispatched()]
    decision = decide_manifest(said[0].event.subject, None, said, registry(), None)
    assert decision.alerts
    assert all(b"unweighed" not in m.body for m in decision.held.memo.alerts.values())
    parties = manifest_parties(facts(*said))
    assert parties.consignor == CONSIGNOR
    memo, changes = alert_changes(
        said[0].event.subject, parties, decision.outcomes, decision.held.memo.alerts
    )
    assert (memo, changes) == (decision.held.memo.alerts, [])


def test_a_weight_given_after_arrival_is_no_conclusion_changed() -> None:
    bare = filed(id="f", wastes=[pieces(20)])
    there = say("arrived", {"carrier": CARRIER}, by=CARRIER, at=DAY)
    mended = corrected(
        bare, "filed", form(wastes=[pieces(20, "0.18")]), DAY.replace(day=12), CONSIGNOR
    )
    found = outcomes([bare, dispatched(), there, mended], licence(), permit())[NO_APPROVAL]
    assert (found.state, found.grams, found.unweighed) == ("violated", 3_600_000, False)
