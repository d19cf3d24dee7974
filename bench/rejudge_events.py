"""What the re-judgement bench says: licences, a permit, and lawful manifests inside a province."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.credit_code import check_character

__all__ = ["FLOWING", "TOUCHED", "UNTOUCHED", "licence", "manifest", "permit"]

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


def credit_code(n: int) -> str:
    """Return the n-th invented unit's credit code."""
    first = f"9113010088{n:07d}"
    return first + check_character(first)


CONSIGNOR, CARRIER, TOUCHED, UNTOUCHED, FLOWING = (credit_code(n) for n in range(1, 6))


def licence(holder: str, *, retracted: bool = False) -> bytes:
    """Return the licence of a receiver."""
    return json.dumps(
        {
            "kind": "licence",
            "id": f"licence-{holder}",
            "number": "1301000001",
            "holder": holder,
            "register_type": "use_disposal",
            "region": "130200",
            "valid_from": "2024-01-01",
            "valid_to": "2028-12-31",
            "scope": [{"categories": ["HW49"], "modes": ["disposal"]}],
            "retracted": retracted,
        }
    ).encode()


def permit() -> bytes:
    """Return the carrier's permit."""
    return json.dumps(
        {
            "kind": "carrier_permit",
            "id": "permit",
            "number": "1301",
            "carrier": CARRIER,
            "plates": ["冀A12345"],
        },
        ensure_ascii=False,
    ).encode()


def manifest(n: int, receiver: str) -> tuple[str, list[bytes]]:
    """Return a number and its events: filed, dispatched; inside one province, nothing unlawful."""
    subject = f"20261301{n:06d}"
    site = {"consignor": "130100", "receiver": "130200"}
    carriers = [{"uscc": CARRIER, "name": "示例运输队", "plate": "冀A12345"}]
    waste = {
        "line": 1, "code": "900-041-49", "name": "废包装物", "quantity_t": 0.001,
        "method": "disposal",
    }  # fmt: skip
    filed = {
        "consignor": {"uscc": CONSIGNOR, "name": "示例厂", "site_region": site["consignor"]},
        "receiver": {"uscc": receiver, "name": "示例处置厂", "site_region": site["receiver"]},
        "carriers": carriers,
        "wastes": [waste],
    }
    said = (
        ("filed", CONSIGNOR, NOON - timedelta(hours=2), filed),
        ("dispatched", CARRIER, NOON, {"carrier": CARRIER, "plate": "冀A12345"}),
    )
    return subject, [
        json.dumps(
            {
                "specversion": "1.0",
                "id": str(UUID(int=(n << 8) + step)),
                "source": f"urn:uscc:{source}",
                "type": f"liandan.manifest.{verb}.v1",
                "subject": subject,
                "time": at.isoformat(),
                "data": data,
            },
            ensure_ascii=False,
        ).encode()
        for step, (verb, source, at, data) in enumerate(said)
    ]
