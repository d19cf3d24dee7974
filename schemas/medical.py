"""The medical family: the life of each bag and box of medical waste (regulation of 2003, Arts 11-30).

| verb | who says it | subject | what it says |
|---|---|---|---|
| sealed | the institution 医疗卫生机构 | package | a bag or box was closed and weighed |
| transferred | the giving or the taking institution | register | small boxes went on to a collecting hospital |
| collected | the collector 收运单位 | register | packages of one institution were taken along |
| received | the treatment plant 处置单位 | register | packages of one institution were weighed in |
| treated | the treatment plant | batch | a batch went through its process |
| returned | collector or plant | register | packages went back to the institution |
| lost, found | whoever it happened to | package | a package cannot be found, or turned up |
| washed | the plant or collector | plate or box | a vehicle or box was cleaned and disinfected |
| corrected | the author of what it corrects | as that event | the whole data of one earlier event anew |

Weights are whole grams, as scales print them. A register (运送登记卡) names the institution that its
packages come from (regulation Art 12: source, kind, weight or number, hand-over, destination).
"""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from schemas.checks import Checked, Refusal, text
from schemas.credit_code import CreditCode
from schemas.envelope import Envelope, EventId
from schemas.instant import Instant
from schemas.manifest import Long, Short
from schemas.plate import Plate
from schemas.quantity import Count, small_int
from schemas.record import Record
from schemas.waste_code import WasteCode

__all__ = [
    "CODE_OF_CLASS",
    "MEDICAL_VERBS",
    "MedicalClass",
    "MedicalEvent",
    "MedicalEventModel",
    "PackageId",
    "PackageOf",
    "Process",
]

MedicalClass = Literal["infectious", "sharps", "pathological", "chemical", "pharmaceutical"]
"""感染性 | 损伤性 | 病理性 | 化学性 | 药物性"""
CODE_OF_CLASS: dict[str, WasteCode] = {
    "infectious": "841-001-01",
    "sharps": "841-002-01",
    "pathological": "841-003-01",
    "chemical": "841-004-01",
    "pharmaceutical": "841-005-01",
}
"""The code of each class in the catalogue of 2021."""

Process = Literal["incineration", "steam", "microwave", "dry_heat", "chemical"]
"""焚烧 | 高温蒸汽 | 微波 | 高温干热 | 化学消毒"""

Grams = Annotated[int, small_int(0, 10_000_000)]
LEAST_ID, MOST_ID = 1, 64


def read_label(value: Any) -> str:
    """Return what is printed on a bag, box, register or batch, else raise ``Refusal``."""
    if (
        type(value) is not str
        or not LEAST_ID <= len(value) <= MOST_ID
        or not value.isprintable()
        or "/" in value
        or value != value.strip()
    ):
        raise Refusal(
            "label_form",
            f"编号应为 {LEAST_ID} 至 {MOST_ID} 个可见字符，首尾无空格，不含 /",
            f"a label has {LEAST_ID} to {MOST_ID} printable characters, no / and no blanks at its ends",
        )
    return value


_WIRE = {
    "type": "string",
    "minLength": LEAST_ID,
    "maxLength": MOST_ID,
    "pattern": "^[^/]+$",
}
PackageId = Annotated[str, Checked(read_label, _WIRE)]
Label = Annotated[str, Checked(read_label, _WIRE)]


class SealedData(Record):
    """A bag or box closed and labelled in its ward; the 48 hours run from here (domain 9)."""

    waste: MedicalClass = Field(description="类别")
    weight_g: Grams = Field(description="重量，克")
    container: Literal["bag", "sharps_box", "box"] = "bag"
    cytotoxic: bool = Field(default=False, description="含细胞毒性药物")
    ward: Short | None = None
    handler: Short | None = None
    role: Short | None = Field(default=None, description="交接人岗位")


class PackageOf(Record):
    """One package on a register, with its weight where the scale gave one."""

    id: PackageId
    weight_g: Grams | None = None


def _packages_once(data: Any) -> None:
    packages = data.packages
    if len(packages) > 1 and len({package.id for package in packages}) != len(packages):
        raise Refusal("package_twice", "包装编号重复", "a package is listed twice")


def _listed_or_weighed(data: Any) -> None:
    if not data.packages and data.weight_g is None:
        raise Refusal(
            "packages_missing",
            "须列出包装编号，或给出总重 weight_g",
            "list the packages, or give the weight of all of them in weight_g",
        )


Packages = Annotated[list[PackageOf], Field(max_length=2000)]


class TransferredData(Record):
    """Handed on to a collecting hospital; its store goes on from here."""

    institution: CreditCode = Field(description="产生医疗废物的机构")
    to: CreditCode = Field(description="集中暂存的机构")
    packages: Annotated[list[PackageOf], Field(min_length=1, max_length=2000)]
    box: Label | None = Field(default=None, description="周转箱编号")
    handler: Short | None = None

    __checks__ = (_packages_once,)


class CollectedData(Record):
    """Taken along by vehicle: the register of one pick-up at one institution."""

    institution: CreditCode = Field(description="产生医疗废物的机构")
    packages: Packages = []
    weight_g: Grams | None = Field(default=None, description="总重，克")
    pieces: Count | None = None
    plate: Plate
    route: Short | None = None
    driver: Short | None = None
    handler: Short | None = None
    manifest: Short | None = Field(default=None, description="（月度）联单编号")

    __checks__ = (_packages_once, _listed_or_weighed)


