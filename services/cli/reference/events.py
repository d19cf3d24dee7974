"""``docs/reference/events.md``: each event type's members, from the pydantic models."""

import inspect
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.checks import Checked
from schemas.envelope import Envelope
from schemas.manifest import ManifestEvent
from schemas.medical import MedicalEvent
from schemas.track import Track
from services.cli.reference.examples import examples
from services.cli.reference.page import code, page, table, two
from services.cli.reference.titles import event_title

__all__ = ["SPEAKERS", "Member", "events_page", "members_of"]

SPEAKERS = {
    "filed": ("移出人，或代其填报的小微企业收集单位", "the consignor, or a licensed small-generator collector for it"),
    "dispatched": ("联单所列的承运人", "a carrier of the manifest"),
    "handed_over": ("联单所列的承运人", "a carrier of the manifest"),
    "arrived": ("联单所列的承运人", "a carrier of the manifest"),
    "received": ("接受人", "the receiver"),
    "treated": ("接受人", "the receiver"),
    "corrected": ("被更正事件的上报单位", "the author of what it corrects"),
    "voided": ("移出人，或代其填报的收集单位", "the consignor or its collector"),
    "medical.sealed": ("产生医疗废物的机构", "the institution"),
    "medical.transferred": ("交出或接收的机构", "the institution that gives or takes"),
    "medical.collected": ("收运单位", "the collector"),
    "medical.received": ("处置单位", "the treatment plant"),
    "medical.treated": ("处置单位", "the treatment plant"),
    "medical.returned": ("收运或处置单位", "the collector or the plant"),
    "medical.lost": ("丢失时持有的单位", "who had it"),
    "medical.found": ("找到的单位", "who found it"),
    "medical.washed": ("收运或处置单位", "the collector or the plant"),
    "medical.corrected": ("被更正事件的上报单位", "the author of what it corrects"),
    "track": ("车辆的所有人，或以该车承运的单位", "the unit that owns the vehicle, or carries with it"),
}  # fmt: skip
"""Who may say what, as the docstrings of the families have it. Verb (of medical waste with its family) to zh and en."""
_EVENTS = (*get_args(ManifestEvent), *get_args(MedicalEvent), Track)

_INTRO = """\
一个事件是一个 CloudEvents 1.0 JSON 对象，发往 `POST /v1/events`（怎样上报见
[接入 ERP](../how-to/connect-erp.md)）。收到的字节原样保存，其 SHA-256 写在回执上。
An event is one CloudEvents 1.0 JSON object, posted to `POST /v1/events` (see
[Connect an ERP](../how-to/connect-erp.md)). The bytes received are kept as they are; the receipt gives
their SHA-256.

信封的成员如下；信封可另带扩展成员，`data` 中不认识的成员一律拒收。`null` 与不填相同，仅限选填项。
These are the envelope's members. It may carry extensions; in `data` an unknown member is refused. `null`
says the same as leaving it out, where it is optional.

他方的上报照样保存，但不改变事实，并交人工核查。
What another party says is kept, changes no fact, and goes to review."""


class Member(NamedTuple):
    """One member of an event, with its place below ``data``: ``wastes[].code``."""

    path: str
    name: str
    kind: str
    required: bool


def events_page() -> str:
    """Return the page."""
    first = _EVENTS[0]
    own = [m for m in members_of(first) if m.path in ("type", "subject")]
    told = [m._replace(kind=_OWN[m.path]) for m in own]
    shown = examples()
    sections = [_section(model, shown) for model in _EVENTS]
    return page("事件", "Events", _INTRO, _table([*members_of(Envelope), *told]), *sections)


_OWN = {
    "type": "文本：见下列各节 · text: see the sections below",
    "subject": "联单编号：14 位、16 位数字，或 G 加 16 位数字；医疗废物为包装、登记卡、批次编号或车牌号；"
    "轨迹为车牌号 · "
    "a manifest number: 14 or 16 digits, or G and 16; of medical waste the package, register, batch or plate; of a "
    "track the plate",
}


