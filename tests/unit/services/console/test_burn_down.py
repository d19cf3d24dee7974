"""The picture of a limit stays in its frame and ends where the figures do."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.console.burn_down import HEIGHT, WIDTH, burn_down
from streams.judging.forecast import allowance_of, forecast
from streams.judging.outcome import Draw
from tests.manifests import DAY, approval, approval_line, registry

TONNE = 1_000_000


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


@given(
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 40 * TONNE)), max_size=25),
    st.integers(0, 300),
    st.booleans(),
)
def test_every_point_lies_in_the_frame(
    loads: list[tuple[int, int]], today: int, ends: bool
) -> None:
    record = approval(
        valid_from="2026-02-01",
        valid_to="2026-12-31" if ends else None,
        lines=[approval_line(quantity_t=100)],
    )
    allowance = allowance_of("approval/appr-1/1", registry(record))
    assert allowance is not None
    draws = [
        Draw("x", str(n), DAY + timedelta(days=day), grams, "settled")
        for n, (day, grams) in enumerate(loads)
    ]
    now = DAY.date() + timedelta(days=today)
    told = forecast(allowance, draws, now)
    chart = burn_down(allowance, told, now)
    drawn = points(chart.steps) + points(chart.ahead)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT + 0.1 for x, y in drawn)
    assert [x for x, _ in points(chart.steps)] == sorted(x for x, _ in points(chart.steps))
    assert (points(chart.steps)[-1][1] < chart.zero) == (told.left > 0) or told.left < TONNE
    assert bool(chart.ahead) == (told.runs_out is not None and told.runs_out.likely is not None)
    if chart.span is not None:
        assert 0 <= chart.span[0] <= WIDTH
        assert chart.span[1] >= 0
    assert chart.first <= date(2026, 2, 1)
