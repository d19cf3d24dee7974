"""Registry records: what authorities know. Validity is the world's, ``recorded_at`` is ours.

A line of ``registry.ndjson`` is ``{"kind": …, "id": …, …}``. A later record with the same kind and
id replaces what was known of it (the earlier version stays readable by ``recorded_at``);
``"retracted": true`` says that it should never have stood there. ``valid_to`` includes its whole
China day; no ``valid_to`` means open.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, RootModel

from schemas.checks import Checked, Refusal, text
from schemas.credit_code import CreditCode
from schemas.instant import Day, Instant
from schemas.line import Line
from schemas.manifest import Form, Method, Name, Short
from schemas.medical import Process
from schemas.plate import Plate
from schemas.quantity import Tonnes, small_int
from schemas.record import Record
from schemas.region import RegionCode
from schemas.ring import Ring
from schemas.track import PlateColour
from schemas.waste_code import WasteCode, category_of, read_waste_code

__all__ = [
    "REGISTRY_KINDS",
    "ApprovalLine",
    "Calendar",
    "CarrierPermit",
    "CollectionAgreement",
    "CrewMember",
    "EmergencyOrder",
    "Exemption",
    "Fence",
    "FenceRole",
    "InboundBan",
    "Institution",
    "Insurance",
    "Licence",
    "ManagementPlan",
    "MedicalPlant",
    "ParameterValue",
    "PlanLine",
    "PrescribedRoute",
    "RegistryRecord",
    "RegistryRecordModel",
    "RulebookVersion",
    "ScopeLine",
    "StorageExtension",
    "Suspension",
    "Terminal",
    "TransferApproval",
    "Unit",
    "Vehicle",
    "WhitelistEntry",
]

RecordId = Annotated[str, text(100, least=1)]
Purpose = Method
Category = Annotated[str, text(4, least=4)]
Stage = Literal[
    "collection", "transport", "transfer", "storage", "utilisation", "disposal", "whole_process"
]
"""收集 | 运输 | 转移 | 贮存 | 利用 | 处置 | 全部环节"""
Mode = Literal["collection", "storage", "utilisation", "disposal"]
FenceRole = Literal["generator", "receiver", "carrier_yard", "water", "forbidden", "other"]
"""产生单位 | 接收单位 | 承运人车场 | 水体 | 禁入区 | 其他（如服务区）"""
ExceptCodes = Annotated[
    list[WasteCode], Field(max_length=600, description="所列类别中除外的代码；不影响 codes")
]


def _ends_after_it_begins(record: Any) -> None:
    if record.valid_to is not None and record.valid_to < record.valid_from:
        raise Refusal(
            "validity_reversed",
            "有效期止早于有效期起",
            "the record ends before it begins",
        )


def _categories_are_known(record: Any) -> None:
    for category in record.categories:
        read_waste_code("900-000-" + category.removeprefix("HW"))


def _exceptions_are_of_its_categories(record: Any) -> None:
    for code in record.except_codes:
        if category_of(code) not in record.categories:
            raise Refusal(
                "exception_without_category",
                f"除外代码 {code} 不属于所列的任何类别",
                f"the excepted code {code} is of none of the categories listed",
            )


class _Valid(Record):
    id: RecordId
    retracted: bool = False
    valid_from: Day = date(1990, 1, 1)
    valid_to: Day | None = None
    recorded_at: Instant | None = Field(
        default=None,
        description="何时录入；仅用于文件研判，系统导入时以系统时间为准",
    )
    source_doc: Annotated[str, text(200)] | None = None
    note: Annotated[str, text(1000)] | None = None

    __checks__: ClassVar[Sequence[Callable[[Any], None]]] = (_ends_after_it_begins,)


class Unit(_Valid):
    """单位: a firm, hospital or other body."""

    kind: Literal["unit"]
    uscc: CreditCode
    name: Name
    region: RegionCode
    small_generator_collector: bool = Field(
        default=False, description="小微企业危险废物收集单位，可代填联单"
    )


class ScopeLine(Record):
    """What a licence covers: codes or whole categories × modes, in one catalogue edition."""

    codes: Annotated[list[WasteCode], Field(max_length=600)] = []
    categories: Annotated[list[Category], Field(max_length=46)] = []
    except_codes: ExceptCodes = []
    modes: Annotated[list[Mode], Field(min_length=1, max_length=4)]
    edition: Annotated[int, small_int(2008, 2100)] = 2021
    printed: Annotated[str, text(2000)] | None = Field(default=None, description="证载原文")

    __checks__ = (_categories_are_known, _exceptions_are_of_its_categories)


class Suspension(Record):
    """A time in which a licence may not be used; China dates, ``valid_to`` included."""

    valid_from: Day
    valid_to: Day | None = None
    document: Annotated[str, text(200)] | None = None

    __checks__ = (_ends_after_it_begins,)


class StorageExtension(Record):
    """A licensing authority's consent to store longer than a year (Code Art 535); no codes: all."""

    codes: Annotated[list[WasteCode], Field(max_length=600)] = []
    until: Day = Field(description="延长至，含当日")
    document: Annotated[str, text(200)] | None = None


