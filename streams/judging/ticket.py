"""预检票据: a short-lived signed statement that a draft was checked, and what was said of it.

``ldt1.<payload>.<signature>``: base64url without padding; the payload is JSON, signed by Ed25519
(RFC 8032). It binds the draft's digest, the unit that asked, the registry sequence and the outcome.
Anyone who has the public key can verify it, offline. A ticket changes no verdict: an alert on the
same facts says that it exists.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel

from schemas.envelope import unit_of
from schemas.manifest import FiledData
from streams.judging.facts import Facts
from streams.judging.outcome import china_text

__all__ = [
    "Light",
    "Ticket",
    "TicketKeys",
    "TicketRefused",
    "form_digest",
    "key_id",
    "read_ticket",
    "sign_ticket",
    "ticket_note",
]

Light = Literal["green", "review", "red"]
"""Nothing found; something for an officer to look at; something unlawful."""

TicketKeys = Mapping[str, Ed25519PublicKey]
"""Public keys by ``key_id``."""

_PREFIX = "ldt1"


class Ticket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was checked. Times are whole seconds since 1970."""

    key: str
    unit: str
    """Credit code of who asked."""
    digest: str
    """SHA-256 of the manifest as it was to be filed (``form_digest``)."""
    registry_seq: int
    outcome: Light
    issued_at: int
    expires_at: int
    departs_at: int
    """The departure that was judged."""


class TicketRefused(ValueError):
    """A text that is no valid ticket. ``reason``: ``form | key | signature``."""

    def __init__(self, reason: Literal["form", "key", "signature"]) -> None:
        super().__init__(reason)
        self.reason = reason


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def form_digest(form: FiledData) -> str:
    """Return the SHA-256 of a manifest's data as read, whatever its spelling, without its ticket."""
    plain = _plain(form, FiledData)
    plain.pop("check_ticket", None)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def sign_ticket(ticket: Ticket, key: Ed25519PrivateKey) -> str:
    """Return the ticket as text."""
    payload = _text(msgspec.json.encode(ticket))
    signed = f"{_PREFIX}.{payload}"
    return f"{signed}.{_text(key.sign(signed.encode()))}"


def read_ticket(text: str, keys: TicketKeys) -> Ticket:
    """Verify a ticket against known keys; it may have expired. Raises TicketRefused."""
    signed, _, signature = text.rpartition(".")
    prefix, _, payload = signed.partition(".")
    try:
        ticket = msgspec.json.decode(_bytes(payload), type=Ticket)
        sealed = _bytes(signature)
    except (msgspec.MsgspecError, ValueError):
        raise TicketRefused("form") from None
    if prefix != _PREFIX:
        raise TicketRefused("form")
    key = keys.get(ticket.key)
    if key is None:
        raise TicketRefused("key")
    try:
        key.verify(sealed, signed.encode())
    except InvalidSignature:
        raise TicketRefused("signature") from None
    return ticket


def ticket_note(facts: Facts, keys: TicketKeys) -> tuple[str, str] | None:
    """Return what an alert says of the ticket that the manifest carries; None if it has none."""
    filed = facts.filed
    if filed is None or not filed.data.check_ticket:
        return None
    try:
        ticket = read_ticket(filed.data.check_ticket, keys)
    except TicketRefused as refused:
        return _REFUSED[refused.reason]
    issued = datetime.fromtimestamp(ticket.issued_at, UTC)
    when = china_text(issued)
    if ticket.unit != unit_of(filed.ref.source):
        return (
            f"所附预检票据（{when} 出具）属于另一单位，不作参考。",
            f"Its check ticket of {when} belongs to another unit and tells nothing.",
        )
    if ticket.digest != form_digest(filed.data):
        return (
            f"所附预检票据（{when} 出具）所载内容与现有联单不符，不作参考。",
            f"Its check ticket of {when} is about other contents and tells nothing.",
        )
    zh, en = _SAID[ticket.outcome]
    late = filed.received_us > ticket.expires_at * 1_000_000
    return (
        f"移出人填报时附有同一内容的预检票据（{when} 出具，登记序号 {ticket.registry_seq}"
        f"{'，填报时已过期' if late else ''}）：{zh}。",
        f"The manifest carries a check ticket for the same contents ({when} China time, registry "
        f"sequence {ticket.registry_seq}{', expired when filed' if late else ''}): {en}.",
    )


_SAID: dict[Light, tuple[str, str]] = {
    "green": ("当时未发现问题（绿色）", "nothing was found then (green)"),
    "review": ("当时已提示有待核查事项", "it told of something to be checked"),
    "red": ("当时已提示违法", "it told that this is unlawful"),
}
_REFUSED = {
    "form": (
        "所附预检票据格式不对，不作参考。",
        "What it carries as a check ticket is none and tells nothing.",
    ),
    "key": (
        "所附预检票据的签名密钥未知，无法核实。",
        "Its check ticket is signed by a key that is not known here: not verified.",
    ),
    "signature": (
        "所附预检票据签名不符，不作参考。",
        "The signature of its check ticket is wrong; it tells nothing.",
    ),
}


def _plain(value: Any, model: type[BaseModel]) -> dict[str, Any]:
    """Return the members of a model or of its fast twin, those without a value left out."""
    found: dict[str, Any] = {}
    for name in model.model_fields:
        member = getattr(value, name)
        if member is not None and member != []:
            found[name] = _simple(member)
    return found


def _simple(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_simple(each) for each in value]
    if isinstance(value, BaseModel):
        return _plain(value, type(value))
    if isinstance(value, msgspec.Struct):
        return {
            name: _simple(member)
            for name in value.__struct_fields__
            if (member := getattr(value, name)) is not None and member != []
        }
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from None
