"""What a terminal tells of its load: flickers are dropped, and so are the bits that mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.judging.tracks.drive import Drive
from streams.judging.tracks.load import emptied, tells_of_loads
from streams.judging.tracks.segments import EMPTY, LADEN, NO_LOAD, Track
from tests.unit.streams.judging.test_track_fold import PLACES, positions, whole
from tests.unit.streams.judging.test_track_running import way

LEAST_S = 600


def told(*parts: tuple[int, int]) -> Track:
    """Return a track of (minutes, state) one after the other, a position a minute."""
    loads = [state for minutes, state in parts for _ in range(minutes)]
    return Track("冀A12345", tuple(range(0, len(loads) * 60, 60)), loads=tuple(loads))


def changes(track: Track, begins: int = 0, ends: int = 1 << 40) -> list[tuple[int, int]]:
    return [(c.laden // 60, c.empty // 60) for c in emptied(track, begins, ends, LEAST_S)]


def test_a_vehicle_is_emptied_where_both_states_last() -> None:
    assert changes(told((30, LADEN), (30, EMPTY))) == [(29, 30)]
    assert changes(told((30, EMPTY), (30, LADEN))) == []
    assert changes(told((11, LADEN), (11, EMPTY))) == [(10, 11)]
    assert changes(told((10, LADEN), (30, EMPTY))) == []
    assert changes(told((30, LADEN), (10, EMPTY))) == []


def test_a_flicker_breaks_neither_state() -> None:
    assert changes(told((20, LADEN), (8, EMPTY), (20, LADEN))) == []
    assert changes(told((20, LADEN), (20, EMPTY), (3, LADEN), (20, EMPTY))) == [(19, 20)]
    assert changes(told((20, LADEN), (3, EMPTY), (3, LADEN), (20, EMPTY))) == [(19, 26)]


def test_positions_that_tell_nothing_are_passed_over() -> None:
    assert changes(told((20, LADEN), (30, NO_LOAD), (20, EMPTY))) == [(19, 50)]
    assert not tells_of_loads(told((20, NO_LOAD), (20, EMPTY)), 0, 9_999)
    assert not tells_of_loads(told((20, EMPTY), (20, LADEN)), 0, 19 * 60)
    assert tells_of_loads(told((20, EMPTY), (20, LADEN)), 0, 20 * 60)


def test_only_the_time_that_is_asked_for_counts() -> None:
    track = told((30, LADEN), (30, EMPTY))
    assert changes(track, begins=25 * 60) == []
    assert changes(track, ends=35 * 60) == []


@pytest.mark.parametrize(
    ("status", "load"),
    [(None, NO_LOAD), (3, EMPTY), (0x103, LADEN), (0x203, NO_LOAD), (0x303, LADEN), (0x403, EMPTY)],
)
def test_two_bits_of_the_status_tell_of_the_load(status: int | None, load: int) -> None:
    fixes = [{**fix, "status": status} for fix in way((10, 60))]
    assert set(whole(Drive("冀A12345", [positions(fixes)], PLACES)).loads) == {load}


@given(st.lists(st.sampled_from((NO_LOAD, EMPTY, LADEN)), max_size=80))
def test_changes_are_in_order_and_none_without_both_states(states: list[int]) -> None:
    found = changes(told(*((1, state) for state in states)))
    assert found == sorted(found)
    for laden, empty in found:
        assert laden < empty
        assert (states[laden], states[empty]) == (LADEN, EMPTY)
