"""A story's track event as a terminal that speaks JT/T 808 would have sent it."""

import json
from datetime import datetime

from schemas.instant import CHINA
from tests.terminal_frames import batch, frame, position

__all__ = ["framed"]


def framed(raw: bytes) -> tuple[bytes, bytes, bytes, datetime]:
    """Return a track event as a terminal would have sent it: frame, plate, source, when it came."""
    event = json.loads(raw)
    bodies = []
    for told in event["data"]["positions"]:
        at = datetime.fromisoformat(told["at"]).astimezone(CHINA)
        bodies.append(
            position(
                at=at.strftime("%y%m%d%H%M%S"),
                lon=round(told["lon"] * 1e6),
                lat=round(told["lat"] * 1e6),
                speed=round(told.get("speed_kmh", 0) * 10),
                status=told.get("status", 3),
                items=b"",
            )
        )
    received = datetime.fromisoformat(event["liandanreceivedat"])
    return (
        frame(0x0704, batch(bodies)),
        event["subject"].encode(),
        event["source"].encode(),
        received,
    )