class ReceivedData(Record):
    """Weighed in at the treatment plant."""

    institution: CreditCode = Field(description="产生医疗废物的机构")
    packages: Packages = []
    weight_g: Grams | None = Field(default=None, description="总重，克")
    plate: Plate | None = None
    cold: bool = Field(default=False, description="贮存温度低于 5 ℃")
    disinfected: bool = Field(default=False, description="已消毒")
    boxes: Annotated[list[Label], Field(max_length=500)] = Field(
        default=[], description="装运所用的周转箱编号"
    )
    handler: Short | None = None

    __checks__ = (_packages_once, _listed_or_weighed)


class TreatedLoad(Record):
    """What a batch has from one institution."""

    institution: CreditCode
    packages: Annotated[list[PackageId], Field(min_length=1, max_length=2000)]


def _treated_once(data: Any) -> None:
    named = [(load.institution, package) for load in data.loads for package in load.packages]
    if len(set(named)) != len(named):
        raise Refusal("package_twice", "包装编号重复", "a package is listed twice")


class TreatedData(Record):
    """A batch and the figures of its process (GB 39707-2020)."""

    process: Process
    loads: Annotated[list[TreatedLoad], Field(min_length=1, max_length=500)]
    weight_g: Grams | None = None
    temperature_c: Annotated[int, small_int(0, 3000)] | None = None
    minutes: Annotated[int, small_int(0, 100_000)] | None = Field(
        default=None, description="处理时间，分钟"
    )
    residence_ms: Annotated[int, small_int(0, 1_000_000)] | None = Field(
        default=None, description="焚烧烟气停留时间，毫秒"
    )
    pressure_kpa: Annotated[int, small_int(0, 100_000)] | None = None

    __checks__ = (_treated_once,)


class ReturnedData(Record):
    """Given back to the institution, whose store goes on."""

    institution: CreditCode
    packages: Annotated[list[PackageOf], Field(min_length=1, max_length=2000)]
    reason: Annotated[str, text(1000, least=1)]

    __checks__ = (_packages_once,)


class LostData(Record):
    """The package of the subject cannot be found."""

    institution: CreditCode
    place: Long | None = None
    reason: Annotated[str, text(1000, least=1)]


class FoundData(Record):
    """The package of the subject turned up."""

    institution: CreditCode
    place: Long | None = None


class WashedData(Record):
    """A vehicle or box was cleaned and disinfected; the subject is its plate or number."""

    what: Literal["vehicle", "box"]
    agent: Short | None = Field(default=None, description="消毒剂")
    handler: Short | None = None


_REPLACEABLE = (
    "sealed",
    "transferred",
    "collected",
    "received",
    "treated",
    "returned",
    "lost",
    "found",
    "washed",
)


def _one_replacement(data: Any) -> None:
    if sum(getattr(data, verb) is not None for verb in _REPLACEABLE) != 1:
        raise Refusal(
            "one_replacement",
            "更正事件须且只能给出一种更正后的内容",
            "a correction gives the corrected data of exactly one kind of event",
        )


class CorrectedData(Record):
    """The whole corrected data of one earlier event of the same author; chains are followed."""

    corrects: EventId
    reason: Annotated[str, text(1000, least=1)]
    happened_at: Instant | None = Field(default=None, description="更正后的发生时间")
    sealed: SealedData | None = None
    transferred: TransferredData | None = None
    collected: CollectedData | None = None
    received: ReceivedData | None = None
    treated: TreatedData | None = None
    returned: ReturnedData | None = None
    lost: LostData | None = None
    found: FoundData | None = None
    washed: WashedData | None = None

    __checks__ = (_one_replacement,)


class _MedicalEnvelope(Envelope):
    subject: Label


class Sealed(_MedicalEnvelope):
    """封装."""

    type: Literal["liandan.medical.sealed.v1"]
    data: SealedData


class Transferred(_MedicalEnvelope):
    """集中转运."""

    type: Literal["liandan.medical.transferred.v1"]
    data: TransferredData


class Collected(_MedicalEnvelope):
    """收运."""

    type: Literal["liandan.medical.collected.v1"]
    data: CollectedData


class Received(_MedicalEnvelope):
    """入厂."""

    type: Literal["liandan.medical.received.v1"]
    data: ReceivedData


class Treated(_MedicalEnvelope):
    """处置."""

    type: Literal["liandan.medical.treated.v1"]
    data: TreatedData


class Returned(_MedicalEnvelope):
    """退回."""

    type: Literal["liandan.medical.returned.v1"]
    data: ReturnedData


class Lost(_MedicalEnvelope):
    """丢失."""

    type: Literal["liandan.medical.lost.v1"]
    data: LostData


class Found(_MedicalEnvelope):
    """找到."""

    type: Literal["liandan.medical.found.v1"]
    data: FoundData


class Washed(_MedicalEnvelope):
    """清洗消毒."""

    type: Literal["liandan.medical.washed.v1"]
    data: WashedData


class Corrected(_MedicalEnvelope):
    """更正."""

    type: Literal["liandan.medical.corrected.v1"]
    data: CorrectedData


MedicalEvent = (
    Sealed
    | Transferred
    | Collected
    | Received
    | Treated
    | Returned
    | Lost
    | Found
    | Washed
    | Corrected
)

MEDICAL_VERBS = {f"liandan.medical.{verb}.v1": verb for verb in (*_REPLACEABLE, "corrected")}
"""Event type to verb."""


class MedicalEventModel(RootModel[Annotated[MedicalEvent, Field(discriminator="type")]]):
    """Any event of the family, told apart by ``type``."""