class Licence(_Valid):
    """危险废物经营许可证 (operating licence), or its exempted or virtual register entry."""

    kind: Literal["licence"]
    number: Annotated[str, text(64, least=1)]
    holder: CreditCode
    holder_name: Name | None = None
    register_type: Literal["medical", "collection", "exempted", "use_disposal", "virtual"]
    issuer: Name | None = None
    facility: Annotated[str, text(200)] | None = None
    region: RegionCode
    scope: Annotated[list[ScopeLine], Field(max_length=200)] = []
    suspensions: Annotated[list[Suspension], Field(max_length=100)] = []
    annual_scale_t: Tonnes | None = None
    storage_extensions: Annotated[list[StorageExtension], Field(max_length=100)] = Field(
        default=[], description="经批准延长的贮存期限"
    )


class CarrierPermit(_Valid):
    """道路危险货物运输许可: a carrier's road-transport permit."""

    kind: Literal["carrier_permit"]
    number: Annotated[str, text(64, least=1)]
    carrier: CreditCode
    carrier_name: Name | None = None
    goods: Annotated[list[Short], Field(max_length=50)] = []
    plates: Annotated[list[Plate], Field(max_length=5000)] = []


class Vehicle(_Valid):
    """A vehicle with its 道路运输证."""

    kind: Literal["vehicle"]
    plate: Plate
    owner: CreditCode
    certificate_no: Short | None = None
    capacity_t: Tonnes | None = None
    medical: bool = False


class ApprovalLine(Record):
    """One line of an approval: the key of everything is document + line (domain 8.2)."""

    line: Annotated[int, small_int(1, 10_000)]
    code: WasteCode
    edition: Annotated[int, small_int(2008, 2100)] = 2021
    name: Name
    quantity_t: Tonnes
    purpose: Purpose
    receiver: CreditCode
    receiver_name: Name | None = None
    destination: RegionCode


def _approval_has_lines(record: Any) -> None:
    if record.decision == "approved" and not record.lines:
        raise Refusal(
            "approval_without_lines",
            "批准的审批至少应有一项",
            "an approval that is granted has at least one line",
        )


def _approval_lines_once(record: Any) -> None:
    if len({line.line for line in record.lines}) != len(record.lines):
        raise Refusal(
            "approval_line_twice", "审批行号重复", "an approval line number is used twice"
        )


class TransferApproval(_Valid):
    """跨省转移审批 (order 23 Arts 21-28): document + lines. A refusal is a record too."""

    kind: Literal["transfer_approval"]
    document: Annotated[str, text(100, least=1)]
    decided_on: Day
    decision: Literal["approved", "refused"]
    decider: Name | None = None
    consignor: CreditCode
    consignor_name: Name | None = None
    origin: RegionCode
    lines: Annotated[list[ApprovalLine], Field(max_length=500)] = Field(
        default=[], description="不予批准的，可以没有事项"
    )
    carriers: Annotated[list[CreditCode], Field(max_length=100)] = Field(
        default=[], description="申请表所列承运人；审批不限定承运人（转移办法第二十四条）"
    )

    __checks__ = (_ends_after_it_begins, _approval_has_lines, _approval_lines_once)


