"""Facts of one manifest: what its events amount to. ``streams.judging.fold`` makes them."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from schemas.manifest import FiledData, WasteLine
from schemas.waste_code import is_general_waste
from streams.judging.last import last_of
from streams.judging.statement import Ref
from streams.judging.weight import Said, Weight, weight_of

__all__ = ["Fact", "Facts", "Ignored", "earliest"]


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened, as corrected."""

    at: datetime
    data: Any
    ref: Ref
    received_us: int
    corrected: Ref | None = None
    said_at: datetime | None = None
    """When it happened as first said, where a correction moved it."""

    @property
    def earliest(self) -> datetime:
        """The earlier of the times given for it."""
        return self.at if self.said_at is None else min(self.at, self.said_at)


class Ignored(NamedTuple):
    """A statement that changes nothing, and why."""

    ref: Ref
    verb: str
    reason: str
    at: datetime


class Facts(NamedTuple):
    """What is known of one manifest, and in ``otherwise`` how else it could be read."""

    subject: str
    filed: Fact | None = None
    dispatched: Fact | None = None
    legs: tuple[Fact, ...] = ()
    arrived: Fact | None = None
    received: Fact | None = None
    treated: tuple[Fact, ...] = ()
    voided: Fact | None = None
    ignored: tuple[Ignored, ...] = ()
    conflicts: tuple[Ref, ...] = ()
    carriers: frozenset[str] = frozenset()
    reached: Fact | None = None
    """The first sign that the load was there: an arrival, or a receipt by any receiver that the
    manifest ever named. Exchanging the receiver on paper does not undo it."""
    otherwise: "tuple[tuple[str, Facts], ...]" = ()
    """(reason, facts) for each way of reading the events that an officer may have to choose:
    ``corrected_after_arrival`` (without what was corrected once the load was there) and
    ``conflicting_reports`` (where one id stands with several contents: the last received)."""

    @property
    def form(self) -> FiledData:
        """The manifest as filed and corrected; only where ``filed`` is known."""
        if self.filed is None:
            raise ValueError(f"manifest {self.subject} is not filed")
        data: FiledData = self.filed.data
        return data

    @property
    def moved(self) -> Fact | None:
        """The first movement known: dispatch, or whatever shows that the load did move."""
        if self.dispatched is not None:
            return self.dispatched
        seen = [fact for fact in (*self.legs[:1], self.arrived, self.received) if fact is not None]
        return min(seen, key=earliest, default=None)

    @property
    def all_carriers(self) -> frozenset[str]:
        """The carriers that may speak, and those that are only spoken of."""
        if self.dispatched is None:
            return self.carriers
        return self.carriers | {self.dispatched.data.carrier}

    @property
    def taken_over(self) -> Fact | None:
        """The physical taking over at the receiver: arrival, else its confirmation."""
        return self.arrived or self.received

    @property
    def refused(self) -> bool:
        """Whether the receiver refused the whole load."""
        return self.received is not None and self.received.data.opinion == "refused"

    @property
    def called_off(self) -> bool:
        """Whether it was voided before the load was there."""
        return self.voided is not None and self.reached is None

    @property
    def state(self) -> str:
        """``unfiled | filed | in_transit | arrived | received | treated | voided``."""
        for name, fact in (
            ("unfiled", self.filed is None or None),
            ("voided", self.voided),
            ("treated", self.treated or None),
            ("received", self.received),
            ("arrived", self.arrived),
            ("in_transit", self.moved),
        ):
            if fact is not None:
                return name
        return "filed"

    @property
    def hazardous(self) -> tuple[WasteLine, ...]:
        """The lines that are hazardous waste."""
        return _hazardous(self.form)

    def grams(self, waste: WasteLine) -> int | None:
        """Grams of a line: as accepted, else as loaded, else as filed; None if not known."""
        accepted = _line(self.received, waste)
        if accepted is None:
            return self.shipped_grams(waste)
        if accepted.accepted_t is not None:
            grams: int = accepted.accepted_t
            return grams
        told = (None, accepted.accepted_packages)
        whole = accepted.opinion != "partly"
        return weight_of(waste, [told, *self._shipped(waste)], whole=whole).grams

    def shipped_grams(self, waste: WasteLine) -> int | None:
        """Grams of a line as they left: as loaded, else as filed; None if not known."""
        if self.dispatched is None and waste.quantity_t is not None:
            return waste.quantity_t
        return self.shipped(waste).grams

    def shipped(self, waste: WasteLine) -> Weight:
        """Weight of a line as it left, and how it is known."""
        return weight_of(waste, self._shipped(waste))

    def _shipped(self, waste: WasteLine) -> list[Said]:
        filed = (waste.quantity_t, waste.packages)
        loaded = _line(self.dispatched, waste)
        return [filed] if loaded is None else [(loaded.quantity_t, loaded.packages), filed]


def _line(fact: Fact | None, waste: WasteLine) -> Any:
    """Return what a party said of one line, None if nothing."""
    for line in (fact.data.wastes or ()) if fact is not None else ():
        if line.line == waste.line:
            return line
    return None


@last_of
def _hazardous(form: FiledData) -> tuple[WasteLine, ...]:
    return tuple(w for w in form.wastes if not is_general_waste(w.code))


def earliest(fact: Fact) -> tuple[datetime, str, str]:
    """Order facts by time, then by source and id."""
    return fact.at, fact.ref.source, fact.ref.id
