"""载货状态: what a terminal tells of its load, by a sensor or by hand (JT/T 808-2019 table 24, bits 8 and 9).

Two bits: empty, half, (unused), full. A terminal without a sensor tells "empty" all the time, so only one that
also tells of a load tells anything. Flickers are dropped.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from streams.judging.tracks.segments import LADEN, NO_LOAD, Track

__all__ = ["Emptied", "emptied", "tells_of_loads"]


class Emptied(NamedTuple):
    """Where a vehicle went from laden to empty: the last second of the one, the first of the other."""

    laden: int
    empty: int


class _Run(NamedTuple):
    state: int
    begins: int
    ends: int


def tells_of_loads(track: Track, begins: int, ends: int) -> bool:
    """Whether any position between two instants tells of a load."""
    a, b = bisect_left(track.times, begins), bisect_right(track.times, ends)
    return LADEN in track.loads[a:b]


def emptied(track: Track, begins: int, ends: int, least_s: int) -> Iterator[Emptied]:
    """Yield the changes from laden to empty between two instants; both states last for ``least_s`` or more."""
    lasting: list[_Run] = []
    for run in _runs(track, begins, ends):
        if run.ends - run.begins < least_s:
            continue
        if lasting and lasting[-1].state == run.state:
            lasting[-1] = lasting[-1]._replace(ends=run.ends)
        else:
            lasting.append(run)
    for one, other in pairwise(lasting):
        if one.state == LADEN:
            yield Emptied(one.ends, other.begins)


def _runs(track: Track, begins: int, ends: int) -> Iterator[_Run]:
    """Yield stretches of positions that tell the same."""
    a, b = bisect_left(track.times, begins), bisect_right(track.times, ends)
    state, first, last = NO_LOAD, 0, 0
    for at, told in zip(track.times[a:b], track.loads[a:b], strict=True):
        if told == state:
            last = at
        elif told != NO_LOAD:
            if state != NO_LOAD:
                yield _Run(state, first, last)
            state, first, last = told, at, at
    if state != NO_LOAD:
        yield _Run(state, first, last)