class WhitelistEntry(_Valid):
    """白名单: shortens or, as ``as_intra``, replaces the approval. Not an approval otherwise."""

    kind: Literal["whitelist_entry"]
    list_id: Annotated[str, text(100, least=1)]
    origins: Annotated[list[RegionCode], Field(max_length=40)] = Field(
        default=[], description="移出省份；空表示不限"
    )
    destination: RegionCode
    receiver: CreditCode
    receiver_name: Name | None = None
    facility: Annotated[str, text(200)] | None = None
    codes: Annotated[list[WasteCode], Field(max_length=600)] = []
    categories: Annotated[list[Category], Field(max_length=46)] = []
    except_codes: ExceptCodes = []
    purposes: Annotated[list[Purpose], Field(max_length=3)] = []
    annual_cap_t: Tonnes | None = None
    simplification: Literal["direct", "short_consult", "as_intra"]
    single_use: bool = Field(default=False, description="一事一批：一份审批只用于一次转移")
    finish_within_days: Annotated[int, small_int(1, 366)] | None = Field(
        default=None, description="自批准之日起须完成转移的天数"
    )

    __checks__ = (
        _ends_after_it_begins,
        _categories_are_known,
        _exceptions_are_of_its_categories,
    )


class InboundBan(_Valid):
    """限入: province + class + form + purpose + period -> may not enter.

    With a ``least_content`` only what has less of it may not (domain 3.2: sludge of plating by its metal).
    """

    kind: Literal["inbound_ban"]
    destination: RegionCode
    codes: Annotated[list[WasteCode], Field(max_length=600)] = []
    categories: Annotated[list[Category], Field(max_length=46)] = []
    forms: Annotated[list[Form], Field(max_length=4)] = []
    purposes: Annotated[list[Purpose], Field(max_length=3)] = []
    least_content: Annotated[str, text(200, least=1)] | None = Field(
        default=None, description="最低含量，例如“铜 5%”：只限低于此含量的废物"
    )

    __checks__ = (_ends_after_it_begins, _categories_are_known)


class Exemption(_Valid):
    """豁免: only for the stages that it names; a named pair is point-to-point use."""

    kind: Literal["exemption"]
    item: Short | None = Field(default=None, description="豁免清单序号")
    codes: Annotated[list[WasteCode], Field(max_length=600)] = []
    categories: Annotated[list[Category], Field(max_length=46)] = []
    stages: Annotated[list[Stage], Field(min_length=1, max_length=7)]
    condition: Annotated[str, text(2000)] | None = None
    consignor: CreditCode | None = None
    receiver: CreditCode | None = None

    __checks__ = (_ends_after_it_begins, _categories_are_known)


def _days_of_the_year(record: Any) -> None:
    days = [*record.holidays, *record.workdays]
    if len(set(days)) != len(days):
        raise Refusal("calendar_day_twice", "日期重复", "a day is listed twice")
    if any(day.year != record.year for day in days):
        raise Refusal(
            "calendar_other_year", "日期不在该年度", "a day lies outside the calendar's year"
        )


class Calendar(_Valid):
    """办公历: a year's days off beside weekends, and the weekend days that are worked instead.

    As the State Council's notice of each autumn lists them. A year without one counts Monday to Friday.
    """

    kind: Literal["calendar"]
    year: Annotated[int, small_int(2000, 2100)]
    holidays: Annotated[list[Day], Field(max_length=200)] = Field(default=[], description="放假日")
    workdays: Annotated[list[Day], Field(max_length=60)] = Field(
        default=[], description="调休上班日"
    )

    __checks__ = (_ends_after_it_begins, _days_of_the_year)


class PlanLine(Record):
    """One waste of a management plan."""

    line: Annotated[int, small_int(1, 10_000)]
    code: WasteCode
    name: Name | None = None
    quantity_t: Tonnes | None = Field(default=None, description="计划年产生量或转移量")
    since: Day | None = Field(default=None, description="年中变更时增列之日；空表示年初即有")


def _plan_lines_once(record: Any) -> None:
    if len({line.line for line in record.lines}) != len(record.lines):
        raise Refusal("plan_line_twice", "计划行号重复", "a line number is used twice in the plan")


class ManagementPlan(_Valid):
    """危险废物管理计划: what a unit filed for a calendar year with its authority (order 23 Arts 10, 14).

    A change during the year is a newer version, with ``since`` on the lines that came with it.
    """

    kind: Literal["management_plan"]
    uscc: CreditCode
    name: Name | None = None
    year: Annotated[int, small_int(2000, 2100)]
    lines: Annotated[list[PlanLine], Field(max_length=1000)] = []

    __checks__ = (_ends_after_it_begins, _plan_lines_once)


