"""How a carrier's platform posts what its terminals tell: in batches, some late, some twice, some all at once."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from schemas.instant import CHINA
from schemas.track import TRACK_TYPE
from services.simulator.dice import Dice
from services.simulator.firms import Firm
from services.simulator.handwriting import instant
from services.simulator.trucks.drive import Fix

__all__ = ["Manner", "told"]

_LATE, _TWICE = 0.05, 0.03
_LEAST, _MOST = 20, 120
"""Positions of one event."""


@dataclass(frozen=True)
class Manner:
    """How a terminal and its platform tell. ``odd``: positions that never were, among the others."""

    behind: timedelta = timedelta(0)
    """By so much the terminal's clock is late."""
    bulk: timedelta | None = None
    """All is posted at once, so long after the last position."""
    speed: bool = True
    odd: Sequence[Fix] = ()

    def told(self, fixes: Sequence[Fix], dice: Dice) -> list[Fix]:
        """Return the positions as the terminal tells them."""
        if not (self.behind or self.odd) and self.speed:
            return list(fixes)
        off = round(self.behind.total_seconds())
        known = {fix.at for fix in fixes}
        more = [fix for fix in self.odd if fix.at not in known]
        return [
            fix._replace(at=fix.at - off, kmh=fix.kmh if self.speed else None)
            for fix in sorted([*fixes, *more])
        ]


def told(
    firm: Firm, plate: str, phone: str, fixes: Sequence[Fix], dice: Dice, manner: Manner
) -> Iterator[tuple[datetime, bytes]]:
    """Yield when each event reaches the gateway, and its bytes."""
    last = fixes[-1].at
    at = 0
    while at < len(fixes):
        size = dice.between(_LEAST, _MOST)
        some = list(fixes[at : at + size])
        if 0 < len(fixes) - at - size < _LEAST:
            some = list(fixes[at:])
        at += len(some)
        if dice.chance(_LATE):
            some.reverse()
        line = _event(firm, plate, phone, some, dice)
        when = _moment(max(fix.at for fix in some)) + manner.behind + timedelta(seconds=20)
        if manner.bulk is not None:
            when = _moment(last) + manner.behind + manner.bulk
        elif dice.chance(_LATE):
            when += timedelta(seconds=dice.between(60, 6 * 3600))
        yield when, line
        if dice.chance(_TWICE):
            yield when + timedelta(seconds=dice.between(1, 2 * 86_400)), line


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, CHINA)


def _event(firm: Firm, plate: str, phone: str, fixes: Sequence[Fix], dice: Dice) -> bytes:
    latest = _moment(max(fix.at for fix in fixes))
    event = {
        "specversion": "1.0",
        "id": dice.event_id(latest),
        "source": firm.source,
        "type": TRACK_TYPE,
        "subject": plate,
        "time": instant(latest, firm),
        "data": {"terminal": phone, "plate_colour": 2, "positions": []},
    }
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    hours, zone = (0, "Z") if firm.zulu else (8, "+08:00")
    positions = ",".join(_position(fix, hours, zone) for fix in fixes)
    return f"{text.removesuffix(']}}')}{positions}]}}}}".encode()


def _position(fix: Fix, hours: int, zone: str) -> str:
    """Return one position as JSON; there are many."""
    days, second = divmod(fix.at + hours * 3600, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    speed = "" if fix.kmh is None else f'"speed_kmh":{fix.kmh},'
    return (
        f'{{"at":"{_date(days)}T{hour:02d}:{minute:02d}:{second:02d}{zone}",'
        f'"lon":{fix.lon},"lat":{fix.lat},{speed}"status":{fix.status}}}'
    )


@cache
def _date(days: int) -> str:
    return str(date(1970, 1, 1) + timedelta(days=days))
