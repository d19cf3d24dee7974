"""An event goes to the family that its type names; what names none is the manifests'."""

import json
from typing import Any

import pytest

from schemas.families import FAMILIES, TOPICS, family_of
from schemas.topics import MANIFEST_TOPIC, TRACKS_TOPIC
from services.cli.reference.examples import examples

TRACK = json.loads(examples()["track"])


def written(**more: Any) -> bytes:
    return json.dumps({**TRACK, **more}, ensure_ascii=False).encode()


def test_every_example_is_of_its_family_and_has_a_key() -> None:
    for name, text in examples().items():
        family = family_of(text.encode())
        medical = name.startswith("medical.")
        wanted = "vehicle" if name == "track" else "medical" if medical else "manifest"
        assert family is FAMILIES[wanted]
        said = json.loads(text)
        key = said["source"].removeprefix("urn:uscc:") if medical else said["subject"]
        assert family.key(family.decode(text.encode())) == key


def test_the_manifests_topic_is_the_first() -> None:
    assert TOPICS[0] == MANIFEST_TOPIC
    assert TRACKS_TOPIC in TOPICS
    assert len(TOPICS) == len(FAMILIES)


def test_a_track_is_keyed_by_its_plate_as_it_is_read() -> None:
    raw = written(subject="冀a·12345")
    assert family_of(raw).key(family_of(raw).decode(raw)) == "冀A12345"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"null", b'{"type":7}', b'{"type":null}', b"{}", b"\xff",
        b'{"type":"liandan.vehicle.frame.v1"}', b'{"x":' + b"[" * 100_000,
        b'{"data":{"type":"liandan.vehicle.track.v1"},"type":"liandan.manifest.filed.v1"}',
        rb'{"x":"\"type\":\"liandan.vehicle.track.v1\""}',
    ],
)  # fmt: skip
def test_what_names_no_known_type_is_the_manifests(raw: bytes) -> None:
    assert family_of(raw) is FAMILIES["manifest"]


def test_the_type_is_read_as_json_and_the_last_one_counts() -> None:
    escaped = written().replace(b"vehicle.track", rb"vehicl\u0065.track")
    twice = written(type="liandan.manifest.filed.v1")[:-1] + b',"type":"liandan.vehicle.track.v1"}'
    assert family_of(escaped) is family_of(twice) is FAMILIES["vehicle"]
