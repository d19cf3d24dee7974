"""``GET /v1/notices`` on a real socket: a unit's own papers and quantities, and nobody else's."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.stack import LocalStack
from schemas.instant import china_day
from services.registry.change_set import write_change_set
from tests.integration.services.gateway.gateway_served import Served, known
from tests.manifests import approval_members, licence_members, record_line

LOAD = """
INSERT INTO draw (limit_id, manifest, at, grams, state, uncertain, unweighed, several)
VALUES ($1, $2, now() - make_interval(days => $3), 3000000, 'settled', 0, false, false)
"""
ALERT = """
INSERT INTO alert (id, scope, subject, rule, rule_version, discriminator, finding, state, severity, grams,
    revision, digest, receiver, body, registry_seq)
VALUES ($1, 'shared', 'licence/x/2026', 'licence.scale_exceeded', 1, 'total', $3, $4, 'low', 1, 1, '',
    $2, '{"text_zh": "超过核准规模", "text_en": "above the scale"}', 1)
"""


async def test_a_unit_is_told_what_of_its_own_ends_or_is_used_up_and_another_is_not(
    served: Served, new_unit: Any, stack: LocalStack, postgres: Any
) -> None:
    unit, other = await new_unit(), await new_unit()
    await known(served, unit.key)
    await known(served, other.key)
    today = china_day(datetime.now(UTC))
    name = f"notice-{uuid.uuid4().hex[:8]}"
    soon = {"valid_from": "2024-01-01", "valid_to": str(today + timedelta(days=20))}
    approved = approval_members(consignor=unit.uscc, valid_from="2024-01-01", valid_to=None)
    records = [
        record_line("licence", name, **licence_members(holder=unit.uscc, **soon)),
        record_line("transfer_approval", name, **approved),
    ]
    await write_change_set(stack.settings.database_registry, records, "test")
    for n in range(400 // 3):
        await postgres.execute(LOAD, f"approval/{name}/1", f"N-{name}-{n}", n)
    for finding, state in (("notice", "open"), ("notice", "withdrawn"), ("violation", "open")):
        await postgres.execute(ALERT, uuid.uuid4(), unit.uscc, finding, state)

    answer = await served.get("/v1/notices", unit.key)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["unit"] == unit.uscc
    assert [(n["kind"], n["ref"]) for n in told["notices"]] == [
        ("licence_ends", f"licence/{name}"),
        ("limit_runs_out", f"approval/{name}/1"),
        ("finding", "licence.scale_exceeded licence/x/2026"),
    ]
    ends, out, _ = told["notices"]
    assert (ends["step"], ends["day"]) == (30, soon["valid_to"])
    assert "还有 20 天" in ends["zh"]
    assert out["zh"].startswith("审批")
    assert (await served.get("/v1/notices", unit.key)).json()["notices"] == told["notices"]
    assert (await served.get("/v1/notices", other.key)).json()["notices"] == []
    await postgres.execute("DELETE FROM draw WHERE limit_id = $1", f"approval/{name}/1")


async def test_without_a_key_nothing_is_told(served: Served) -> None:
    answer = await served.http.get("/v1/notices")
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
