"""The registry beside the vehicles: fences, terminals, and the few units and vehicles of these stories."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.simulator.dice import Dice
from services.simulator.firms import Firm
from services.simulator.trucks.places import Place, beside

__all__ = ["Papers", "terminal_code"]


def terminal_code(plate: str) -> str:
    """Return the invented authentication code of a vehicle's terminal: 12 digits."""
    return str(int(hashlib.sha256(f"liandan demo {plate}".encode()).hexdigest(), 16))[-12:]


class Papers:
    """Writes records, all of them before the first event."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._count: dict[str, int] = {}
        self.lines: list[bytes] = []

    def unit(self, firm: Firm) -> None:
        """Record a unit."""
        self._write("unit", "tunit", {"uscc": firm.uscc, "name": firm.name, "region": firm.region})

    def permit(self, firm: Firm) -> None:
        """Record a carrier's permit, which lists no plates."""
        self._write(
            "carrier_permit",
            "tpermit",
            {
                "number": f"示例运许{firm.uscc[8:17]}",
                "carrier": firm.uscc,
                "carrier_name": firm.name,
                "goods": ["危险废物"],
                "valid_from": "2024-01-01",
                "valid_to": "2028-12-31",
            },
        )

    def vehicle(self, owner: Firm, plate: str, *, medical: bool = False) -> None:
        """Record a vehicle."""
        members = {"plate": plate, "owner": owner.uscc, "certificate_no": f"示例道运证{plate[1:]}"}
        self._write("vehicle", "tveh", members | ({"medical": True} if medical else {}))

    def terminal(self, owner: Firm, plate: str) -> str:
        """Record a vehicle's terminal; return its number, 11 digits that no telephone has."""
        phone = f"100{self._count.get('terminal', 0) + 1:08d}"
        members = {
            "phone": phone,
            "plate": plate,
            "owner": owner.uscc,
            "plate_colour": 2,
            "auth_digest": hashlib.sha256(terminal_code(plate).encode()).hexdigest(),
        }
        self._write("terminal", "term", members)
        return phone

    def route(
        self,
        name: str,
        carrier: Firm,
        way: Sequence[Place],
        plates: Sequence[str],
        since: str | None = None,
    ) -> None:
        """Record the way prescribed for some vehicles, from a day on if that is given."""
        told = [[round(lon, 6), round(lat, 6)] for lon, lat in way]
        members = {"name": name, "carrier": carrier.uscc, "plates": list(plates), "way": told}
        self._write("prescribed_route", "route", members | ({"valid_from": since} if since else {}))

    def order(self, document: str, area: str, begins: datetime, ends: datetime) -> None:
        """Record an emergency order for an area."""
        times = {"from_at": begins.isoformat(), "until_at": ends.isoformat()}
        self._write("emergency_order", "torder", {"document": document, "areas": [area], **times})

    def fence(
        self, name: str, role: str, place: Place, owner: Firm | None = None, half_km: float = 0.6
    ) -> None:
        """Record a square around a place, to ``half_km`` on each side."""
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ring = [beside(place, x * half_km, y * half_km) for x, y in corners]
        owned = {"owner": owner.uscc} if owner else {}
        told = [[round(lon, 6), round(lat, 6)] for lon, lat in ring]
        self._write("fence", "fence", {"name": name, **owned, "role": role, "ring": told})

    def _write(self, kind: str, short: str, members: dict[str, Any]) -> None:
        number = self._count[kind] = self._count.get(kind, 0) + 1
        day, hour = 21 + self._dice.below(9), 9 + self._dice.below(9)
        record = {
            "kind": kind,
            "id": f"{short}-{number:05d}",
            **members,
            "recorded_at": f"2026-06-{day}T{hour:02d}:00:00+08:00",
        }
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        self.lines.append(text.encode())
