"""How bytes become events and registry records, fast and slowly."""

from typing import cast

from schemas.fast import FastDecoder
from schemas.manifest import ManifestEvent, ManifestEventModel
from schemas.medical import MedicalEvent, MedicalEventModel
from schemas.registry import RegistryRecord, RegistryRecordModel
from schemas.track import Track, TrackEventModel

__all__ = [
    "decode_manifest_event",
    "decode_medical_event",
    "decode_registry_record",
    "decode_track_event",
    "manifest_decoder",
    "medical_decoder",
    "registry_decoder",
    "track_decoder",
]

manifest_decoder = FastDecoder(ManifestEventModel, "type")
medical_decoder = FastDecoder(MedicalEventModel, "type")
registry_decoder = FastDecoder(RegistryRecordModel, "kind")
track_decoder = FastDecoder(TrackEventModel, "type")


def decode_manifest_event(raw: bytes) -> ManifestEvent:
    """Return the manifest event in ``raw`` (one CloudEvents JSON object).

    Raises ``schemas.fast.NotUnderstood`` with code, JSON Pointer and sentences.
    """
    return cast("ManifestEvent", manifest_decoder.decode(raw))


def decode_medical_event(raw: bytes) -> MedicalEvent:
    """Return the medical event in ``raw``. Raises ``schemas.fast.NotUnderstood``."""
    return cast("MedicalEvent", medical_decoder.decode(raw))


def decode_registry_record(raw: bytes) -> RegistryRecord:
    """Return the registry record in ``raw`` (one JSON object with ``kind``).

    Raises ``schemas.fast.NotUnderstood``.
    """
    return cast("RegistryRecord", registry_decoder.decode(raw))


def decode_track_event(raw: bytes) -> Track:
    """Return the track event in ``raw`` (one CloudEvents JSON object).

    Raises ``schemas.fast.NotUnderstood``.
    """
    return cast("Track", track_decoder.decode(raw))
