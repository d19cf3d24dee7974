"""What a manifest says of one vehicle: where from, where to, from when to when. Packed it is small."""

import msgspec

from schemas.alert import Evidence

__all__ = ["Leg", "packed", "unpacked"]

UNTOLD_S = 30 * 86_400
"""A manifest that names a plate and tells of no departure may be its journey's for so long."""


class Leg(msgspec.Struct, frozen=True, array_like=True):
    """One vehicle's part in a manifest; several loadings of one plate count as one. Whole seconds."""

    manifest: str
    plate: str
    carrier: str
    consignor: str
    consignor_name: str
    receiver: str
    receiver_name: str
    origin: str
    destination: str
    filed: int
    loaded: int | None
    """When it took the load over; None while no departure of it is told."""
    until: int | None
    """When it gave the load to another carrier, or to the receiver; None while that is not told."""
    first: bool
    """Whether it was loaded at the consignor's."""
    last: bool
    """Whether it is to unload at the receiver's."""
    arrived: int | None
    taken_over: int | None
    """Arrival, else the receiver's confirmation."""
    called_off: bool
    judged: bool
    """Whether it carries waste whose transport is not exempt, and was not called off."""
    grams: int
    unweighed: bool
    waste_zh: str
    waste_en: str
    loading: tuple[str, str] | None
    """The event of the loading and its digest; so of the arrival."""
    arrival: tuple[str, str] | None
    drivers: int | None = None
    """How many may take turns at the wheel, by the manifest and the carrier's people on record; None in a
    leg that was written before that was looked at."""

    def evidence(self) -> list[Evidence]:
        """Return the manifest and what was told of the vehicle."""
        found = [Evidence("manifest", self.manifest, None, "联单", "manifest")]
        for event, zh, en in ((self.loading, "装载", "loading"), (self.arrival, "运抵", "arrival")):
            if event is not None:
                found.append(Evidence("event", *event, zh, en))
        return found

    @property
    def begins(self) -> int:
        """The first second that it tells of."""
        return self.filed if self.loaded is None else min(self.filed, self.loaded)

    @property
    def ends(self) -> int:
        """When the vehicle was on its way no more: when it gave up the load, else ``UNTOLD_S`` later."""
        return self.until if self.until is not None else self.begins + UNTOLD_S

    def covers(self, begins: int, ends: int) -> bool:
        """Whether the vehicle may have been on this manifest's way in a time."""
        return not self.called_off and self.begins <= ends and begins <= self.ends


def packed(leg: Leg) -> bytes:
    """Return a leg in a few hundred bytes."""
    return _pack(leg)


def unpacked(raw: bytes) -> Leg:
    """Read what ``packed`` made."""
    return _unpack(raw)


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Leg).decode
