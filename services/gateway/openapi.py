"""The OpenAPI document: FastAPI's own, and ``POST /v1/events`` from the pydantic models."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from schemas.manifest import ManifestEventModel
from schemas.medical import MedicalEventModel
from schemas.track import TrackEventModel
from services.gateway.problems import KINDS, PROBLEM_JSON

__all__ = ["document"]

_REF = "#/components/schemas/"
_POST_CODES = (
    "body_malformed", "key_missing", "key_unknown", "key_revoked", "source_not_yours", "body_slow",
    "id_conflict", "body_too_large", "event_too_large", "too_many_events", "media_type_unknown",
    "encoding_unknown", "event_refused", "batch_expected", "batch_empty", "busy", "log_away",
    "keys_away",
)  # fmt: skip
_CHECK_CODES = (
    "body_malformed", "key_missing", "key_unknown", "key_revoked", "source_not_yours",
    "draft_not_yours", "body_slow", "body_too_large", "event_too_large", "too_many_events",
    "media_type_unknown", "encoding_unknown", "event_refused", "draft_not_filed", "batch_expected",
    "batch_empty", "one_draft_expected", "busy", "record_away", "keys_away",
)  # fmt: skip
_GET_CODES = ("key_missing", "key_unknown", "key_revoked", "record_away", "keys_away")

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail_zh", "detail_en", "errors"],
    "properties": {
        "type": {"type": "string", "example": "urn:liandan:problem:event_refused"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": list(KINDS)},
        "detail_zh": {"type": "string"},
        "detail_en": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "pointer", "zh", "en"],
                "properties": {
                    "code": {"type": "string"},
                    "pointer": {
                        "type": "string",
                        "description": "JSON Pointer (RFC 6901) into the event",
                    },
                    "zh": {"type": "string"},
                    "en": {"type": "string"},
                },
            },
        },
        "receipt_id": {
            "type": "string",
            "format": "uuid",
            "description": "id_conflict: receipt of the event that came first",
        },
        "items": {
            "type": "array",
            "items": {"$ref": _REF + "Item"},
            "description": "log_away for a batch: what became of each event",
        },
    },
}
_RECEIPT = {
    "type": "object",
    "required": ["id", "digest", "source", "event_id", "received_at", "status"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "digest": {"type": "string", "description": "SHA-256 of the exact bytes received"},
        "source": {"type": "string"},
        "event_id": {"type": "string"},
        "received_at": {"type": "string", "format": "date-time"},
        "status": {"type": "string", "enum": ["accepted", "duplicate"]},
    },
}
_ITEM = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "integer", "enum": [202, 403, 409, 422, 503]},
        "receipt": {"$ref": _REF + "Receipt"},
        "problem": {"$ref": _REF + "Problem"},
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document of the application."""
    whole: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = whole.setdefault("components", {}).setdefault("schemas", {})
    event = ManifestEventModel.model_json_schema(ref_template=_REF + "{model}")
    schemas.update(event.pop("$defs"))
    schemas.update(TrackEventModel.model_json_schema(ref_template=_REF + "{model}")["$defs"])
    # Names of two families are the same: Received, Treated.
    medical = MedicalEventModel.model_json_schema(ref_template=_REF + "Medical{model}")
    schemas.update({f"Medical{name}": each for name, each in medical.pop("$defs").items()})
    schemas |= {
        "ManifestEvent": event,
        "MedicalEvent": medical,
        "Problem": _PROBLEM,
        "Receipt": _RECEIPT,
        "Item": _ITEM,
    }
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    answers = whole["paths"]["/v1/notices"]["get"]["responses"]
    answers |= _problems(_GET_CODES)
    for path, not_found in (
        ("/v1/manifests/{number}", "manifest_unknown"),
        ("/v1/receipts/{receipt_id}", "receipt_unknown"),
    ):
        responses = whole["paths"][path]["get"]["responses"]
        responses.pop("422", None)
        responses |= _problems((*_GET_CODES, not_found))
    keys = {"get": _ticket_keys()}
    whole["paths"] = {
        "/v1/events": {"post": _post()},
        "/v1/check": {"post": _check()},
        **whole["paths"],
        "/v1/ticket-keys": keys,
    }
    return whole


