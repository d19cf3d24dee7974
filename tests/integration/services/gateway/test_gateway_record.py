"""What parties see of manifests and receipts, and what others do not."""

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas.receipt import event_digest, receipt_id
from streams.judging.outcome import Outcome
from tests.gateway_events import event
from tests.integration.services.gateway.gateway_served import Served, known

T = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
OUTCOME = Outcome(
    rule="licence.receiver_unlicensed",
    version=1,
    discriminator="-",
    state="not_applicable",
    reason="not_moved",
    zh="尚未起运",
    en="the load has not moved",
)
NewUnit = Any


def number() -> str:
    return f"20261101{uuid.uuid4().int % 10**6:06d}"


def filing(subject: str, consignor: str, receiver: str, carrier: str) -> bytes:
    return event(
        f"file-{subject}",
        source=consignor,
        subject=subject,
        type="liandan.manifest.filed.v1",
        data={
            "consignor": {"uscc": consignor, "name": "甲厂", "site_region": "110105"},
            "receiver": {"uscc": receiver, "name": "乙厂", "site_region": "110105"},
            "carriers": [{"uscc": carrier, "name": "丙运"}],
            "wastes": [
                {
                    "line": 1,
                    "code": "900-041-49",
                    "name": "废包装",
                    "quantity_t": "1.25",
                    "method": "disposal",
                },
                {
                    "line": 2,
                    "code": "900-041-49",
                    "name": "废桶",
                    "packages": 20,
                    "package_t": "0.180",
                    "method": "disposal",
                },
                {
                    "line": 3,
                    "code": "900-041-49",
                    "name": "废灯管",
                    "packages": 3,
                    "method": "disposal",
                },
            ],
        },
    )


async def store(
    postgres: Any, subject: str, parties: list[str], alias: str, raws: list[bytes]
) -> None:
    consignor, receiver, carrier = parties
    micros = int(T.timestamp()) * 10**6
    packed = msgspec.msgpack.encode([[micros + n, raw, n] for n, raw in enumerate(raws)])
    await postgres.execute(
        "INSERT INTO manifest (subject, partition, consignor, receiver, carriers, marks, aliases,"
        " origin_region, destination_region, events, state, act_at, outcomes, memo, registry_seq,"
        " clock) VALUES ($1, 0, $2, $3, $4, '{}', $5, '110105', '110105', $6, 'filed', NULL, $7,"
        " '', 0, $8)",
        subject, consignor, receiver, [carrier], [alias], packed,
        msgspec.json.encode([OUTCOME]).decode(), T,
    )  # fmt: skip


async def test_a_manifest_is_shown_to_its_parties_only(
    served: Served, new_unit: NewUnit, postgres: Any
) -> None:
    units = [await new_unit() for _ in range(4)]
    await known(served, *(u.key for u in units))
    parties = [u.uscc for u in units[:3]]
    subject, alias = number(), number()
    raws = [filing(subject, *parties), event("v", source=parties[0], subject=subject), b"{"]
    await store(postgres, subject, parties, alias, raws)
    for unit in units[:3]:
        for path in (subject, alias):
            answer = await served.get(f"/v1/manifests/{path}", unit.key)
            assert answer.status_code == 200
            told = answer.json()
            assert (told["subject"], told["aliases"], told["state"]) == (subject, [alias], "filed")
            assert told["consignor"] == {"uscc": parties[0], "name": "甲厂"}
            assert told["carriers"] == [{"uscc": parties[2], "name": "丙运"}]
            assert [(w["quantity_t"], w["packages"], w["package_t"]) for w in told["wastes"]] == [
                ("1.25", None, None),
                ("3.6", 20, "0.18"),
                (None, 3, None),
            ]
            assert [e["type"].split(".")[2] for e in told["events"]] == ["filed", "voided"]
            assert told["events"][0]["received_at"] == "2026-11-22T00:30:00.000000Z"
            # None is told too. What explains a finding names others' approvals, and how grave it is
            # is for officers to say: not for parties.
            members = msgspec.structs.asdict(OUTCOME) | {
                "evidence": [],
                "law": [],
                "parameters": [],
            }
            del members["conditions"], members["cures"], members["severity"]
            assert told["outcomes"] == [members]
    for path in (subject, alias, number(), "nonsense"):
        answer = await served.get(f"/v1/manifests/{path}", units[3].key)
        assert (answer.status_code, answer.json()["code"]) == (404, "manifest_unknown")
    answer = await served.http.get(f"/v1/manifests/{subject}")
    assert answer.status_code == 401


async def test_a_receipt_is_known_at_once_and_then_with_its_place(
    served: Served, new_unit: NewUnit, postgres: Any
) -> None:
    me, receiver, carrier, stranger = [await new_unit() for _ in range(4)]
    await known(served, me.key, receiver.key, carrier.key, stranger.key)
    subject = number()
    raw = filing(subject, me.uscc, receiver.uscc, carrier.uscc)
    receipt = (await served.post(raw, me.key)).json()["receipt"]
    path = f"/v1/receipts/{receipt['id']}"
    told = (await served.get(path, me.key)).json()
    assert (told["archived"], told["digest"], told["log"]) == (False, receipt["digest"], [])
    assert (await served.get(path, receiver.key)).status_code == 404

    digest = bytes.fromhex(event_digest(raw))
    await postgres.execute("SELECT ensure_event_log_partition($1)", T)
    await postgres.execute(
        "INSERT INTO event_dedupe (source, event_id, digest, receipt_id, received_at, subject,"
        " copies, conflict) VALUES ($1, $2, $3, $4, $5, $6, 2, true)",
        receipt["source"], receipt["event_id"], digest, uuid.UUID(receipt["id"]), T, subject,
    )  # fmt: skip
    await postgres.execute(
        "INSERT INTO event_log (received_at, topic, partition, kafka_offset, appended_at, source,"
        " digest, receipt_id, headers, raw, subject) VALUES ($1, 'manifest.events', 3, $4, $1, $2,"
        " $3, $5, '{}', $6, $7)",
        T, receipt["source"], digest, uuid.uuid4().int % 10**9, uuid.UUID(receipt["id"]), raw,
        subject,
    )  # fmt: skip
    await postgres.execute(
        "INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, source,"
        " event_id, raw) VALUES ('t', 'manifest.events', 3, $4, 'alias', $5, $1, $2, $3)",
        receipt["source"], receipt["event_id"], raw, uuid.uuid4().int % 10**9, {"number": subject},
    )  # fmt: skip
    await store(postgres, subject, [me.uscc, receiver.uscc, carrier.uscc], number(), [raw])
    for unit in (me, receiver, carrier):
        told = (await served.get(path, unit.key)).json()
        assert (told["archived"], told["copies"], told["conflict"]) == (True, 2, True)
        assert told["log"][0]["partition"] == 3
        assert told["quarantine"][0]["reason"] == "alias"
        assert told["quarantine"][0]["detail"] == {"number": subject}
    unknown = receipt_id("s", "x", "d")
    for key, where in ((stranger.key, path), (me.key, f"/v1/receipts/{unknown}")):
        answer = await served.get(where, key)
        assert (answer.status_code, answer.json()["code"]) == (404, "receipt_unknown")
