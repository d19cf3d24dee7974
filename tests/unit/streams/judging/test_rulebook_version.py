"""Versions on record: acts from their day on are judged by their parameters, those before are not."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from streams.judging.decision import decide_manifest
from streams.judging.fold import fold
from streams.judging.judge import judge_manifest
from streams.judging.registry import RecordVersion, RegistryView, touches
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import union
from tests.manifests import NUMBER, arrived, china, dispatched, filed, licence, record

RULE = "time.receipt_overdue"
EVE, DAY = china("2026-09-09 23:59:59"), china("2026-09-10 00:00:00")
LATER = china("2026-12-01 00:00:00")


def version(number: str = "2026-09-10.001", days: int = 1, **more: Any) -> Any:
    values = {f"{RULE}.days": days, "of.another.program": 3}
    return record(
        "rulebook_version", number,
        parameters=[{"parameter": name, "value": value} for name, value in values.items()],
        **{"valid_from": "2026-09-10"} | more,
    )  # fmt: skip


def view_of(*lines: Any) -> RegistryView:
    return RegistryView.known_at(lines)


def due(left: datetime, *lines: Any) -> datetime:
    said = union([filed(left - timedelta(hours=1)), dispatched(left), arrived(left)])
    judged = judge_manifest(fold(NUMBER, said, view_of()), view_of(licence(), *lines), LATER)
    return dict(judged.due)[RULE]


def test_the_day_divides_to_the_second() -> None:
    assert due(EVE) == due(EVE, version())
    assert due(DAY) == china("2026-09-18 00:00:00")  # five working days after the 10th
    assert due(DAY, version()) == china("2026-09-12 00:00:00")


def test_of_several_in_force_the_one_that_took_effect_last_holds() -> None:
    first, second = version(), version("2026-09-10.002", days=2)
    assert due(DAY, first, second) == due(DAY, second, first) == china("2026-09-15 00:00:00")
    ended = version("2026-09-10.003", days=3, valid_to="2026-09-09", valid_from="2026-09-01")
    assert due(DAY, ended) == due(DAY)
    assert due(DAY, version(retracted=True)) == due(DAY)


def test_a_version_is_a_whole_set() -> None:
    declared = record("rulebook_version", "2026-09-10.004", valid_from="2026-09-10", parameters=[])
    assert due(DAY, version(), declared) == due(DAY)


def test_what_it_changed_is_told_with_the_outcome() -> None:
    said = union([filed(DAY - timedelta(hours=1)), dispatched(DAY), arrived(DAY)])
    view = view_of(licence(), version())
    outcomes = judge_manifest(fold(NUMBER, said, view), view, LATER).outcomes
    (found,) = [o for o in outcomes if o.rule == RULE]
    assert (found.state, found.parameters) == ("violated", (("days", 1),))


def test_a_drafts_own_parameters_hold_whatever_is_on_record() -> None:
    said = union([filed(DAY - timedelta(hours=1)), dispatched(DAY), arrived(DAY)])
    view = view_of(licence(), version())
    draft = RULE_BOOK.with_parameters({f"{RULE}.days": 4})
    judged = judge_manifest(fold(NUMBER, said, view), view, LATER, draft)
    assert dict(judged.due)[RULE] == china("2026-09-17 00:00:00")


def test_a_verdict_built_on_the_last_one_takes_a_new_version_up() -> None:
    said = [filed(DAY - timedelta(hours=1)), dispatched(DAY), arrived(DAY)]
    view = view_of(licence())
    before = decide_manifest(NUMBER, None, said, view, LATER)
    view.apply([RecordVersion(2, version())])
    after = decide_manifest(NUMBER, before.held, (), view, LATER)
    assert before.held.memo.fires[RULE][0] > after.held.memo.fires[RULE][0]


def test_it_bears_on_every_load_of_its_years_and_on_licences_and_plans() -> None:
    touched = touches(version(valid_to="2027-03-01"))
    assert touched.marks == ("calendar/2026", "calendar/2027")
    assert touched.limits == ("licence/", "plan/")


@pytest.mark.parametrize("wrong", ["no day", "twice", "words"])
def test_what_is_no_version_is_refused(wrong: str) -> None:
    value = {"parameter": f"{RULE}.days", "value": 3}
    parameters = {"no day": [value], "twice": [value, value], "words": [value | {"value": "many"}]}
    first = {} if wrong == "no day" else {"valid_from": "2026-09-10"}
    body = {"kind": "rulebook_version", "id": "v", "parameters": parameters[wrong], **first}
    with pytest.raises(NotUnderstood) as refused:
        decode_registry_record(json.dumps(body).encode())
    pointers = {"no day": "/valid_from", "twice": "", "words": "/parameters/0/value"}
    assert [p.pointer for p in refused.value.problems] == [pointers[wrong]]
