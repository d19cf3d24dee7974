"""The manifest family: what is said about one transfer (fields of the 2021 form, domain 1.6).

| verb | who may say it | what it says |
|---|---|---|
| filed | consignor, or a licensed small-generator collector for it | the manifest |
| dispatched | a carrier of the manifest | the load left the consignor's site |
| handed_over | a carrier of the manifest | the load changed carriers (multi-leg) |
| arrived | a carrier of the manifest | physical taking over at the receiver's site |
| received | the receiver | confirmation in the system, with its opinion |
| treated | the receiver | the waste was used or disposed of |
| corrected | the author of what it corrects | replaces the data of one earlier event |
| voided | consignor or its collector | the manifest is void |
"""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from schemas.checks import Refusal, text
from schemas.credit_code import CreditCode
from schemas.envelope import Envelope, EventId
from schemas.instant import Instant
from schemas.manifest_number import ManifestNumber
from schemas.plate import Plate
from schemas.quantity import Count, PackageTonnes, Tonnes, quantity_missing, small_int
from schemas.record import Record
from schemas.region import RegionCode
from schemas.waste_code import WasteCode

__all__ = [
    "MANIFEST_VERBS",
    "Arrived",
    "Carrier",
    "Consignor",
    "Corrected",
    "Dispatched",
    "Filed",
    "FiledData",
    "HandedOver",
    "ManifestEvent",
    "ManifestEventModel",
    "Method",
    "Received",
    "Receiver",
    "Treated",
    "Voided",
    "WasteLine",
]

Method = Literal["storage", "utilisation", "disposal"]
"""贮存 | 利用 | 处置"""
Form = Literal["solid", "semi_solid", "liquid", "gas"]
Name = Annotated[str, text(200, least=1)]
Short = Annotated[str, text(64)]
Long = Annotated[str, text(1000)]
LineNumber = Annotated[int, small_int(1, 10_000)]


class Consignor(Record):
    """移出人: the unit at whose site the transfer starts. ``site_region`` decides the origin."""

    uscc: CreditCode
    name: Name
    site_region: RegionCode
    address: Long | None = None
    handler: Short | None = None
    phone: Short | None = None
    emergency_phone: Short | None = None


class Receiver(Record):
    """接受人: the unit at whose site the transfer ends."""

    uscc: CreditCode
    name: Name
    site_region: RegionCode
    licence_no: Short | None = None
    facility: Name | None = None
    address: Long | None = None
    handler: Short | None = None
    phone: Short | None = None


class Carrier(Record):
    """承运人 of one leg; the part repeats for relays."""

    uscc: CreditCode
    name: Name
    permit_no: Short | None = None
    address: Long | None = None
    phone: Short | None = None
    vehicle: Short | None = Field(default=None, description="运输工具")
    plate: Plate | None = None
    driver: Short | None = None
    driver_phone: Short | None = None
    escort: Short | None = None
    start: Long | None = None
    via: Long | None = None
    end: Long | None = None


def _weighed_or_counted(data: Any) -> None:
    if data.quantity_t is None and not data.packages:
        raise quantity_missing("quantity_t", "packages")


class WasteLine(Record):
    """One class of waste on the manifest; weights are read as grams.

    Units that only count give ``packages``, with ``package_t`` where the weight of one is known.
    Where a weight is given too, the weight counts.
    """

    line: LineNumber
    code: WasteCode
    name: Name
    quantity_t: Tonnes | None = None
    method: Method
    method_code: Short | None = Field(default=None, description="利用处置方式代码 (HJ 1033)")
    form: Form | None = None
    hazard: Short | None = None
    components: Long | None = None
    packaging: Short | None = None
    packages: Count | None = None
    package_t: PackageTonnes | None = None

    __checks__ = (_weighed_or_counted,)


def _lines_once(data: Any) -> None:
    lines = data.wastes or ()
    if len(lines) > 1 and len({waste.line for waste in lines}) != len(lines):
        raise Refusal("waste_line_twice", "废物行号重复", "a waste line number is used twice")


class FiledData(Record):
    """The manifest as filed."""

    consignor: Consignor
    receiver: Receiver
    carriers: Annotated[list[Carrier], Field(max_length=20)] = []
    wastes: Annotated[list[WasteLine], Field(min_length=1, max_length=200)]
    aliases: Annotated[list[ManifestNumber], Field(max_length=10)] = []
    approval_no: Short | None = None
    plan_no: Short | None = None
    planned_at: Instant | None = None
    back_entry: bool = False
    paper_no: Short | None = None
    remark: Long | None = None
    check_ticket: Annotated[str, text(2000)] | None = Field(
        default=None, description="预检票据，见 POST /v1/check"
    )

    __checks__ = (_lines_once,)


class LoadedLine(Record):
    """What was really loaded of one line: its weight, or a count of the filed line's packages."""

    line: LineNumber
    quantity_t: Tonnes | None = None
    packages: Count | None = None

    __checks__ = (_weighed_or_counted,)


