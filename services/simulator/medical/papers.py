"""The registry of the medical world: institutions, plants, agreements, vehicles, orders."""

import json
from datetime import date, datetime
from typing import Any

from services.simulator.dice import Dice
from services.simulator.firms import Firm
from services.simulator.medical.houses import City, House, Works
from services.simulator.medical.times import AGREED

__all__ = ["Papers"]


class Papers:
    """Writes records; those with a moment were recorded while events came in."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._count: dict[str, int] = {}
        self.lines: list[bytes] = []
        self.late: list[tuple[datetime, bytes]] = []

    def unit(self, firm: Firm) -> None:
        """Record a unit."""
        self._write("unit", "unit", {"uscc": firm.uscc, "name": firm.name, "region": firm.region})

    def house(self, house: House, beds: int, closed: date | None = None) -> None:
        """Record an institution, and its agreement where it has one. ``closed``: its last day."""
        firm = house.firm
        small = "village_clinic" if house.remote else "clinic"
        members: dict[str, Any] = {
            "uscc": firm.uscc,
            "name": firm.name,
            "region": firm.region,
            "category": "hospital" if house.kind in ("hospital", "ward") else small,
            "beds": beds,
        }
        self._write("institution", "inst", members | ({"remote": True} if house.remote else {}))
        if house.kind not in ("sender", "alone"):
            self._write(
                "collection_agreement",
                "agree",
                {
                    "institution": firm.uscc,
                    "plant": house.works.firm.uscc,
                    "plant_name": house.works.firm.name,
                    "every_hours": 24 if house.kind == "hospital" else 48,
                    "valid_from": AGREED[0].isoformat(),
                    "valid_to": (closed or AGREED[1]).isoformat(),
                },
            )

    def works(
        self,
        works: Works,
        processes: list[str],
        grams: int | None = None,
        *,
        emergency: bool = False,
    ) -> None:
        """Record a plant and its vehicles; ``grams``: what it can treat on a day."""
        firm = works.firm
        members: dict[str, Any] = {
            "uscc": firm.uscc,
            "name": firm.name,
            "region": firm.region,
            "processes": processes,
        }
        if grams is not None:
            tonnes = f"{grams // 1_000_000}.{grams % 1_000_000:06d}"
            members["capacity_t_per_day"] = tonnes.rstrip("0").rstrip(".")
        if emergency:
            members["emergency"] = True
        self._write("medical_plant", "mplant", members)
        for plate in works.plates:
            self.vehicle(plate, firm, medical=True)

    def vehicle(self, plate: str, owner: Firm, *, medical: bool) -> None:
        """Record a vehicle."""
        members: dict[str, Any] = {"plate": plate, "owner": owner.uscc, "capacity_t": 5}
        self._write("vehicle", "veh", members | ({"medical": True} if medical else {}))

    def licence(self, firm: Firm, category: str, register_type: str) -> None:
        """Record an operating licence for one category."""
        number = self._count.get("licence", 0) + 1
        self._write(
            "licence",
            "lic",
            {
                "number": f"{firm.region}M{number:04d}",
                "holder": firm.uscc,
                "holder_name": firm.name,
                "register_type": register_type,
                "region": firm.site,
                "scope": [{"categories": [category], "modes": ["disposal"]}],
                "valid_from": "2024-01-01",
                "valid_to": "2028-12-31",
            },
        )

    def order(
        self,
        city: City,
        validity: tuple[datetime, datetime],
        recorded: datetime,
        **matter: Any,
    ) -> None:
        """Record an emergency order of a city; ``matter``: what it sets and whom it lets in."""
        number = self._count.get("emergency_order", 0) + 1
        members: dict[str, Any] = {
            "document": f"示例疫指〔2026〕{number}号",
            "areas": [city.area],
            "from_at": validity[0].isoformat(),
            "until_at": validity[1].isoformat(),
        }
        self._write("emergency_order", "order", members | matter, recorded)

    def _write(
        self, kind: str, short: str, members: dict[str, Any], recorded: datetime | None = None
    ) -> None:
        number = self._count[kind] = self._count.get(kind, 0) + 1
        day, hour = 21 + self._dice.below(9), 9 + self._dice.below(9)
        early = f"2026-06-{day}T{hour:02d}:00:00+08:00"
        record = {
            "kind": kind,
            "id": f"{short}-m{number:05d}",
            **members,
            "recorded_at": recorded.isoformat() if recorded else early,
        }
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        if recorded:
            self.late.append((recorded, line))
        else:
            self.lines.append(line)