class CrewMember(_Valid):
    """从业资格: who drives, escorts or loads dangerous goods for a carrier, and how long the certificate holds.

    A person is known by name and carrier only; no identity number is kept.
    """

    kind: Literal["crew"]
    carrier: CreditCode
    name: Short
    roles: Annotated[list[Literal["driver", "escort", "loader"]], Field(min_length=1, max_length=3)]
    certificate_no: Short | None = Field(default=None, description="从业资格证号")


class Insurance(_Valid):
    """环境污染责任保险: a policy of a unit that collects, carries, uses or disposes (Code Art 484)."""

    kind: Literal["insurance"]
    insured: CreditCode
    insured_name: Name | None = None
    policy_no: Annotated[str, text(100, least=1)]
    insurer: Name | None = None


class Institution(_Valid):
    """医疗卫生机构: a hospital or clinic that makes medical waste (regulation of 2003, Arts 16-21)."""

    kind: Literal["institution"]
    uscc: CreditCode
    name: Name
    region: RegionCode
    category: Literal["hospital", "clinic", "village_clinic", "other"] = "hospital"
    beds: Annotated[int, small_int(0, 20_000)] = 0
    remote: bool = Field(default=False, description="偏远地区，可就地处置（条例第二十一条）")


class MedicalPlant(_Valid):
    """医疗废物集中处置单位: what a plant can do; its licence is a record of its own."""

    kind: Literal["medical_plant"]
    uscc: CreditCode
    name: Name
    region: RegionCode
    processes: Annotated[list[Process], Field(min_length=1, max_length=5)]
    capacity_t_per_day: Tonnes | None = Field(default=None, description="处置能力，吨/日")
    emergency: bool = Field(default=False, description="应急设施：仅在应急令有效时可用")


class CollectionAgreement(_Valid):
    """收运协议: which plant comes for an institution's waste, and how often at least."""

    kind: Literal["collection_agreement"]
    institution: CreditCode
    plant: CreditCode
    plant_name: Name | None = None
    every_hours: Annotated[int, small_int(1, 720)] = Field(
        default=48, description="至少每多少小时收运一次"
    )
    route: Short | None = None


def _order_ends_after_it_begins(record: Any) -> None:
    if record.until_at is not None and record.until_at <= record.from_at:
        raise Refusal(
            "validity_reversed", "有效期止早于有效期起", "the record ends before it begins"
        )


class EmergencyOrder(_Valid):
    """应急令 (Code Art 545): what is lawful in an epidemic, in its area, from its minute to its last.

    ``areas``: provinces, cities or counties. ``valid_from`` and ``valid_to`` say nothing here.
    """

    kind: Literal["emergency_order"]
    document: Annotated[str, text(100, least=1)]
    level: Short | None = None
    areas: Annotated[list[RegionCode], Field(min_length=1, max_length=200)]
    from_at: Instant
    until_at: Instant | None = None
    plants: Annotated[list[CreditCode], Field(max_length=200)] = Field(
        default=[], description="可以接收的单位，含未持证的"
    )
    plates: Annotated[list[Plate], Field(max_length=1000)] = Field(
        default=[], description="可以使用的车辆"
    )
    store_hours: Annotated[int, small_int(1, 720)] | None = Field(
        default=None, description="机构暂存时限，小时"
    )
    plant_hours: Annotated[int, small_int(1, 720)] | None = Field(
        default=None, description="处置单位贮存时限，小时"
    )

    __checks__ = (_ends_after_it_begins, _order_ends_after_it_begins)


class ParameterValue(Record):
    """A figure of a rule that is not as the program declares it."""

    parameter: Annotated[str, text(100, least=3)] = Field(
        description="规则.参数，如 time.receipt_overdue.days / rule.name"
    )
    value: Annotated[int, small_int(-1_000_000_000, 1_000_000_000)]


def _parameters_once(record: Any) -> None:
    named = [each.parameter for each in record.parameters]
    if len(set(named)) != len(named):
        raise Refusal("parameter_twice", "参数重复", "a parameter is given twice")


def read_phone(value: Any) -> str:
    """Return a terminal's number without the zeros that fill it up in a frame, else raise ``Refusal``.

    JT/T 808 gives it 12 digits (2013) or 20 (2019); the same number is the same terminal in both.
    """
    if type(value) is str and _PHONE.fullmatch(value):
        phone = value.lstrip("0")
        if phone:
            return phone
    raise Refusal(
        "phone_form",
        "终端手机号应为 1 至 20 位数字，不全为 0",
        "a terminal's phone number has 1 to 20 digits, not all of them 0",
    )