def _post() -> dict[str, Any]:
    families = [{"$ref": _REF + name} for name in ("ManifestEvent", "MedicalEvent", "Track")]
    one: dict[str, Any] = {"schema": {"anyOf": families}}
    many = {"type": "array", "minItems": 1, "maxItems": 1000, "items": one["schema"]}
    items = {"type": "array", "items": {"$ref": _REF + "Item"}}
    return {
        "summary": "上报事件 / Post events",
        "operationId": "post_events",
        "tags": ["events"],
        "description": "联单、医疗废物事件或车辆轨迹；单个事件、数组或 NDJSON，至多 1000 个、5 MiB，每个至多 "
        "256 KiB；原始字节原样保存。遇 5xx、429 或连接中断，以同一编号重报即可，只计一次。\n\n"
        "Events of manifests and medical waste, and tracks of vehicles: one event, an array or NDJSON lines, at most "
        "1,000 events and 5 MiB, each at most 256 KiB. The exact bytes are kept. Post again with the same id after any "
        "5xx, 429 or a lost connection: it counts once.",
        "security": [{"ApiKey": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/cloudevents+json": one,
                "application/cloudevents-batch+json": {"schema": many},
                "application/json": {"schema": {"oneOf": [one["schema"], many]}},
                "application/x-ndjson": {
                    "schema": {"type": "string", "description": "one event a line"}
                },
            },
        },
        "responses": {
            "202": _json(
                "One event, kept",
                {
                    "type": "object",
                    "required": ["receipt"],
                    "properties": {"receipt": {"$ref": _REF + "Receipt"}},
                },
            ),
            "200": _json(
                "A batch: an item for each event, in order",
                {"type": "object", "required": ["items"], "properties": {"items": items}},
            ),
            **_problems(_POST_CODES),
        },
    }


def _check() -> dict[str, Any]:
    one = {"schema": {"$ref": _REF + "ManifestEvent"}}
    outcomes = {"type": "array", "items": {"$ref": _REF + "OutcomeView"}}
    return {
        "summary": "填报前预检 / Check a draft",
        "operationId": "post_check",
        "tags": ["check"],
        "description": "以将要上报的 filed 事件原样提交：用同一套规则研判，返回每条规则的结论、余量和应改之处，"
        "以及将占用的累计上限；不保存任何内容。配置了签名密钥时附短期有效的预检票据（Ed25519），"
        "可填入联单的 check_ticket。\n\n"
        "The very filed event that is to be posted: judged by the same rules, with margins, what to "
        "change and the limits that it would draw on. Nothing is stored. With a signing key the answer "
        "carries a short-lived ticket (Ed25519) that the manifest may carry as check_ticket.",
        "security": [{"ApiKey": []}],
        "requestBody": {
            "required": True,
            "content": {"application/cloudevents+json": one, "application/json": one},
        },
        "responses": {
            "200": _json(
                "Judged",
                {
                    "type": "object",
                    "required": ["outcome", "outcomes", "limits", "ticket", "registry_seq"],
                    "properties": {
                        "outcome": {"type": "string", "enum": ["green", "review", "red"]},
                        "subject": {"type": "string"},
                        "checked_at": {"type": "string", "format": "date-time"},
                        "registry_seq": {"type": "integer"},
                        "assumed": {"type": "object"},
                        "outcomes": outcomes,
                        "limits": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "limit": {"type": "string"},
                                    "draws_t": {"type": "string"},
                                    "outcomes": outcomes,
                                },
                            },
                        },
                        "ticket": {"type": ["string", "null"]},
                        "ticket_expires_at": {"type": ["string", "null"], "format": "date-time"},
                        "stored": {"type": "boolean", "const": False},
                    },
                },
            ),
            **_problems(_CHECK_CODES),
        },
    }


def _ticket_keys() -> dict[str, Any]:
    return {
        "summary": "预检票据的公钥 / Public keys of check tickets",
        "operationId": "get_ticket_keys",
        "tags": ["check"],
        "description": "JSON Web Key Set (RFC 7517, RFC 8037)。",
        "responses": {
            "200": _json(
                "Keys",
                {
                    "type": "object",
                    "required": ["keys"],
                    "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
                },
            )
        },
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(codes: tuple[str, ...]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for code in codes:
        kind = KINDS[code]
        response = responses.setdefault(
            str(kind.status),
            {
                "description": "",
                "content": {PROBLEM_JSON: {"schema": {"$ref": _REF + "Problem"}}},
            },
        )
        response["description"] = (
            f"{response['description']}{code}: {kind.zh} {kind.en}  \n".lstrip()
        )
        if kind.retry_after_s is not None:
            response["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
    return responses