def _section(model: type[BaseModel], shown: dict[str, str]) -> str:
    (event_type,) = get_args(model.model_fields["type"].annotation)
    _, family, verb, _ = event_type.split(".")
    name = f"{family}.{verb}" if family == "medical" else verb
    zh, en = SPEAKERS[name]
    title = (inspect.getdoc(model) or "").rstrip(".")
    data: Any = model.model_fields["data"].annotation
    return "\n\n".join(
        (
            f"## {title} · {name}",
            f"`type` = `{event_type}`\\\n谁可以上报：{zh}。Who may say it: {en}.",
            _table(members_of(data), family),
            f"```json\n{shown[name]}\n```",
        )
    )


def _table(members: list[Member], family: str = "manifest") -> str:
    head = ("成员 member", "名称 name", "必填 required", "取值 value")
    return table(
        head,
        [
            (code(m.path), two(*event_title(m.name, family)), "✓" if m.required else "", m.kind)
            for m in members
        ],
    )


def members_of(model: type[BaseModel]) -> list[Member]:
    """Return the members of a model and, below them, those of the objects that it holds.

    A correction's replacements are whole ``data`` objects of other types: those are not repeated.
    """
    return list(_members(model, ""))


def _members(model: type[BaseModel], above: str) -> Iterator[Member]:
    for name, field in model.model_fields.items():
        annotation, metadata = _bare(field)
        inner, many = _object(annotation)
        path = f"{above}{name}{'[]' if many else ''}"
        whole = inner is not None and inner.__name__.endswith("Data")
        kind = _kind(annotation, metadata)
        if inner is not None and whole:
            section = inner.__name__.removesuffix("Data")
            kind = f"对象：{section} 的全部 data · object: the whole data of {section}"
        yield Member(path, name, kind, field.is_required())
        if inner is not None and not whole:
            yield from _members(inner, f"{path}.")


def _bare(field: FieldInfo) -> tuple[Any, list[Any]]:
    """Return the annotation without ``Annotated`` and ``None``, and what was said around it."""
    annotation: Any = field.annotation
    metadata = list(field.metadata)
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            for each in more:
                metadata += each.metadata if isinstance(each, FieldInfo) else [each]
        elif get_origin(annotation) in (Union, types.UnionType):
            (annotation,) = (a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation, metadata


def _object(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    many = get_origin(annotation) is list
    item = get_args(annotation)[0] if many else annotation
    return (item if inspect.isclass(item) and issubclass(item, BaseModel) else None), many


def _kind(annotation: Any, metadata: list[Any]) -> str:
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        least = next((m.min_length for m in metadata if isinstance(m, MinLen)), 0)
        most = next((m.max_length for m in metadata if isinstance(m, MaxLen)), None)
        inner = "" if _object(annotation)[0] else f"；{_checked(get_args(item)[1:])}"
        return f"数组 array，{least} … {most} 项 items{inner}"
    if get_origin(annotation) is Literal:
        return " | ".join(map(code, get_args(annotation)))
    if annotation is bool:
        return "`true` | `false`"
    if _object(annotation)[0] is not None:
        return "对象 object"
    return _checked(metadata)


def _checked(metadata: Any) -> str:
    """Return what a check lets pass, in words, by the JSON Schema that it shows."""
    wire = next(m.wire for m in metadata if isinstance(m, Checked))
    if "oneOf" in wire:
        return f"{wire['description']}：数字或十进制文本，最多 6 位小数 · number or decimal text"
    if wire["type"] == "integer":
        return f"整数 whole number，{wire['minimum']} … {wire['maximum']}"
    if wire["type"] == "number":
        return f"数字 number，{wire['minimum']} … {wire['maximum']}"
    if wire.get("format") == "date-time":
        return "RFC 3339 时间，带时区 · time with offset"
    if "pattern" in wire:
        return code(wire["pattern"])
    least, most = wire.get("minLength", 0), wire.get("maxLength")
    return f"文本 text，{least} … {most} 字 characters"
