"""Times as the stories write them: China time, unless they end in Z."""

import re
from datetime import UTC, datetime
from typing import Any

from schemas.instant import CHINA

__all__ = ["moment", "with_offsets"]

_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)(Z?)")


def moment(text: str) -> datetime:
    """Return the instant of ``2026-09-10 08:00`` (China time) or ``2026-09-10 16:00:01Z``."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(
            f"a time is written 2026-09-10 08:00, in UTC 2026-09-10 16:00:01Z, not {text}"
        )
    day, clock, utc = match.groups()
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC if utc else CHINA)


def with_offsets(value: Any) -> Any:
    """Return a tree in which all times have their offset, as the contract asks for."""
    if isinstance(value, dict):
        return {key: with_offsets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_offsets(inner) for inner in value]
    if isinstance(value, str) and _TIME.fullmatch(value):
        return moment(value).isoformat()
    return value