class DispatchedData(Record):
    """Departure of the first leg. ``wastes`` gives weighed quantities where they differ."""

    carrier: CreditCode
    plate: Plate | None = None
    driver: Short | None = None
    place: Long | None = None
    wastes: Annotated[list[LoadedLine], Field(max_length=200)] | None = None

    __checks__ = (_lines_once,)


class HandedOverData(Record):
    """A relay: ``to`` verifies consignor, previous carrier and waste data (order 23 Art 17)."""

    carrier: CreditCode
    to: CreditCode
    to_name: Name | None = None
    plate: Plate | None = None
    place: Long | None = None


class ArrivedData(Record):
    """Physical taking over at the receiver's site; the 5 working days run from here."""

    carrier: CreditCode
    plate: Plate | None = None
    place: Long | None = None


def _accepted(data: Any) -> None:
    if data.accepted_t is not None or data.accepted_packages:
        return
    if data.accepted_packages is None or data.opinion != "refused":  # no piece of what was refused
        raise quantity_missing("accepted_t", "accepted_packages")


class AcceptedLine(Record):
    """The receiver's word on one line; a count is of the filed line's packages."""

    line: LineNumber
    opinion: Literal["accepted", "partly", "refused"]
    accepted_t: Tonnes | None = None
    accepted_packages: Count | None = None
    discrepancy: bool = False
    method: Method | None = None

    __checks__ = (_accepted,)


class ReceivedData(Record):
    """Confirmation in the system (order 23 Art 18)."""

    opinion: Literal["accepted", "partly", "refused"]
    wastes: Annotated[list[AcceptedLine], Field(max_length=200)] = []
    major_discrepancy: bool = False
    note: Long | None = None

    __checks__ = (_lines_once,)


class TreatedLine(Record):
    """What was used or disposed of."""

    line: LineNumber
    method: Method
    quantity_t: Tonnes | None = None
    packages: Count | None = None

    __checks__ = (_weighed_or_counted,)


class TreatedData(Record):
    """The receiver's report to the consignor on what became of the waste."""

    wastes: Annotated[list[TreatedLine], Field(min_length=1, max_length=200)]
    finished: bool = True

    __checks__ = (_lines_once,)


class VoidedData(Record):
    """The manifest is void; voiding may come a year late (domain 8.1)."""

    reason: Annotated[str, text(1000, least=1)]


_REPLACEABLE = ("filed", "dispatched", "handed_over", "arrived", "received", "treated")


def _one_replacement(data: Any) -> None:
    if sum(getattr(data, verb) is not None for verb in _REPLACEABLE) != 1:
        raise Refusal(
            "one_replacement",
            "更正事件须且只能给出一种更正后的内容",
            "a correction gives the corrected data of exactly one kind of event",
        )


class CorrectedData(Record):
    """The whole corrected data of one earlier event of the same author.

    ``corrects`` is that event's id (or the id of a correction of it: chains are followed).
    """

    corrects: EventId
    reason: Annotated[str, text(1000, least=1)]
    happened_at: Instant | None = Field(default=None, description="更正后的发生时间")
    filed: FiledData | None = None
    dispatched: DispatchedData | None = None
    handed_over: HandedOverData | None = None
    arrived: ArrivedData | None = None
    received: ReceivedData | None = None
    treated: TreatedData | None = None

    __checks__ = (_one_replacement,)


class _ManifestEnvelope(Envelope):
    subject: ManifestNumber


class Filed(_ManifestEnvelope):
    """联单填报."""

    type: Literal["liandan.manifest.filed.v1"]
    data: FiledData


class Dispatched(_ManifestEnvelope):
    """起运."""

    type: Literal["liandan.manifest.dispatched.v1"]
    data: DispatchedData


class HandedOver(_ManifestEnvelope):
    """交接."""

    type: Literal["liandan.manifest.handed_over.v1"]
    data: HandedOverData


class Arrived(_ManifestEnvelope):
    """运抵."""

    type: Literal["liandan.manifest.arrived.v1"]
    data: ArrivedData


class Received(_ManifestEnvelope):
    """接收确认."""

    type: Literal["liandan.manifest.received.v1"]
    data: ReceivedData


class Treated(_ManifestEnvelope):
    """利用处置."""

    type: Literal["liandan.manifest.treated.v1"]
    data: TreatedData


class Corrected(_ManifestEnvelope):
    """更正."""

    type: Literal["liandan.manifest.corrected.v1"]
    data: CorrectedData


class Voided(_ManifestEnvelope):
    """作废."""

    type: Literal["liandan.manifest.voided.v1"]
    data: VoidedData


ManifestEvent = Filed | Dispatched | HandedOver | Arrived | Received | Treated | Corrected | Voided

MANIFEST_VERBS = {
    f"liandan.manifest.{verb}.v1": verb for verb in (*_REPLACEABLE, "corrected", "voided")
}
"""Event type to verb."""


class ManifestEventModel(RootModel[Annotated[ManifestEvent, Field(discriminator="type")]]):
    """Any event of the family, told apart by ``type``."""
