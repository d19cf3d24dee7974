"""Rows made small: what a dictionary packed stays readable for good."""

import hashlib

import msgspec
import pytest
from backports import zstd

from streams.judging.outcome import Outcome
from streams.judging.packing import (
    DICTIONARIES,
    judged_outcomes,
    outcomes_json,
    pack_events,
    pack_outcomes,
    read_events,
    stored_outcomes,
)
from tests.manifests import filed

SAID = (
    Outcome(
        rule="licence.receiver_unlicensed", version=1, discriminator="9163010001XX00027M",
        state="passed", reason="licensed", zh="接受人持有许可证", en="the receiver holds a licence",
        margin="913 d",
    ),
)  # fmt: skip

SHIPPED = {
    "events-1.zdict": "bd89f86b287215cf5e69ff707a19e1d938f71f10420431e77b18510d6d892a81",
    "outcomes-1.zdict": "ffa2d99ee9202133f6678dc7409fc7eae97d6d2f207330b01be4ebac88b29ead",
}
"""Added to, never changed: rows in databases everywhere were packed with these."""


def test_no_dictionary_that_was_shipped_is_changed_or_gone() -> None:
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in DICTIONARIES.glob("*.zdict")
    }
    assert found == SHIPPED


def test_outcomes_are_read_from_every_form_that_rows_have_had() -> None:
    plain = outcomes_json(SAID)
    packed = {"verdict": pack_outcomes(SAID), "outcomes": None}
    text = {"verdict": None, "outcomes": plain.decode()}
    decoded = {"verdict": None, "outcomes": msgspec.json.decode(plain)}
    for row in (packed, text, decoded):
        assert stored_outcomes(row) == msgspec.json.decode(plain)
        assert judged_outcomes(row) == SAID
    assert len(packed["verdict"] or b"") < len(plain) / 2


def test_a_subject_without_a_verdict_has_no_outcomes() -> None:
    assert stored_outcomes({"verdict": None, "outcomes": None}) == []


def test_packed_events_are_half_at_most_even_of_one() -> None:
    statement = filed()
    small, plain = pack_events([statement]), pack_events([statement], small=False)
    assert read_events(small) == read_events(plain)
    assert [raw for _, raw, _ in read_events(small)] == [statement.raw]
    assert len(small) < len(plain) / 2


def test_a_frame_of_a_dictionary_that_is_not_here_says_so() -> None:
    foreign = zstd.train_dict([b"%d other words" % n * 20 for n in range(500)], 2048)
    frame = zstd.compress(b"other words" * 30, zstd_dict=foreign)
    with pytest.raises(ValueError, match=f"dictionary {foreign.dict_id}"):
        read_events(frame)


@pytest.mark.parametrize("cut", [5, 12, -1])
def test_a_frame_that_was_cut_is_not_taken_for_less(cut: int) -> None:
    with pytest.raises(ValueError, match="not as it was packed"):
        read_events(pack_events([filed()])[:cut])