def read_auth_digest(value: Any) -> str:
    """Return the 64 hexadecimal characters of a SHA-256 in small letters, else raise ``Refusal``."""
    if type(value) is str and _SHA256.fullmatch(value):
        return value.lower()
    raise Refusal(
        "digest_form",
        "应为 SHA-256 的 64 位十六进制文本",
        "a SHA-256 as 64 hexadecimal characters is expected",
    )


_PHONE = re.compile(r"[0-9]{1,20}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
Phone = Annotated[str, Checked(read_phone, {"type": "string", "pattern": "^[0-9]{1,20}$"})]
AuthDigest = Annotated[
    str, Checked(read_auth_digest, {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})
]


class Terminal(_Valid):
    """卫星定位终端 (JT/T 808) of a vehicle: who may report positions of which plate.

    The authentication code itself is kept nowhere, only its digest.
    """

    kind: Literal["terminal"]
    phone: Phone = Field(description="终端手机号，至多 20 位数字")
    plate: Plate
    owner: CreditCode
    plate_colour: PlateColour | None = Field(default=None, description="车牌颜色代码 (JT/T 697.7)")
    auth_digest: AuthDigest = Field(description="鉴权码的 SHA-256，十六进制")


class Fence(_Valid):
    """围栏: a site or an area that is watched, as a ring on the ground.

    Of a site ``owner`` is the unit whose site it is; a lake or a forbidden area may have none.
    """

    kind: Literal["fence"]
    name: Name
    owner: CreditCode | None = None
    role: FenceRole
    ring: Ring = Field(description="边界：[经度, 纬度] 的列表，3 至 500 点，WGS-84")


class PrescribedRoute(_Valid):
    """规定路线: the way that a carrier's vehicles with medical waste are to take (GB 39707-2020).

    It binds the vehicles that ``carrier`` owns, only ``plates`` where any are listed. An institution whose
    agreement with the carrier names a route is on that of this ``name`` alone.
    """

    kind: Literal["prescribed_route"]
    name: Annotated[str, text(100, least=1)]
    carrier: CreditCode = Field(description="运送单位")
    plates: Annotated[list[Plate], Field(max_length=1000)] = Field(
        default=[], description="适用车辆；空表示运送单位的所有医疗废物车辆"
    )
    way: Line = Field(description="路线：[经度, 纬度] 的列表，按行驶顺序，2 至 1000 点，WGS-84")
    margin_m: Annotated[int, small_int(50, 50_000)] | None = Field(
        default=None, description="允许偏离的距离，米；空表示按规则参数"
    )


class RulebookVersion(_Valid):
    """规则库版本: by which parameters acts from ``valid_from`` on are judged.

    A whole set: what it does not name is as the program declares it. Of several in force the one
    that took effect last holds, of those from one day the greatest id. Live only through
    ``liandan rules propose`` and two approvers.
    """

    kind: Literal["rulebook_version"]
    valid_from: Day
    parameters: Annotated[list[ParameterValue], Field(max_length=200)] = []

    __checks__ = (_ends_after_it_begins, _parameters_once)


RegistryRecord = (
    Unit
    | Licence
    | CarrierPermit
    | Vehicle
    | TransferApproval
    | WhitelistEntry
    | InboundBan
    | Exemption
    | Calendar
    | ManagementPlan
    | RulebookVersion
    | Insurance
    | CrewMember
    | Institution
    | MedicalPlant
    | CollectionAgreement
    | EmergencyOrder
    | Terminal
    | Fence
    | PrescribedRoute
)

REGISTRY_KINDS = (
    "unit",
    "licence",
    "carrier_permit",
    "vehicle",
    "transfer_approval",
    "whitelist_entry",
    "inbound_ban",
    "exemption",
    "calendar",
    "management_plan",
    "rulebook_version",
    "insurance",
    "crew",
    "institution",
    "medical_plant",
    "collection_agreement",
    "emergency_order",
    "terminal",
    "fence",
    "prescribed_route",
)


class RegistryRecordModel(RootModel[Annotated[RegistryRecord, Field(discriminator="kind")]]):
    """Any registry record, told apart by ``kind``."""
