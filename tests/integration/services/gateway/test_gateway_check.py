"""``POST /v1/check`` on a real socket: the same judge, nothing stored, a ticket that verifies."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from infra.local.stack import LocalStack
from infra.runtime.ticket_keys import PublicKeys, new_ticket_key
from services.registry.change_set import write_change_set
from streams.judging.statement import read_statement
from streams.judging.ticket import form_digest, read_ticket
from tests.gateway_events import event
from tests.integration.services.gateway.gateway_served import Served, Unit, key_on, known
from tests.manifests import HEBEI, SHANDONG, approval_members, credit_code, form, record_line

SERIAL = iter(range(9100, 9900))
TABLES = "SELECT (SELECT count(*) FROM manifest), (SELECT count(*) FROM draw), (SELECT count(*) FROM event_log)"


class Checking:
    def __init__(self, served: Served, unit: Any, keys: PublicKeys) -> None:
        self.served, self.unit, self.keys = served, unit, keys
        self.number = f"2026130190{next(SERIAL):04d}"

    def draft(self, **more: Any) -> bytes:
        given = {"consignor": self.unit.uscc, "origin": HEBEI, "destination": HEBEI} | more
        return event(
            f"draft-{self.number}", source=self.unit.uscc, subject=self.number,
            type="liandan.manifest.filed.v1", data=form(**given),
        )  # fmt: skip

    async def ask(self, body: bytes, media_type: str = "application/json") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.unit.key.token}", "Content-Type": media_type}
        return await self.served.http.post("/v1/check", content=body, headers=headers)


@pytest.fixture
async def checking(serve: Any, new_unit: Any, tmp_path: Path) -> Any:
    new_ticket_key(tmp_path / "tickets")
    unit = await new_unit()
    async with serve() as served:
        await known(served, unit.key)
        yield Checking(served, unit, PublicKeys(tmp_path / "tickets"))


async def test_a_draft_is_answered_by_every_rule_and_nothing_is_stored(
    checking: Checking, postgres: Any
) -> None:
    before = tuple(await postgres.fetchrow(TABLES))
    answer = await checking.ask(checking.draft(destination=SHANDONG))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["outcome"] == "red"
    states = {o["rule"]: o for o in told["outcomes"]}
    bare = states["cross_province.no_approval"]
    assert bare["state"] == "violated"
    assert bare["law"]
    assert bare["cures"]
    assert all(e["kind"] == "record" for o in told["outcomes"] for e in o["evidence"])
    assert states["time.receipt_overdue"]["state"] == "not_applicable"
    assert told["stored"] is False
    assert tuple(await postgres.fetchrow(TABLES)) == before


async def test_the_ticket_binds_contents_unit_registry_and_outcome(checking: Checking) -> None:
    body = checking.draft()
    told = (await checking.ask(body)).json()
    ticket = read_ticket(told["ticket"], checking.keys)
    assert (ticket.unit, ticket.outcome) == (checking.unit.uscc, told["outcome"])
    assert ticket.registry_seq == told["registry_seq"]

    assert ticket.digest == form_digest(read_statement(body, 1).event.data)
    assert ticket.expires_at - ticket.issued_at == 7200
    keys = (await checking.served.http.get("/v1/ticket-keys")).json()["keys"]
    assert [key["kid"] for key in keys] == [ticket.key]
    assert keys[0]["crv"] == "Ed25519"


async def test_a_new_record_counts_at_the_next_check_and_a_limit_that_others_used_is_told(
    checking: Checking, stack: LocalStack, postgres: Any
) -> None:
    body = checking.draft(destination=SHANDONG)
    assert (await checking.ask(body)).json()["outcome"] == "red"
    name = f"check-{checking.number}"
    today = datetime.now(UTC).date()
    period = {
        "valid_from": str(today - timedelta(days=9)),
        "valid_to": str(today + timedelta(days=9)),
    }
    members = approval_members(consignor=checking.unit.uscc, **period)
    await write_change_set(
        stack.settings.database_registry,
        [record_line("transfer_approval", name, **members)],
        "test",
    )
    told = (await checking.ask(body)).json()
    states = {o["rule"]: o["state"] for o in told["outcomes"]}
    assert states["cross_province.no_approval"] == "passed"
    (limit,) = [x for x in told["limits"] if x["limit"].startswith("approval/")]
    assert limit["draws_t"] == "2"
    assert limit["outcomes"][0]["state"] == "passed"
    assert limit["outcomes"][0]["margin"]
    await postgres.execute(
        "INSERT INTO draw (limit_id, manifest, at, grams, state, uncertain, unweighed, several)"
        " VALUES ($1, '20261301999999', now() - interval '1 day', 999000000000, 'settled', 0, false, false)",
        limit["limit"],
    )
    told = (await checking.ask(body)).json()
    assert told["outcome"] == "red"
    (limit,) = [x for x in told["limits"] if x["limit"].startswith("approval/")]
    assert limit["outcomes"][0]["state"] == "violated"


async def test_a_limit_of_another_unit_is_told_without_figures(
    checking: Checking, stack: LocalStack, postgres: Any
) -> None:
    receiver = credit_code(next(SERIAL))
    name = f"list-{checking.number}"
    entry = {
        "list_id": "示例白名单", "receiver": receiver, "destination": SHANDONG, "origins": [HEBEI],
        "codes": ["900-041-49"], "simplification": "as_intra", "annual_cap_t": "7.77",
    }  # fmt: skip
    await write_change_set(
        stack.settings.database_registry, [record_line("whitelist_entry", name, **entry)], "test"
    )
    told = (await checking.ask(checking.draft(receiver=receiver, destination=SHANDONG))).json()
    (limit,) = [x for x in told["limits"] if x["limit"].startswith("whitelist/")]
    assert limit["outcomes"][0]["state"] == "passed"
    assert "7.77" not in json.dumps(limit)
    assert "margin" not in limit["outcomes"][0]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda d: d["data"].pop("receiver"), 422, "event_refused"),
        (
            lambda d: d.update(type="liandan.manifest.voided.v1", data={"reason": "x"}),
            422,
            "draft_not_filed",
        ),
        (lambda d: d.update(source="urn:uscc:" + credit_code(1)), 403, "source_not_yours"),
        (lambda d: d["data"]["consignor"].update(uscc=credit_code(2)), 403, "draft_not_yours"),
        (lambda d: d.update(time="today"), 422, "event_refused"),
    ],
    ids=["no receiver", "not a filing", "another source", "another consignor", "no instant"],
)
async def test_what_cannot_be_checked_is_refused_with_its_place(
    checking: Checking, change: Any, status: int, code: str
) -> None:
    draft = json.loads(checking.draft())
    change(draft)
    answer = await checking.ask(json.dumps(draft).encode())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if code == "event_refused":
        assert answer.json()["errors"][0]["pointer"].startswith("/")


async def test_two_drafts_no_key_and_no_json_are_refused(checking: Checking) -> None:
    two = b"[" + checking.draft() + b"," + checking.draft() + b"]"
    assert (await checking.ask(two)).json()["code"] == "one_draft_expected"
    assert (await checking.ask(b"{")).status_code in (400, 422)
    bare = await checking.served.http.post(
        "/v1/check", content=b"{}", headers={"Content-Type": "application/json"}
    )
    assert bare.json()["code"] == "key_missing"


async def test_without_a_key_to_sign_there_is_no_ticket(
    serve: Any, new_unit: Any, tmp_path: Path
) -> None:
    unit = await new_unit()
    async with serve(ticket_keys=tmp_path / "none") as served:
        await known(served, unit.key)
        told = (await Checking(served, unit, PublicKeys(tmp_path)).ask(
            Checking(served, unit, PublicKeys(tmp_path)).draft()
        )).json()  # fmt: skip
    assert told["ticket"] is None
    assert told["ticket_expires_at"] is None


async def test_with_postgres_away_the_answer_is_503(make_stack: Any, serve: Any) -> None:
    own = await make_stack()
    uscc = credit_code(next(SERIAL))
    unit = Unit(await key_on(own.settings, uscc), uscc)
    async with serve(own) as served:
        await known(served, unit.key)
        checking = Checking(served, unit, PublicKeys(Path("none")))
        await own.stop_child("postgres")
        answer = await checking.ask(checking.draft())
        assert (answer.status_code, answer.json()["code"]) == (503, "record_away")
        assert "retry-after" in answer.headers


async def test_the_copy_of_the_registry_starts_anew_when_the_database_was_put_back(
    checking: Checking, stack: LocalStack
) -> None:
    first = (await checking.ask(checking.draft())).json()["registry_seq"]
    checking.served.gateway.registry._view.seq = first + 100
    again = await checking.ask(checking.draft())
    assert again.status_code == 200
    assert again.json()["registry_seq"] == first
    reader = await asyncpg.connect(stack.settings.database_reader)
    assert await reader.fetchval("SELECT seq FROM registry_head") == first
    await reader.close()
