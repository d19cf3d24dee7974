"""One problem with one place of a JSON document, and how pydantic's errors become problems."""

from typing import Any, NamedTuple

from pydantic import ValidationError

from schemas.checks import Refusal

__all__ = ["KINDS_OF_PYDANTIC", "Problem", "problems_of"]

MOST = 20
"""Problems told of one event; more would bury the first."""


class Problem(NamedTuple):
    """A stable code, the place (JSON Pointer, RFC 6901), a Chinese and an English sentence."""

    code: str
    pointer: str
    zh: str
    en: str


KINDS_OF_PYDANTIC = {
    "missing": ("member_missing", "缺少必填项", "a required member is missing"),
    "extra_forbidden": ("member_unknown", "不认识的数据项", "this member is not known here"),
    "literal_error": ("value_not_allowed", "取值不在允许范围内：{expected}", "allowed: {expected}"),
    "bool_type": ("boolean_expected", "此处应为 true 或 false", "true or false is expected"),
    "list_type": ("list_expected", "此处应为数组", "an array is expected"),
    "model_type": ("object_expected", "此处应为对象", "an object is expected"),
    "model_attributes_type": ("object_expected", "此处应为对象", "an object is expected"),
    "too_long": ("too_many", "最多 {max_length} 项", "at most {max_length} items"),
    "too_short": ("too_few", "至少 {min_length} 项", "at least {min_length} items"),
    "union_tag_invalid": (
        "kind_unknown",
        "不认识的类型，允许：{expected_tags}",
        "unknown kind; allowed: {expected_tags}",
    ),
    "union_tag_not_found": ("kind_missing", "缺少类型", "the kind is missing"),
}


def problems_of(error: ValidationError) -> list[Problem]:
    """Return pydantic's findings as problems, the most telling ``MOST`` of them."""
    found = []
    for each in error.errors(include_url=False, include_input=False)[:MOST]:
        context = each.get("ctx", {})
        refusal = context.get("error")
        if isinstance(refusal, Refusal):
            found.append(Problem(refusal.code, _pointer(each["loc"]), refusal.zh, refusal.en))
            continue
        code, zh, en = KINDS_OF_PYDANTIC.get(
            each["type"], ("value_invalid", "取值不合要求", each["msg"])
        )
        found.append(
            Problem(
                code,
                _pointer(each["loc"], str(context.get("discriminator", "")).strip("'")),
                zh.format(**context),
                en.format(**context),
            )
        )
    return found


def _pointer(location: tuple[Any, ...], tag_field: str = "") -> str:
    """JSON Pointer of pydantic's location; the union's tag, its first element, is no member."""
    parts = location[1:] if location and str(location[0]).startswith(_TAGS) else location
    pointer = "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in parts)
    return pointer or (f"/{tag_field}" if tag_field else "")


_TAGS = (
    "liandan.", "unit", "licence", "carrier_permit", "vehicle", "transfer_approval",
    "whitelist_entry", "inbound_ban", "exemption", "calendar", "management_plan",
    "rulebook_version", "insurance", "crew", "institution", "medical_plant", "collection_agreement",
    "emergency_order", "terminal", "fence", "prescribed_route",
)  # fmt: skip
