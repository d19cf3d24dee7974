"""One manifest on its way: each method posts what one party says, at its proper time."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from services.simulator.handwriting import NO_PHONE, instant, party, tonnes
from services.simulator.register import permit_number
from services.simulator.waste import WASTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.simulator.firms import Firm
    from services.simulator.scene import Scene

__all__ = ["Load", "Said", "Trip"]


@dataclass(frozen=True, slots=True)
class Load:
    """One waste line; ``name`` and ``form`` only where those of the code do not do.

    Where ``packages`` is given, they are told instead of the weight, with the grams of one
    ``package`` unless that is 0.
    """

    code: str
    grams: int
    method: str
    name: str | None = None
    form: str | None = None
    packages: int = 0
    package: int = 0

    def told(self, grams: int, who: "Firm", weight: str, count: str) -> dict[str, Any]:
        """Return what ``who`` writes of a quantity: grams as ``weight``, or packages as ``count``."""
        return {count: self.packages} if self.packages else {weight: tonnes(grams, who)}


@dataclass(slots=True)
class Said:
    """One event as bytes, with what is needed to put it in order.

    Events of one ``trip`` may come late among each other.
    """

    trip: int
    time: datetime
    line: bytes


class Trip:
    """A manifest filed for dispatch at ``at`` (China time).

    ``transit`` and ``receipt`` fix the time on the road and from arrival to confirmation; without
    them they are thrown: hours inside a province, up to two days across, zero to three days.
    """

    def __init__(
        self,
        scene: "Scene",
        consignor: "Firm",
        receiver: "Firm",
        loads: list[Load],
        at: datetime,
        *,
        transit: timedelta | None = None,
        receipt: timedelta | None = None,
    ) -> None:
        dice = scene.dice
        self.scene, self.consignor, self.receiver, self.loads = scene, consignor, receiver, loads
        self.cross = consignor.province != receiver.province
        road = dice.between(6 * 3600, 40 * 3600) if self.cross else dice.between(3600, 8 * 3600)
        self.left_at = at
        self.filed_at = at - timedelta(seconds=dice.between(1800, 10 * 3600))
        self.arrived_at = at + (transit or timedelta(seconds=road))
        waits = timedelta(seconds=dice.between(600, 72 * 3600))
        self.received_at = self.arrived_at + (receipt or waits)
        relay = self.cross and dice.chance(0.12)
        self.legs = [scene.leg(c) for c in scene.some_carriers(2 if relay else 1)]
        self.carriers: list[tuple[Firm, str]] = []
        """Who drives which vehicle; chosen when it is filed, as all its times are known then."""
        self.index = scene.next_trip()
        self.times: dict[str, datetime] = {}
        """When its own parties say that what happened; only what is said before the world ends."""
        self.back_entry = False
        self.driver = "示例驾驶员"
        scene.journeys.append(self)
        self.number, self.aliases = scene.numbers.give(consignor.site, self.filed_at, self.cross)
        self.filed_id = self.received_id = ""
        self.filer = consignor

    def leave_at(self, at: datetime) -> None:
        """Have all of it happen so much sooner or later that it leaves at ``at``."""
        moved = at - self.left_at
        self.filed_at += moved
        self.left_at += moved
        self.arrived_at += moved
        self.received_at += moved

    @property
    def unended(self) -> bool:
        """Whether it left and nobody ever told what became of it."""
        ends = {"arrived", "received", "voided"}
        return "dispatched" in self.times and not ends & self.times.keys()

    @property
    def handed_at(self) -> datetime:
        """When the second carrier takes over, if there are two: half-way."""
        half = (self.arrived_at - self.left_at) // 2
        return self.left_at + timedelta(seconds=half // timedelta(seconds=1))

    def _drivers(self) -> "Iterator[tuple[Firm, str]]":
        """Yield the carrier of each leg, with a vehicle that is free while it lasts."""
        places = [self.left_at, *[self.handed_at] * (len(self.legs) - 1), self.arrived_at]
        for leg, ends in zip(self.legs, pairwise(places), strict=True):
            yield leg.firm, self.scene.garage.take(leg, min(ends), max(ends))

    # what the parties say, in the usual order

    def file(
        self,
        loads: list[Load] | None = None,
        receiver: "Firm | None" = None,
        by: "Firm | None" = None,
    ) -> "Trip":
        """Let the consignor file, with ``loads`` or ``receiver`` that are to be corrected later.

        ``by`` is a small-generator collector that files for it.
        """
        self.carriers = list(self._drivers())
        data = self._form(loads or self.loads, receiver or self.receiver)
        self.filed_id = self._say("filed", by or self.consignor, self.filed_at, data)
        self.filer = by or self.consignor
        self._keep("filed", self.filed_at)
        return self

    def depart(self, weighed: list[int] | None = None) -> "Trip":
        """Let the first carrier leave, with weighed grams where they differ from the filed ones."""
        carrier, plate = self.carriers[0]
        data: dict[str, Any] = {"carrier": carrier.uscc, "plate": plate}
        if weighed is not None:
            data["wastes"] = [
                {"line": n, "quantity_t": tonnes(grams, carrier)}
                for n, grams in enumerate(weighed, 1)
            ]
        self._say("dispatched", carrier, self.left_at, data)
        self._keep("dispatched", self.left_at)
        return self

    def arrive(self) -> "Trip":
        """Let the last carrier arrive, after a relay if there are two."""
        carrier, plate = self.carriers[-1]
        if len(self.carriers) > 1:
            giver = self.carriers[0][0]
            data = {"carrier": giver.uscc, "to": carrier.uscc, "to_name": carrier.name}
            self._say("handed_over", giver, self.handed_at, {**data, "plate": plate})
        data = {"carrier": carrier.uscc, "plate": plate}
        self._say("arrived", carrier, self.arrived_at, data)
        self._keep("arrived", self.arrived_at)
        return self

    def receive(self, accepted: list[int] | None = None, opinion: str = "accepted") -> "Trip":
        """Let the receiver confirm what it accepted (grams per line)."""
        if accepted is None:
            accepted = [load.grams for load in self.loads]
        lines = [
            {
                "line": n,
                "opinion": opinion,
                **load.told(grams, self.receiver, "accepted_t", "accepted_packages"),
                "method": load.method,
            }
            for n, (grams, load) in enumerate(zip(accepted, self.loads, strict=True), 1)
        ]
        data = {"opinion": opinion, "wastes": lines}
        self.received_id = self._say("received", self.receiver, self.received_at, data)
        self._keep("received", self.received_at)
        return self

    def treat(self, when: datetime | None = None) -> "Trip":
        """Let the receiver report what became of the waste, some days later unless ``when``."""
        lines = [
            {
                "line": n,
                "method": load.method,
                **load.told(load.grams, self.receiver, "quantity_t", "packages"),
            }
            for n, load in enumerate(self.loads, 1)
        ]
        if when is None:
            wait = self.scene.dice.between(86_400, 10 * 86_400)
            when = self.received_at + timedelta(seconds=wait)
        self._say("treated", self.receiver, when, {"wastes": lines})
        return self

    def complete(self) -> "Trip":
        """Play all from filing to receipt; a third of the loads is reported as treated."""
        self.file()
        return self.move()

    def move(self) -> "Trip":
        """Play all that follows filing."""
        self.depart().arrive().receive()
        return self.treat() if self.scene.dice.chance(0.3) else self

    # what happens beside it

    def correct(self, when: datetime) -> "Trip":
        """Let the consignor replace a wrong filing by the true one."""
        data = {"corrects": self.filed_id, "reason": "填写错误，更正"}
        self._say(
            "corrected",
            self.consignor,
            when,
            {**data, "filed": self._form(self.loads, self.receiver)},
        )
        return self

    def void(self, when: datetime, reason: str, by: "Firm | None" = None) -> "Trip":
        """Let the consignor, or a stranger, say that the manifest is void."""
        self._say("voided", by or self.consignor, when, {"reason": reason})
        if by is None or by is self.filer:
            self._keep("voided", when)
        return self

    def meddle(self, stranger: "Firm", when: datetime, verb: str) -> "Trip":
        """Let a unit that is no party say that the load left or was received."""
        lines = [
            {"line": n, "opinion": "accepted", "accepted_t": tonnes(load.grams, stranger)}
            for n, load in enumerate(self.loads, 1)
        ]
        data: dict[str, Any] = {"opinion": "accepted", "wastes": lines}
        if verb == "dispatched":
            data = {"carrier": stranger.uscc, "plate": self.carriers[0][1]}
        self._say(verb, stranger, when, data)
        return self

    def file_again(self, loads: list[Load]) -> "Trip":
        """Let the consignor file other ``loads`` under the id of its first filing."""
        when = self.filed_at + timedelta(minutes=self.scene.dice.between(1, 20))
        self._say("filed", self.consignor, when, self._form(loads, self.receiver), self.filed_id)
        return self

    def receive_again(self, opinion: str) -> "Trip":
        """Let the receiver state another opinion under the id of its first receipt."""
        when = self.received_at + timedelta(minutes=self.scene.dice.between(1, 20))
        self._say("received", self.receiver, when, {"opinion": opinion}, self.received_id)
        return self

    def take_number(self, other: "Firm", when: datetime) -> "Trip":
        """Let another unit file its own load under this number, after all else that is said."""
        data = self._form(self.loads, self.receiver) | {"consignor": party(other)}
        self._say("filed", other, when, data, apart=True)
        return self

    def _keep(self, verb: str, when: datetime) -> None:
        if when < self.scene.end:
            self.times[verb] = when

    def _form(self, loads: list[Load], receiver: "Firm") -> dict[str, Any]:
        wastes = []
        for n, load in enumerate(loads, 1):
            waste = WASTES[load.code]
            row = {
                "line": n,
                "code": load.code,
                "name": load.name or waste.name,
                **load.told(load.grams, self.consignor, "quantity_t", "packages"),
                **({"package_t": tonnes(load.package, self.consignor)} if load.package else {}),
                "method": load.method,
                "form": load.form or waste.form,
                "packaging": waste.packaging,
            }
            wastes.append(row | {"hazard": waste.hazard} if waste.hazard else row)
        data: dict[str, Any] = {
            "consignor": party(self.consignor),
            "receiver": party(receiver),
            "carriers": [
                {
                    "uscc": carrier.uscc,
                    "name": carrier.name,
                    "permit_no": permit_number(carrier),
                    "plate": plate,
                    "driver": self.driver,
                    "phone": NO_PHONE,
                }
                for carrier, plate in self.carriers
            ],
            "wastes": wastes,
        }
        if self.back_entry:
            data |= {"back_entry": True, "paper_no": f"示例纸质{self.index:07d}"}
        if self.aliases:
            data["aliases"] = self.aliases
        data["planned_at"] = instant(self.left_at, self.consignor)
        return data

    def _say(
        self,
        verb: str,
        who: "Firm",
        when: datetime,
        data: dict[str, Any],
        event_id: str | None = None,
        *,
        apart: bool = False,
    ) -> str:
        event = {
            "specversion": "1.0",
            "id": event_id or self.scene.dice.event_id(when),
            "source": who.source,
            "type": f"liandan.manifest.{verb}.v1",
            "subject": self.number,
            "time": instant(when, who),
            "data": data,
        }
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        self.scene.post(Said(-self.index if apart else self.index, when, line))
        return str(event["id"])
