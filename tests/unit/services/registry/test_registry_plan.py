"""What an import would change, and how two versions differ, without a database."""

import json
from typing import Any

from services.registry import Effect
from services.registry.difference import differences
from services.registry.plan import Plan, plan_changes
from services.registry.record_file import FileForm, read_file
from services.registry.wire import meaning
from tests.manifests import credit_code

FIRM = credit_code(1)


def unit(n: int = 1, **more: Any) -> bytes:
    said = {"kind": "unit", "id": f"u-{n}", "uscc": FIRM, "name": "示例厂", "region": "130100"}
    return json.dumps(said | more, ensure_ascii=False).encode()


def plan(lines: list[bytes], *known: bytes) -> Plan:
    stands = {(b["kind"], b["id"]): raw for raw in known if (b := json.loads(raw))}
    return plan_changes(read_file(b"\n".join(lines), FileForm.NDJSON), stands)


def effects(planned: Plan) -> list[str]:
    return [str(p.effect) for p in planned.planned]


def test_each_record_is_new_changed_unchanged_or_retracted() -> None:
    known = [unit(1), unit(2), unit(3)]
    lines = [unit(1), unit(2, region="130200"), unit(3, retracted=True), unit(4)]
    assert effects(plan(lines, *known)) == ["unchanged", "changed", "retracted", "new"]


def test_other_bytes_of_the_same_meaning_are_unchanged() -> None:
    said = json.loads(unit(1))
    other = json.dumps(dict(reversed(said.items())) | {"retracted": False}, indent=None).encode()
    assert effects(plan([other], unit(1))) == ["unchanged"]


def test_what_a_file_says_of_the_time_of_recording_is_no_change() -> None:
    line = unit(1, recorded_at="2026-01-01T00:00:00Z")
    assert effects(plan([line], unit(1))) == ["unchanged"]


def test_a_file_whose_last_version_stands_already_changes_nothing() -> None:
    older, newer = unit(1), unit(1, region="130200")
    assert effects(plan([older, newer], newer)) == ["unchanged", "unchanged"]


def test_versions_within_a_file_are_kept_in_its_order() -> None:
    done = plan([unit(1), unit(1, region="130200"), unit(1)], unit(1, region="140100"))
    assert effects(done) == ["changed", "changed", "changed"]
    assert done.planned[2].before == unit(1, region="130200")


def test_a_record_that_comes_back_after_its_retraction_is_a_change() -> None:
    done = plan([unit(1)], unit(1, retracted=True))
    assert done.count(Effect.CHANGED) == len(done.writes) == 1


def licence(**more: Any) -> dict[str, Any]:
    said = {
        "kind": "licence", "id": "l-1", "number": "1301", "holder": FIRM, "region": "130100",
        "register_type": "use_disposal", "annual_scale_t": 5000,
        "scope": [{"codes": ["900-041-49"], "modes": ["disposal"]}],
    }  # fmt: skip
    return meaning(json.dumps(said | more).encode())


def test_differences_are_told_member_by_member_in_both_languages() -> None:
    scope = [{"codes": ["900-041-49", "900-039-49"], "modes": ["disposal"]}]
    after = licence(annual_scale_t=6000, scope=scope, valid_to="2026-12-31")
    assert [tuple(d) for d in differences("licence", licence(), after)] == [
        ("valid_to", "有效期止", "valid to", "", "2026-12-31"),
        ("scope[1].codes", "废物代码", "waste codes", "900-041-49", "900-041-49;900-039-49"),
        ("annual_scale_t", "年经营规模（吨）", "annual scale (t)", "5000", "6000"),
    ]
    assert differences("licence", after, after) == []


def test_a_line_of_an_approval_is_followed_by_its_number_not_its_place() -> None:
    def approval(*lines: tuple[int, int]) -> dict[str, Any]:
        said = {
            "kind": "transfer_approval", "id": "a", "document": "示环转1号",
            "decided_on": "2026-01-05", "decision": "approved", "consignor": FIRM,
            "origin": "130000",
            "lines": [
                {"line": n, "code": "900-041-49", "name": "废物", "quantity_t": t,
                 "purpose": "disposal", "receiver": FIRM, "destination": "140000"}
                for n, t in lines
            ],
        }  # fmt: skip
        return meaning(json.dumps(said).encode())

    found = differences("transfer_approval", approval((1, 5), (2, 6)), approval((2, 7), (1, 5)))
    assert [(d.member, d.before, d.after) for d in found] == [("line[2].quantity_t", "6", "7")]
    gone = differences("transfer_approval", approval((1, 5), (2, 6)), approval((2, 6)))
    (lost,) = gone
    assert (lost.member, lost.zh, lost.after) == ("line[1]", "事项", "")
    assert lost.before.startswith("line 1, code 900-041-49, edition 2021, name 废物, quantity_t 5")
