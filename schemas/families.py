"""Which family an event belongs to: where it goes, who reads it, and what keeps its order."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from schemas.decode import decode_manifest_event, decode_medical_event, decode_track_event
from schemas.envelope import unit_of
from schemas.medical import MEDICAL_VERBS
from schemas.topics import MANIFEST_TOPIC, MEDICAL_TOPIC, TRACKS_TOPIC
from schemas.track import TRACK_TYPE

__all__ = ["FAMILIES", "TOPICS", "Family", "family_of"]


class Family(NamedTuple):
    """``decode`` raises ``schemas.fast.NotUnderstood``; ``key`` is taken of what it returns."""

    topic: str
    decode: Callable[[bytes], Any]
    key: Callable[[Any], str]


def _subject(event: Any) -> str:
    subject: str = event.subject
    return subject


def _unit(event: Any) -> str:
    return unit_of(event.source)


FAMILIES = {
    "manifest": Family(MANIFEST_TOPIC, decode_manifest_event, _subject),
    "medical": Family(MEDICAL_TOPIC, decode_medical_event, _unit),
    "vehicle": Family(TRACKS_TOPIC, decode_track_event, _subject),
}
TOPICS = tuple(dict.fromkeys(family.topic for family in FAMILIES.values()))
"""Every topic that posted events go to, the manifests' first."""

_MANIFEST = FAMILIES["manifest"]
_BY_TYPE = {TRACK_TYPE: FAMILIES["vehicle"], **dict.fromkeys(MEDICAL_VERBS, FAMILIES["medical"])}
"""Types of the families beside manifests."""


class _Head(msgspec.Struct, gc=False):
    """All that is read to choose a decoder; msgspec skips the rest without making objects of it."""

    type: str = ""


_head = msgspec.json.Decoder(_Head)


def family_of(raw: bytes) -> Family:
    """Return the family of an event by its ``type``, a microsecond or two for a whole manifest.

    What has no known type, or is no JSON object, is the manifest's: its decoder writes the refusal.
    """
    try:
        head = _head.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _MANIFEST
    return _BY_TYPE.get(head.type, _MANIFEST)
