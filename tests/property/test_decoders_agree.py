"""One definition, two readers: the fast decoder and pydantic accept, refuse and read the same."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from manifests import CONSIGNOR, filed
from manifests import event as said
from pydantic import BaseModel
from sayings import MEDICAL, VERBS, events, medical, records, spoiled, tracks, write

from schemas.decode import (
    manifest_decoder,
    medical_decoder,
    registry_decoder,
    track_decoder,
)
from schemas.fast import MAX_DEPTH, FastDecoder, NotUnderstood
from schemas.problems import Problem
from schemas.registry import REGISTRY_KINDS

_lax = msgspec.json.Decoder(float_hook=str)
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def members_of(value: Any) -> Any:
    """Plain values of what a decoder returned, by walking attributes."""
    if isinstance(value, BaseModel):
        return {name: members_of(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, msgspec.Struct):
        names = {*value.__struct_fields__, *(n for n in ("type", "kind") if hasattr(value, n))}
        return {name: members_of(getattr(value, name)) for name in names}
    if isinstance(value, list):
        return [members_of(each) for each in value]
    return type(value).__name__, value


def read(decode: Any, raw: bytes) -> tuple[Any, list[Problem]]:
    try:
        return members_of(decode(raw)), []
    except NotUnderstood as refused:
        return None, refused.problems


def both(decoder: FastDecoder, raw: bytes) -> tuple[Any, list[Problem]]:
    """What both say of ``raw``, after seeing that it is the same."""
    fast, slow = read(decoder.decode, raw), read(decoder.decode_slowly, raw)
    assert fast == slow
    return fast


def resolves(pointer: str, document: Any) -> bool:
    """Whether a JSON Pointer leads to a value, or to the place where its last member is missing."""
    if pointer == "":
        return True
    assert pointer.startswith("/")
    *way, last = [p.replace("~1", "/").replace("~0", "~") for p in pointer[1:].split("/")]
    for part in way:
        document = document[int(part)] if isinstance(document, list) else document[part]
    if isinstance(document, list):
        return int(last) < len(document)
    return isinstance(document, dict)


def check_problems(problems: list[Problem], raw: bytes) -> None:
    for problem in problems:
        assert problem.code.replace("_", "").isalpha()
        assert problem.code.islower()
        assert problem.code != "value_invalid", f"no code of its own: {problem}"
        assert any("一" <= c <= "鿿" for c in problem.zh)
        assert problem.en
        assert "{" not in problem.zh
        if problem.code in ("json_malformed", "json_too_deep"):
            assert problem.pointer == ""
        else:
            assert resolves(problem.pointer, _lax.decode(raw)), problem


@pytest.mark.parametrize("verb", VERBS)
def test_every_valid_event_is_read_alike_without_pydantic_unless_it_has_extensions(
    verb: str,
) -> None:
    @QUICK
    @given(events(verb))
    def holds(said: Any) -> None:
        raw = write(said)
        value, problems = both(manifest_decoder, raw)
        assert not problems
        assert value["id"] == ("str", said["id"])
        assert value["type"] == ("str", said["type"])
        fast = isinstance(manifest_decoder.decode(raw), msgspec.Struct)
        assert fast is not bool({"traceparent", "liandanreceivedat"} & set(said))

    holds()


@pytest.mark.parametrize("kind", REGISTRY_KINDS)
def test_every_valid_record_is_read_alike_and_without_pydantic(kind: str) -> None:
    @QUICK
    @given(records(kind))
    def holds(said: Any) -> None:
        raw = write(said)
        value, problems = both(registry_decoder, raw)
        assert not problems
        assert value["kind"] == ("str", kind)
        assert isinstance(registry_decoder.decode(raw), msgspec.Struct)

    holds()


@pytest.mark.parametrize("verb", MEDICAL)
@QUICK
@given(data=st.data())
def test_every_valid_medical_event_is_read_alike_and_without_pydantic(verb: str, data: Any) -> None:
    raw = write(data.draw(medical(verb)))
    value, problems = both(medical_decoder, raw)
    assert not problems
    assert value["type"] == ("str", f"liandan.medical.{verb}.v1")
    assert isinstance(medical_decoder.decode(raw), msgspec.Struct)


@settings(QUICK, max_examples=300)
@given(st.sampled_from(MEDICAL).flatmap(medical).flatmap(lambda said: spoiled(st.just(said))))
def test_spoiled_medical_events_are_accepted_or_refused_alike(raw: bytes) -> None:
    _, problems = both(medical_decoder, raw)
    event("refused" if problems else "accepted")
    check_problems(problems, raw)


@QUICK
@given(tracks())
def test_every_valid_track_is_read_alike_and_without_pydantic(said: Any) -> None:
    raw = write(said)
    value, problems = both(track_decoder, raw)
    assert not problems
    assert value["type"] == ("str", "liandan.vehicle.track.v1")
    assert len(value["data"]["positions"]) == len(said["data"]["positions"])
    assert isinstance(track_decoder.decode(raw), msgspec.Struct)


@settings(QUICK, max_examples=300)
@given(spoiled(tracks()))
def test_spoiled_tracks_are_accepted_or_refused_alike_with_a_place_that_exists(raw: bytes) -> None:
    _, problems = both(track_decoder, raw)
    event("refused" if problems else "accepted")
    check_problems(problems, raw)


@settings(QUICK, max_examples=500)
@given(st.sampled_from(VERBS).flatmap(lambda verb: spoiled(events(verb))))
def test_spoiled_events_are_accepted_or_refused_alike_with_a_place_that_exists(raw: bytes) -> None:
    _, problems = both(manifest_decoder, raw)
    event("refused" if problems else "accepted")
    check_problems(problems, raw)


@settings(QUICK, max_examples=400)
@given(st.sampled_from(REGISTRY_KINDS).flatmap(lambda kind: spoiled(records(kind))))
def test_spoiled_records_are_accepted_or_refused_alike_with_a_place_that_exists(raw: bytes) -> None:
    _, problems = both(registry_decoder, raw)
    event("refused" if problems else "accepted")
    check_problems(problems, raw)


@settings(QUICK, max_examples=200)
@given(
    st.sampled_from(VERBS).flatmap(events).map(write), st.integers(0, 10_000), st.binary(max_size=6)
)
def test_bytes_changed_anywhere_are_read_or_refused_alike(raw: bytes, at: int, new: bytes) -> None:
    at %= len(raw)
    both(manifest_decoder, raw[:at] + new + raw[at + len(new) :])


@settings(QUICK, max_examples=200)
@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
def test_any_bytes_at_all_are_read_or_refused_alike(raw: bytes) -> None:
    for decoder in (manifest_decoder, medical_decoder, registry_decoder, track_decoder):
        value, problems = both(decoder, raw)
        assert value is None
        assert problems


def extended(by: bytes) -> bytes:
    """A valid event with more members before its closing brace."""
    return said("voided", {"reason": "x"}, by=CONSIGNOR)[:-1] + by + b"}"


@pytest.mark.parametrize(
    ("literal", "taken"),
    [
        ("1", True), ("10000", True), ("0", False), ("-0", False), ("10001", False), ("-1", False),
        ("1.0", False), ("1e0", False), ("1E2", False), ("true", False), ('"1"', False), ("null", False),
        ("99999999999999999999", False), ("1e400", False), ("[1]", False), ("01", False), ("+1", False),
    ],
)  # fmt: skip
def test_a_whole_number_is_written_as_one(literal: str, taken: bool) -> None:
    raw = filed().raw.replace(b'"line": 1,', b'"line": %s,' % literal.encode(), 1)
    assert literal == "1" or raw != filed().raw
    value, problems = both(manifest_decoder, raw)
    assert (value is not None) is taken
    assert [p.pointer for p in problems] in ([], ["/data/wastes/0/line"], [""])


def test_unknown_members_of_the_envelope_are_let_through_and_left_out() -> None:
    value, problems = both(manifest_decoder, extended(b',"traceparent":"00","ext":[1,{"a":1e5}]'))
    assert not problems
    assert value == both(manifest_decoder, extended(b""))[0]


@pytest.mark.parametrize(
    "member",
    [b',"x":"\xff"', b',"\xff":1', b',"x":"\\ud800"', b',"x":' + b"1" * 5000, b',"x":NaN'],
    ids=["UTF-8", "key", "surrogate", "digits", "NaN"],
)
def test_what_is_not_json_is_refused_in_members_that_nobody_reads_too(member: bytes) -> None:
    _, problems = both(manifest_decoder, extended(member))
    assert [p.code for p in problems] == ["json_malformed"]


@pytest.mark.parametrize(("depth", "read"), [(MAX_DEPTH - 1, True), (MAX_DEPTH, False)])
def test_the_depth_that_is_read_does_not_depend_on_the_callers_stack(
    depth: int, read: bool
) -> None:
    raw = extended(b',"x":' + b"[" * depth + b"]" * depth)

    def further_down(frames: int) -> list[Problem]:
        return further_down(frames - 1) if frames else both(manifest_decoder, raw)[1]

    for frames in (0, 700):
        assert [p.code for p in further_down(frames)] == ([] if read else ["json_too_deep"])


def test_an_unknown_kind_of_record_points_at_kind_and_of_event_at_type() -> None:
    _, problems = both(registry_decoder, b'{"id":"1","kind":"licens"}')
    assert [(p.code, p.pointer) for p in problems] == [("kind_unknown", "/kind")]
    assert "licence" in problems[0].en
    _, problems = both(registry_decoder, b'{"id":"1"}')
    assert [(p.code, p.pointer) for p in problems] == [("kind_missing", "/kind")]
    _, problems = both(manifest_decoder, b'{"id":"1","type":7}')
    assert [(p.code, p.pointer) for p in problems] == [("kind_unknown", "/type")]


def test_of_a_member_written_twice_the_last_one_counts_even_if_the_first_was_wrong() -> None:
    value, problems = both(manifest_decoder, extended(b',"subject":5,"subject":"20261101000009"'))
    assert not problems
    assert value["subject"] == ("str", "20261101000009")
