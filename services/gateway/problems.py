"""Every refusal of the gateway: code, HTTP status and sentences (problem+json, RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from schemas.problems import Problem

__all__ = ["KINDS", "PROBLEM_JSON", "Kind", "Refused", "answer", "problem"]

PROBLEM_JSON = "application/problem+json"


class Kind(NamedTuple):
    """What one code means. ``retry_after_s``: when it is worth trying the same again."""

    status: int
    title: str
    zh: str
    en: str
    retry_after_s: int | None = None


KINDS = {
    "body_malformed": Kind(
        400, "Malformed body", "请求体不是合法的 JSON", "The body is not valid JSON."
    ),
    "key_missing": Kind(
        401,
        "API key missing",
        "缺少 API 密钥：Authorization: Bearer ldk_…",
        "An API key is needed: Authorization: Bearer ldk_….",
    ),
    "key_unknown": Kind(401, "API key unknown", "API 密钥无效", "This API key is not known."),
    "key_revoked": Kind(401, "API key revoked", "API 密钥已吊销", "This API key was revoked."),
    "source_not_yours": Kind(
        403,
        "Source is not yours",
        "source 不是该密钥所属单位",
        "The event's source is not the unit to which the API key belongs.",
    ),
    "draft_not_yours": Kind(
        403,
        "Draft is not yours",
        "贵单位不是该联单的移出人，也不是登记在册的收集单位",
        "Your unit is neither the consignor of this manifest nor a registered collector.",
    ),
    "path_unknown": Kind(404, "Not found", "没有这个地址", "There is nothing at this address."),
    "manifest_unknown": Kind(
        404,
        "Manifest not found",
        "没有该联单，或贵单位不是其当事方",
        "There is no such manifest, or your unit is no party to it.",
    ),
    "receipt_unknown": Kind(
        404,
        "Receipt not found",
        "没有该回执，或与贵单位无关",
        "There is no such receipt, or it does not concern your unit.",
    ),
    "method_unknown": Kind(
        405, "Method not allowed", "此地址不支持该方法", "This address does not take that method."
    ),
    "body_slow": Kind(
        408, "Body too slow", "请求体未在限定时间内到齐", "The body did not arrive in time."
    ),
    "id_conflict": Kind(
        409,
        "Id already used",
        "同一 source 下该事件编号已用于内容不同的事件",
        "An event with this source and id but other bytes was received before.",
    ),
    "body_too_large": Kind(
        413, "Body too large", "请求体超过 5 MiB", "The body is larger than 5 MiB."
    ),
    "event_too_large": Kind(
        413, "Event too large", "单个事件超过 256 KiB", "The event is larger than 256 KiB."
    ),
    "too_many_events": Kind(
        413, "Too many events", "一次最多 1000 个事件", "At most 1,000 events go in one request."
    ),
    "media_type_unknown": Kind(
        415,
        "Media type not supported",
        "Content-Type 应为 application/cloudevents+json、application/cloudevents-batch+json、"
        "application/json 或 application/x-ndjson，字符集 UTF-8",
        "Content-Type is application/cloudevents+json, application/cloudevents-batch+json, "
        "application/json or application/x-ndjson, in UTF-8.",
    ),
    "encoding_unknown": Kind(
        415,
        "Content encoding not supported",
        "不接受压缩的请求体（Content-Encoding）",
        "Compressed bodies (Content-Encoding) are not accepted.",
    ),
    "event_refused": Kind(
        422,
        "Event not understood",
        "事件不合格式，见 errors",
        "The event is not what it should be; see errors.",
    ),
    "draft_not_filed": Kind(
        422,
        "A filing expected",
        "预检只接受 liandan.manifest.filed.v1",
        "A check takes a liandan.manifest.filed.v1.",
    ),
    "one_draft_expected": Kind(
        422,
        "One draft expected",
        "预检一次只接受一份联单（一个 filed 事件）",
        "A check takes one manifest at a time: one filed event.",
    ),
    "batch_expected": Kind(
        422,
        "Array expected",
        "application/cloudevents-batch+json 的请求体应为数组",
        "A body of application/cloudevents-batch+json is an array.",
    ),
    "batch_empty": Kind(422, "Empty batch", "没有任何事件", "There is no event in the body."),
    "parameter_refused": Kind(
        422, "Parameter not understood", "参数不合格式", "A parameter is not what it should be."
    ),
    "busy": Kind(
        429, "Too many requests", "正在处理的请求过多", "Too many requests are in flight.", 1
    ),
    "unexpected": Kind(500, "Unexpected error", "意外错误，已记录", "Unexpected error; logged."),
    "log_away": Kind(
        503,
        "Event log away",
        "事件未保存：消息系统暂不可用，请以同一编号重发",
        "The event was not kept: the event log is away. Post it again with the same id.",
        2,
    ),
    "keys_away": Kind(
        503,
        "API keys away",
        "暂时无法核对 API 密钥",
        "API keys cannot be checked at the moment.",
        2,
    ),
    "record_away": Kind(
        503,
        "Record away",
        "查询暂不可用（上报不受影响）",
        "Look-ups are away at the moment (posting is not).",
        5,
    ),
}
"""The closed set of codes; also the label values of the metrics."""


class Refused(Exception):
    """Ends a request with one problem. ``close``: the connection cannot be used further."""

    def __init__(
        self,
        code: str,
        errors: Sequence[Problem] = (),
        *,
        close: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code, self.errors, self.headers = code, errors, dict(headers or {})
        if close:
            self.headers["Connection"] = "close"


def problem(code: str, errors: Sequence[Problem] = (), **more: Any) -> dict[str, Any]:
    """Return the problem object of a code; pointers in ``errors`` are relative to the event."""
    kind = KINDS[code]
    return {
        "type": f"urn:liandan:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail_zh": kind.zh,
        "detail_en": kind.en,
        "errors": [{"code": e.code, "pointer": e.pointer, "zh": e.zh, "en": e.en} for e in errors],
        **more,
    }


def answer(
    code: str,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return the whole response for a code, with ``Retry-After`` and ``WWW-Authenticate``."""
    kind = KINDS[code]
    all_headers = dict(headers or {})
    if kind.retry_after_s is not None:
        all_headers["Retry-After"] = str(kind.retry_after_s)
    if kind.status == 401:
        all_headers["WWW-Authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(problem(code, errors, **more)),
        kind.status,
        all_headers,
        media_type=PROBLEM_JSON,
    )
