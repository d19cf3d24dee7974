"""How a firm's software writes: itself, instants, tonnes."""

from datetime import UTC, datetime
from typing import Any

from schemas.instant import CHINA
from schemas.quantity import tonnes_text
from services.simulator.firms import Firm

__all__ = ["NO_PHONE", "instant", "party", "tonnes"]

NO_PHONE = "000-0000-0000"


def tonnes(grams: int, writer: Firm) -> str | float:
    """Return grams as tonnes, as text or as a number, whichever the writer uses."""
    text = tonnes_text(grams)
    return text if writer.decimal_text or 0 < grams < 1000 else float(text)


def party(firm: Firm) -> dict[str, Any]:
    """Return a unit as it names itself on the form."""
    return {
        "uscc": firm.uscc,
        "name": firm.name,
        "site_region": firm.site,
        "address": "示例工业园区示例路 0 号",
        "handler": "示例经办人",
        "phone": NO_PHONE,
    }


def instant(moment: datetime, writer: Firm) -> str:
    """Return a moment in UTC or China time, whichever the writer uses."""
    if writer.zulu:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S+08:00")
