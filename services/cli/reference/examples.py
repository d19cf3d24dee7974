"""One valid event of each type: a transfer between invented firms, told from start to end."""

import json
from typing import Any

__all__ = ["examples"]

_CONSIGNOR, _RECEIVER = "91130100MA0000000Y", "91370100MA00000010"
_CARRIER, _SECOND = "91130100MA00000012", "91370100MA00000023"
_NUMBER = "20261301000001"
_WASTE = {
    "line": 1,
    "code": "900-041-49",
    "name": "废包装桶",
    "quantity_t": "2.35",
    "method": "disposal",
    "form": "solid",
}
_FORM: dict[str, Any] = {
    "consignor": {"uscc": _CONSIGNOR, "name": "石家庄示例化工有限公司", "site_region": "130100"},
    "receiver": {"uscc": _RECEIVER, "name": "济南示例环保处置有限公司", "site_region": "370100"},
    "carriers": [{"uscc": _CARRIER, "name": "石家庄示例运输有限公司", "plate": "冀A12345"}],
    "wastes": [_WASTE],
    "approval_no": "冀环示例〔2026〕1号",
}
_SAID: dict[str, tuple[str, str, dict[str, Any]]] = {
    "filed": (_CONSIGNOR, "2026-11-20T09:00:00+08:00", _FORM),
    "dispatched": (
        _CARRIER,
        "2026-11-21T08:00:00+08:00",
        {
            "carrier": _CARRIER,
            "plate": "冀A12345",
            "driver": "示例驾驶员",
            "wastes": [{"line": 1, "quantity_t": "2.34"}],
        },
    ),
    "handed_over": (
        _CARRIER,
        "2026-11-21T12:30:00+08:00",
        {
            "carrier": _CARRIER,
            "to": _SECOND,
            "to_name": "济南示例运输有限公司",
            "plate": "鲁A12345",
        },
    ),
    "arrived": (
        _SECOND,
        "2026-11-21T16:10:00+08:00",
        {"carrier": _SECOND, "plate": "鲁A12345", "place": "济南示例环保处置有限公司东门"},
    ),
    "received": (
        _RECEIVER,
        "2026-11-22T10:00:00+08:00",
        {
            "opinion": "accepted",
            "wastes": [{"line": 1, "opinion": "accepted", "accepted_t": "2.34"}],
        },
    ),
    "treated": (
        _RECEIVER,
        "2026-11-28T17:00:00+08:00",
        {"wastes": [{"line": 1, "method": "disposal", "quantity_t": "2.34"}], "finished": True},
    ),
    "corrected": (
        _CONSIGNOR,
        "2026-11-20T15:00:00+08:00",
        {
            "corrects": "filed-1",
            "reason": "数量填写有误",
            "filed": {**_FORM, "wastes": [{**_WASTE, "quantity_t": "2.53"}]},
        },
    ),
    "voided": (_CONSIGNOR, "2026-11-20T16:00:00+08:00", {"reason": "取消本次转移"}),
}
_TRACK = {
    "positions": [
        {
            "at": "2026-11-21T09:15:00+08:00",
            "lon": 115.482331,
            "lat": 37.735412,
            "speed_kmh": 68.5,
            "direction": 124,
            "mileage_km": 82316.4,
            "status": 3,
        }
    ],
    "terminal": "13800138000",
    "plate_colour": 2,
}


_HOSPITAL, _PLANT = "12130100MB00000006", "91130100MA00000038"
_BAGS: list[dict[str, Any]] = [
    {"id": "示例-20261120-001", "weight_g": 1850},
    {"id": "示例-20261120-002"},
]
_OF = {"institution": _HOSPITAL, "packages": _BAGS}
_MEDICAL: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "sealed": (
        _HOSPITAL,
        "示例-20261120-001",
        "2026-11-20T08:10:00+08:00",
        {"waste": "infectious", "weight_g": 1850, "ward": "示例科", "role": "护士"},
    ),
    "transferred": (
        _HOSPITAL,
        "交接-0001",
        "2026-11-20T15:00:00+08:00",
        {**_OF, "to": _CONSIGNOR, "box": "箱-0007"},
    ),
    "collected": (
        _PLANT,
        "运送-0001",
        "2026-11-21T09:00:00+08:00",
        {**_OF, "plate": "冀A12345", "route": "示例一线", "weight_g": 3900},
    ),
    "received": (
        _PLANT,
        "入厂-0001",
        "2026-11-21T11:00:00+08:00",
        {**_OF, "plate": "冀A12345", "cold": True, "boxes": ["箱-0007"]},
    ),
    "treated": (
        _PLANT,
        "批次-0001",
        "2026-11-21T15:00:00+08:00",
        {
            "process": "steam",
            "loads": [{"institution": _HOSPITAL, "packages": [bag["id"] for bag in _BAGS]}],
            "temperature_c": 134,
            "pressure_kpa": 220,
            "minutes": 45,
            "weight_g": 3900,
        },
    ),
    "returned": (
        _PLANT,
        "退回-0001",
        "2026-11-21T10:00:00+08:00",
        {**_OF, "reason": "包装破损"},
    ),
    "lost": (
        _PLANT,
        "示例-20261120-002",
        "2026-11-21T12:00:00+08:00",
        {"institution": _HOSPITAL, "reason": "途中丢失"},
    ),
    "found": (
        _PLANT,
        "示例-20261120-002",
        "2026-11-21T13:00:00+08:00",
        {"institution": _HOSPITAL, "place": "车厢内"},
    ),
    "washed": (
        _PLANT,
        "冀A12345",
        "2026-11-21T16:00:00+08:00",
        {"what": "vehicle", "agent": "含氯消毒剂"},
    ),
    "corrected": (
        _HOSPITAL,
        "示例-20261120-001",
        "2026-11-20T09:00:00+08:00",
        {
            "corrects": "sealed-1",
            "reason": "重量填写有误",
            "sealed": {"waste": "infectious", "weight_g": 1350},
        },
    ),
}


def examples() -> dict[str, str]:
    """Return verb to event, as JSON text of several lines; of medical waste ``medical.<verb>``."""
    manifest = {
        verb: _event(verb, "manifest", who, _NUMBER, when, data)
        for verb, (who, when, data) in _SAID.items()
    }
    when = "2026-11-21T09:15:04+08:00"
    medical = {
        f"medical.{verb}": _event(verb, "medical", who, subject, at, data)
        for verb, (who, subject, at, data) in _MEDICAL.items()
    }
    track = _event("track", "vehicle", _CARRIER, "冀A12345", when, _TRACK)
    return manifest | medical | {"track": track}


def _event(verb: str, family: str, who: str, subject: str, when: str, data: dict[str, Any]) -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"{verb}-1",
            "source": f"urn:uscc:{who}",
            "type": f"liandan.{family}.{verb}.v1",
            "subject": subject,
            "time": when,
            "data": data,
        },
        ensure_ascii=False,
        indent=2,
    )
