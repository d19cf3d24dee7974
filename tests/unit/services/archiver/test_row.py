"""Reading a record never fails, whatever it holds."""

import json
from datetime import UTC, datetime
from typing import Any

from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from schemas.receipt import event_digest, receipt_id
from services.archiver.batch import known_events
from services.archiver.envelope import UNREADABLE, column_text, read_labels
from services.archiver.row import headers_json, read_record

NOW = datetime(2026, 11, 22, tzinfo=UTC)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
events = st.fixed_dictionaries(
    {},
    optional={
        "id": anything,
        "source": anything,
        "type": st.just("liandan.manifest.filed.v1") | anything,
        "subject": anything,
        "time": anything,
        "data": anything,
    },
).map(lambda value: json.dumps(value).encode())
bytes_or_events = st.binary() | events
headers = st.lists(
    st.tuples(
        st.sampled_from(["received_at", "digest", "key_id"]) | st.text(),
        st.none() | st.binary() | st.integers(0).map(lambda n: str(n).encode()),
    ),
    max_size=5,
)


def record(value: bytes | None, headers: Any = (), timestamp: int = 1_795_300_000_000) -> Any:
    return ConsumerRecord("t", 0, 7, timestamp, 1, b"k", value, None, 1, 1, headers)


@given(
    value=st.none() | bytes_or_events, headers=headers, timestamp=st.integers(-(2**63), 2**63 - 1)
)
def test_no_record_is_refused_and_every_column_can_hold_its_text(
    value: bytes | None, headers: Any, timestamp: int
) -> None:
    row, oddities = read_record(record(value, headers, timestamp), NOW)
    assert row.raw == (value or b"")
    assert row.digest.hex() == event_digest(row.raw)
    for column in row:
        if isinstance(column, str):
            assert "\x00" not in column.encode().decode()
            assert "\\u0000" not in column.replace("\\\\", "")
    assert {oddity.reason for oddity in oddities} <= {"digest_mismatch", "received_at_insane"}
    json.dumps([oddity.detail for oddity in oddities]).encode()


@given(headers)
def test_headers_are_json_that_names_every_header(headers: Any) -> None:
    assert len(json.loads(headers_json(headers))) == len(headers)


@given(bytes_or_events)
def test_an_identity_is_that_of_the_receipt(value: bytes) -> None:
    row, _ = read_record(record(value), NOW)
    known = known_events([row, row])
    if row.source is None or row.event_id is None:
        assert not known
    else:
        assert row.receipt_id == receipt_id(row.source, row.event_id, event_digest(value))
        assert [each.copies for each in known] == [2]


def test_what_an_index_cannot_hold_is_null() -> None:
    assert column_text("万" * 256) == "万" * 256
    for value in ("x" * 257, "a\x00b", "\ud800", 7, None, ["x"]):
        assert column_text(value) is None


def test_depth_and_bad_bytes_are_unreadable() -> None:
    for raw in (b"[" * 100_000, b'{"data":' + b"[" * 100_000, b'{"id":"\xff"}', b"", b"7"):
        assert read_labels(raw) == UNREADABLE
