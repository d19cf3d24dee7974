"""What parties say in tests: valid events about invented firms, as bytes and as Kafka records."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiokafka.structs import ConsumerRecord

from schemas.credit_code import check_character

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


def credit_code(n: int) -> str:
    first = f"9113010099{n:07d}"
    return first + check_character(first)


CONSIGNOR, CARRIER, RECEIVER, STRANGER = (credit_code(n) for n in (1, 2, 3, 4))


class Speech:
    """One test's own manifests and firms: ``offset`` keeps them apart from other tests'."""

    def __init__(self, serial: int) -> None:
        self._serial = serial * 1000
        self.consignor, self.carrier, self.receiver = (
            credit_code(serial * 10 + n) for n in (1, 2, 3)
        )

    def number(self, n: int = 0) -> str:
        return f"20261301{self._serial + n:06d}"

    def event(
        self, verb: str, source: str, subject: str, at: datetime, data: Any, event_id: str = ""
    ) -> bytes:
        return json.dumps(
            {
                "specversion": "1.0",
                "id": event_id or str(uuid4()),
                "source": f"urn:uscc:{source}",
                "type": f"liandan.manifest.{verb}.v1",
                "subject": subject,
                "time": at.isoformat(),
                "data": data,
            },
            ensure_ascii=False,
        ).encode()

    def filed(
        self,
        n: int = 0,
        *,
        to: str = "140100",
        tonnes: float = 5,
        event_id: str = "",
        code: str = "900-041-49",
    ) -> bytes:
        return self.event(
            "filed",
            self.consignor,
            self.number(n),
            NOON - timedelta(hours=2),
            {
                "consignor": {
                    "uscc": self.consignor,
                    "name": "示例移出厂",
                    "site_region": "130100",
                },
                "receiver": {"uscc": self.receiver, "name": "示例处置厂", "site_region": to},
                "carriers": [{"uscc": self.carrier, "name": "示例运输队", "plate": "冀A12345"}],
                "wastes": [
                    {
                        "line": 1,
                        "code": code,
                        "name": "废包装物",
                        "quantity_t": tonnes,
                        "method": "disposal",
                    }
                ],
            },
            event_id,
        )

    def dispatched(self, n: int = 0, at: datetime = NOON, event_id: str = "") -> bytes:
        return self.event(
            "dispatched", self.carrier, self.number(n), at, {"carrier": self.carrier}, event_id
        )

    def arrived(self, n: int = 0, at: datetime = NOON + timedelta(hours=5)) -> bytes:
        return self.event("arrived", self.carrier, self.number(n), at, {"carrier": self.carrier})

    def permit(self) -> bytes:
        return json.dumps(
            {
                "kind": "carrier_permit",
                "id": f"permit-{self.carrier}",
                "number": "冀交运管许可字1号",
                "carrier": self.carrier,
                "valid_from": "2024-01-01",
            }
        ).encode()

    def licence(self, *, retracted: bool = False) -> bytes:
        return json.dumps(
            {
                "kind": "licence",
                "id": f"licence-{self.receiver}",
                "number": "1401000001",
                "holder": self.receiver,
                "register_type": "use_disposal",
                "region": "140100",
                "valid_from": "2024-01-01",
                "valid_to": "2028-12-31",
                "scope": [{"categories": ["HW49"], "modes": ["disposal"]}],
                "retracted": retracted,
            }
        ).encode()

    def approval(self, tonnes: float = 100, *, valid_to: str = "2026-12-31") -> bytes:
        return json.dumps(
            {
                "kind": "transfer_approval",
                "id": f"approval-{self.consignor}",
                "document": "示环转〔2026〕1号",
                "decided_on": "2026-01-05",
                "decision": "approved",
                "consignor": self.consignor,
                "origin": "130000",
                "valid_from": "2026-01-05",
                "valid_to": valid_to,
                "lines": [
                    {
                        "line": 1,
                        "code": "900-041-49",
                        "name": "废包装物",
                        "quantity_t": tonnes,
                        "purpose": "disposal",
                        "receiver": self.receiver,
                        "destination": "140000",
                    }
                ],
            }
        ).encode()

    @property
    def limit(self) -> str:
        return f"approval/approval-{self.consignor}/1"


class LogOf:
    """A partition's log as the transport would hand it out: offsets and append times."""

    def __init__(self, topic: str, start: datetime = NOON) -> None:
        self._topic = topic
        self.at = start
        self.end = 0

    def append(
        self, *values: bytes, key: bytes | None = None, at: datetime | None = None
    ) -> list[Any]:
        if at is not None:
            self.at = at
        records = []
        for value in values:
            try:
                subject = json.loads(value)["subject"].encode()
            except ValueError:
                subject = b"?"
            records.append(
                ConsumerRecord(
                    topic=self._topic,
                    partition=0,
                    offset=self.end,
                    timestamp=int(self.at.timestamp() * 1000),
                    timestamp_type=1,
                    key=key if key is not None else subject,
                    value=value,
                    checksum=None,
                    serialized_key_size=0,
                    serialized_value_size=len(value),
                    headers=(),
                )
            )
            self.end += 1
        return records
