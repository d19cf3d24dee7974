"""Headers go back into the log as they came out of it."""

from hypothesis import given
from hypothesis import strategies as st

from services.archiver.row import headers_json
from services.cli.refeed import _headers

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.none() | st.binary(max_size=12) | NAMES.map(str.encode)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5))
def test_headers_come_back_as_they_were(headers: list[tuple[str, bytes | None]]) -> None:
    assert list(_headers(headers_json(headers))) == headers
