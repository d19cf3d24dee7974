"""Events for tests of the gateway, as a client would write them."""

import json
from typing import Any

from schemas.credit_code import check_character


def unit(number: int) -> str:
    first = f"91110000{number:09d}"
    return first + check_character(first)


ME, OTHER = unit(1), unit(2)
SUBJECT = "20261101000001"


def event(event_id: str = "e1", *, source: str = ME, subject: str = SUBJECT, **more: Any) -> bytes:
    data = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:uscc:{source}",
        "type": "liandan.manifest.voided.v1",
        "subject": subject,
        "time": "2026-11-22T08:30:00+08:00",
        "data": {"reason": "填错"},
    }
    return json.dumps({**data, **more}, ensure_ascii=False).encode()
