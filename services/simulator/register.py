"""The registry of a world: what authorities had recorded before the first event, and later."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from schemas.quantity import tonnes_text
from schemas.region import region_name
from services.simulator.dice import Dice
from services.simulator.firms import Firm
from services.simulator.fleet import Use
from services.simulator.waste import WASTES

__all__ = ["Register", "permit_number"]

Suspended = tuple[date, date | None]
"""First and last China date of a suspension; None if its end is open."""
_LAST_DECISION = date(2026, 6, 20)
"""Every decision of the world is older, also those that were recorded late."""


class Register:
    """Writes registry records; each method returns the id of what it wrote."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._count: dict[str, int] = {}
        self._newest: dict[str, dict[str, Any]] = {}
        self._early: list[dict[str, Any]] = []
        self._listed: dict[str, list[str]] = {}
        self.late: list[tuple[datetime, bytes]] = []
        """What was recorded while events were coming in, and when."""

    @property
    def lines(self) -> list[bytes]:
        """What had been recorded before the first event."""
        return [_text(record) for record in self._early]

    def unit(self, firm: Firm, *, small_generator_collector: bool = False) -> str:
        """Record a firm with its registered office."""
        members: dict[str, Any] = {"uscc": firm.uscc, "name": firm.name, "region": firm.region}
        if small_generator_collector:
            members["small_generator_collector"] = True
        return self._write("unit", members)

    def licence(
        self,
        holder: Firm,
        scope: list[dict[str, Any]],
        valid_to: date,
        valid_from: date | None = None,
        register_type: str = "use_disposal",
        *,
        annual_scale_t: int | str = 9_000_000,
        suspensions: Sequence[Suspended] = (),
        stored_until: date | None = None,
    ) -> str:
        """Record a licence (or exempted or virtual register entry) of the holder.

        ``stored_until``: to when the authority consented to longer storage of all of it.
        """
        number = f"{holder.region}{self._count.get('licence', 0) + 1:04d}"
        return self._write(
            "licence",
            {
                "number": number,
                "holder": holder.uscc,
                "holder_name": holder.name,
                "register_type": register_type,
                "issuer": _authority(holder.region[:2] + "0000"),
                "facility": f"{holder.name}示例厂区",
                "region": holder.site,
                "scope": scope,
                **({"suspensions": _told(suspensions)} if suspensions else {}),
                **({"storage_extensions": [{"until": str(stored_until)}]} if stored_until else {}),
                "annual_scale_t": annual_scale_t,
                "valid_from": str(valid_from or valid_to.replace(year=valid_to.year - 5)),
                "valid_to": str(valid_to),
            },
        )

    def carrier(
        self,
        firm: Firm,
        valid_to: date = date(2028, 12, 31),
        listed: Sequence[str] | None = None,
        uses: Mapping[str, tuple[Use, ...]] | None = None,
    ) -> str:
        """Record a carrier's vehicles and its permit, which lists them all or the ``listed``.

        ``uses``: by plate, where a vehicle is not simply one for other goods.
        """
        for plate in firm.plates:
            self.vehicle(firm, plate, (uses or {}).get(plate, (Use(),)), listed=False)
        plates = self._listed[firm.uscc] = list(firm.plates if listed is None else listed)
        return self._write(
            "carrier_permit",
            {
                "number": permit_number(firm),
                "carrier": firm.uscc,
                "carrier_name": firm.name,
                "goods": ["危险废物"],
                "plates": plates,
                "valid_from": "2024-01-01",
                "valid_to": str(valid_to),
            },
        )

    def vehicle(
        self, firm: Firm, plate: str, uses: Sequence[Use] = (Use(),), *, listed: bool = True
    ) -> None:
        """Record a carrier's vehicle, once for each of its uses, and have its permit list it."""
        if listed:
            self._listed[firm.uscc].append(plate)
        for use in uses:
            vehicle: dict[str, Any] = {"plate": plate, "owner": firm.uscc, "capacity_t": 32}
            if use.medical:
                vehicle["medical"] = True
            if use.since is not None:
                vehicle["valid_from"] = str(use.since)
            if use.until is not None:
                vehicle["valid_to"] = str(use.until)
            self._write("vehicle", vehicle | {"certificate_no": f"示例道运证{plate[1:]}"})

    def institution(self, firm: Firm, beds: int) -> str:
        """Record a hospital."""
        members = {"uscc": firm.uscc, "name": firm.name, "region": firm.region, "beds": beds}
        return self._write("institution", members)

    def plan(
        self, firm: Firm, codes: Sequence[str], added: Mapping[str, date], tonnes: str = "5000"
    ) -> str:
        """Record a unit's management plan for 2026; ``added``: codes that a change brought, and when."""
        lines: list[dict[str, Any]] = [
            {"line": n, "code": code, "name": WASTES[code].name, "quantity_t": tonnes}
            | ({"since": str(added[code])} if code in added else {})
            for n, code in enumerate((*codes, *added), 1)
        ]
        plan = {"uscc": firm.uscc, "name": firm.name, "year": 2026, "lines": lines}
        return self._write("management_plan", plan)

    def crew(self, carrier: Firm, name: str, valid_to: date) -> str:
        """Record a driver's certificate."""
        member = {
            "carrier": carrier.uscc,
            "name": name,
            "roles": ["driver"],
            "certificate_no": f"示例从业{carrier.uscc[8:12]}{valid_to:%m%d}",
            "valid_from": "2023-01-01",
            "valid_to": str(valid_to),
        }
        return self._write("crew", member)

    def insurance(self, firm: Firm, valid_from: date, valid_to: date) -> str:
        """Record a policy of a unit's liability insurance."""
        policy = {
            "insured": firm.uscc,
            "insured_name": firm.name,
            "policy_no": f"示例保单{firm.uscc[8:12]}-{valid_from:%Y%m}",
            "valid_from": str(valid_from),
            "valid_to": str(valid_to),
        }
        return self._write("insurance", policy)

    def approval(
        self,
        consignor: Firm,
        lines: list[tuple[Firm, str, str, int]],
        valid_from: date,
        valid_to: date,
        *,
        decision: str = "approved",
        city_decides: bool = False,
        names: list[str] | None = None,
        recorded: datetime | None = None,
    ) -> str:
        """Record a decision letter, late if so; a line is (receiver, code, purpose, grams)."""
        decided = min(valid_from, _LAST_DECISION - timedelta(days=self._dice.below(10)))
        number = self._count.get("transfer_approval", 0) + 1
        office = consignor.site if city_decides else consignor.site[:2] + "0000"
        return self._write(
            "transfer_approval",
            {
                "document": f"示例环固转〔{decided.year}〕{number}号",
                "decided_on": str(decided),
                "decision": decision,
                "decider": _authority(office),
                "consignor": consignor.uscc,
                "consignor_name": consignor.name,
                "origin": consignor.site,
                "lines": [
                    {
                        "line": n,
                        "code": code,
                        "name": names[n - 1] if names else WASTES[code].name,
                        "quantity_t": tonnes_text(grams),
                        "purpose": purpose,
                        "receiver": receiver.uscc,
                        "receiver_name": receiver.name,
                        "destination": receiver.site,
                    }
                    for n, (receiver, code, purpose, grams) in enumerate(lines, 1)
                ],
                "valid_from": str(valid_from),
                "valid_to": str(valid_to),
            },
            recorded,
        )

    def whitelist(
        self,
        receiver: Firm,
        codes: list[str],
        origins: list[str],
        simplification: str,
        valid_to: date = date(2026, 12, 31),
        cap: int | None = None,
        **asked: Any,
    ) -> str:
        """Record a white-list entry from the first day of 2026, with a yearly cap in grams.

        ``asked``: what it asks in return (``single_use``, ``finish_within_days``).
        """
        return self._write(
            "whitelist_entry",
            {
                "list_id": "示例白名单2026",
                "origins": origins,
                "destination": receiver.site[:2] + "0000",
                "receiver": receiver.uscc,
                "receiver_name": receiver.name,
                "codes": codes,
                **({} if cap is None else {"annual_cap_t": tonnes_text(cap)}),
                "simplification": simplification,
                **asked,
                "valid_from": "2026-01-01",
                "valid_to": str(valid_to),
            },
        )

    def ban(self, province: str, first: date, last: date | None = None, **matter: list[str]) -> str:
        """Record an inbound ban of a province on a ``matter`` (codes, categories, forms, purposes)."""
        members: dict[str, Any] = {"destination": province + "0000", **matter}
        ends = {"valid_to": str(last)} if last else {}
        return self._write("inbound_ban", members | {"valid_from": str(first)} | ends)

    def exemption(
        self,
        codes: list[str],
        stages: list[str],
        consignor: Firm | None = None,
        receiver: Firm | None = None,
    ) -> str:
        """Record an exemption, of everyone or of one named pair (point-to-point use)."""
        pair = {"consignor": consignor, "receiver": receiver}
        named = {role: firm.uscc for role, firm in pair.items() if firm}
        members: dict[str, Any] = {"codes": codes, "stages": stages, "valid_from": "2026-01-01"}
        return self._write("exemption", members | named | {"condition": "示例豁免条件"})

    def decided_on(self, approval: str) -> date:
        """Return the day of an approval's decision."""
        return date.fromisoformat(self._newest[approval]["decided_on"])

    def suspend(self, licence: str, at: datetime, *suspensions: Suspended) -> None:
        """Record at ``at`` that a licence was suspended in those times and no others."""
        self._amend(licence, at, suspensions=_told(suspensions))

    def strike_out(self, record_id: str, at: datetime) -> None:
        """Record at ``at`` that a record should never have stood in the registry."""
        self._amend(record_id, at, retracted=True)

    def _amend(self, record_id: str, at: datetime, **members: Any) -> None:
        self._keep({**self._newest[record_id], **members}, at)

    def _write(self, kind: str, members: dict[str, Any], recorded: datetime | None = None) -> str:
        number = self._count[kind] = self._count.get(kind, 0) + 1
        record_id = f"{_SHORT[kind]}-{number:05d}"
        self._keep({"kind": kind, "id": record_id, **members}, recorded)
        return record_id

    def _keep(self, record: dict[str, Any], recorded: datetime | None) -> None:
        """Write a version of a record, among those of before the first event unless ``recorded``."""
        self._newest[record["id"]] = record
        day, hour = 21 + self._dice.below(9), 9 + self._dice.below(9)
        early = f"2026-06-{day}T{hour:02d}:00:00+08:00"
        line = record | {"recorded_at": recorded.isoformat() if recorded else early}
        if recorded:
            self.late.append((recorded, _text(line)))
        else:
            self._early.append(line)


_SHORT = {
    "unit": "unit",
    "licence": "lic",
    "carrier_permit": "permit",
    "management_plan": "plan",
    "insurance": "ins",
    "crew": "crew",
    "vehicle": "veh",
    "transfer_approval": "appr",
    "whitelist_entry": "white",
    "exemption": "exempt",
    "inbound_ban": "ban",
    "institution": "inst",
}


def _text(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _told(suspensions: Sequence[Suspended]) -> list[dict[str, str]]:
    return [
        {"valid_from": str(first), **({"valid_to": str(last)} if last else {})}
        for first, last in suspensions
    ]


def permit_number(firm: Firm) -> str:
    """Return the number of a carrier's road-transport permit."""
    return f"示例运许{firm.uscc[8:17]}"


def _authority(region: str) -> str:
    """Return the environment authority of a province (``…0000``) or city."""
    return f"{region_name(region)}生态环境{'厅' if region.endswith('0000') else '局'}"
