"""Lawful moves that look like unlawful ones: every rule stays silent, and not one step further.

Each test shows the lawful move and then its nearest neighbour that is not, so that silence is never
that of a rule that says nothing. The simulated world plays each of them too.
"""

from datetime import timedelta
from typing import Any

import pytest

from tests.manifests import (
    CODE,
    CONSIGNOR,
    DAY,
    HEBEI,
    NO_APPROVAL,
    NOT_IN_FORCE,
    OTHER_RECEIVER,
    OUT_OF_SCOPE,
    PERMITS,
    SHANDONG,
    UNLICENSED,
    WRONG_RECEIVER,
    XINJIANG,
    XPCC,
    all_outcomes,
    approval,
    approval_line,
    arrived,
    ban,
    china,
    corrected,
    dispatched,
    exemption,
    filed,
    form,
    licence,
    received,
    voided,
    waste,
    whitelisted,
)

LICENSED = licence()
BATTERY = "900-052-31"
INSIDE = {"destination": "130200"}


def found(said: Any, *records: Any) -> dict[str, str]:
    """Rule to state, for all that an officer or a unit would be told."""
    silent = ("passed", "not_applicable")
    outcomes = all_outcomes(said, *records, *PERMITS, subject=said[0].event.subject)
    return {o.rule: o.state for o in outcomes if o.state not in silent}


def move(*, at: Any = DAY, by: str | None = None, **of: Any) -> list[Any]:
    """A load of 2 t from Hebei to Shandong, filed, driven and accepted, or with other members."""
    receiver = of.get("receiver")
    hours = timedelta(hours=1)
    subject = f"2026{of.get('origin', HEBEI)[:4]}000001"
    return [
        filed(at - 24 * hours, subject=subject, **of),
        dispatched(at, subject=subject),
        arrived(at + 6 * hours, subject=subject),
        received(at + 8 * hours, subject=subject, **({"by": receiver} if receiver else {})),
    ]


def test_inside_one_province() -> None:
    assert found(move(**INSIDE), LICENSED) == {}
    assert found(move(), LICENSED) == {NO_APPROVAL: "violated"}


@pytest.mark.parametrize(
    ("stage", "lawful", "near"),
    [
        ("whole_process", [], []),
        ("transfer", [LICENSED], [UNLICENSED]),
        ("disposal", [approval()], [NO_APPROVAL]),
    ],
)
def test_exempted_at_this_stage_and_at_no_other(stage: str, lawful: Any, near: Any) -> None:
    lifted = exemption(stage)
    assert found(move(), lifted, *lawful) == {}
    assert found(move(), lifted) == dict.fromkeys(near, "violated")
    assert NO_APPROVAL in found(move(), exemption("storage"), *(x for x in lawful if x is LICENSED))


def test_corrected_before_dispatch() -> None:
    first, *rest = move(wastes=[waste(code="900-039-49")])
    before, after = (
        corrected(first, "filed", form(), at, CONSIGNOR)
        for at in (DAY - timedelta(hours=1), DAY + timedelta(hours=9))
    )
    assert found([first, before, *rest], LICENSED, approval()) == {}
    assert OUT_OF_SCOPE in found([first, *rest], LICENSED, approval())
    assert found([first, after, *rest], LICENSED, approval())[OUT_OF_SCOPE] == "needs_review"


def test_voided() -> None:
    first, left, *rest = move()
    on_the_way = DAY + timedelta(hours=2)
    assert found([first, voided(DAY - timedelta(hours=2))]) == {}
    assert found([first, left, voided(on_the_way)]) == {}
    assert found([first, left])[NO_APPROVAL] == "violated"
    after = [first, left, *rest, voided(DAY + timedelta(hours=9))]
    assert found(after)[NO_APPROVAL] == "needs_review"


def test_a_refused_load_that_is_returned() -> None:
    ended = licence(valid_to="2026-09-10")
    late = china("2026-09-10 22:00")
    said = move(at=late, **INSIDE)
    refused = received(late + timedelta(hours=8), opinion="refused")
    assert found([*said[:3], refused], ended) == {}
    assert found(said, ended) == {UNLICENSED: "violated"}


def test_the_last_minute_of_an_approvals_last_day_in_china() -> None:
    ends = approval(valid_to="2026-09-10")
    assert found(move(at=china("2026-09-10 23:59:59")), LICENSED, ends) == {}
    assert found(move(at=china("2026-09-11 00:00")), LICENSED, ends) == {NOT_IN_FORCE: "violated"}


def test_a_licence_that_ends_the_day_after_receipt() -> None:
    assert found(move(**INSIDE), licence(valid_to="2026-09-11")) == {}
    assert found(move(**INSIDE), licence(valid_to="2026-09-10")) == {}
    assert found(move(**INSIDE), licence(valid_to="2026-09-09")) == {UNLICENSED: "violated"}


def test_two_receivers_on_one_letter() -> None:
    second = approval_line(2, receiver=OTHER_RECEIVER, destination="410100")
    both, one = approval(lines=[approval_line(), second]), approval()
    elsewhere = {"receiver": OTHER_RECEIVER, "destination": "410100"}
    papers = [LICENSED, licence("lic-2", holder=OTHER_RECEIVER)]
    assert found(move(), both, *papers) == {}
    assert found(move(**elsewhere), both, *papers) == {}
    assert found(move(**elsewhere), one, *papers) == {WRONG_RECEIVER: "violated"}


def test_an_approval_by_a_city() -> None:
    city = {"origin": "130200", "decider": "唐山市生态环境局"}
    assert found(move(), LICENSED, approval(**city)) == {}
    assert found(move(), LICENSED, approval(**city | {"origin": "140100"}))[NO_APPROVAL]


def test_the_battery_pilot_inside_its_dates() -> None:
    pilot = whitelisted(codes=[BATTERY], valid_to="2026-09-30")
    papers = [pilot, licence(scope=[{"codes": [BATTERY], "modes": ["disposal"]}])]
    load = {"wastes": [waste(code=BATTERY)]}
    assert found(move(at=china("2026-09-30 23:59:59"), **load), *papers) == {}
    after = found(move(at=china("2026-10-01 00:00"), **load), *papers)
    assert after == {NO_APPROVAL: "violated"}
    assert found(move(), pilot, LICENSED) == {NO_APPROVAL: "violated"}


@pytest.mark.parametrize(("origin", "destination"), [(XPCC, XINJIANG), (XINJIANG, XPCC)])
def test_between_xpcc_and_xinjiang(origin: str, destination: str) -> None:
    assert found(move(origin=origin, destination=destination), LICENSED) == {}
    banned = ban(destination=destination[:2] + "0000", codes=[CODE])
    assert found(move(origin=origin, destination=destination), LICENSED, banned) == {}
    beyond = found(move(origin=origin, destination=SHANDONG), LICENSED)
    assert beyond == {NO_APPROVAL: "violated"}


def test_the_consignors_other_site() -> None:
    """The firm is registered in Hebei; where the load leaves from is what counts."""
    assert found(move(origin="370200"), LICENSED) == {}
    assert found(move(origin="140100"), LICENSED, approval())[NO_APPROVAL] == "violated"
