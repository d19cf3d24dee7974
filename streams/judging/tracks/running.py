"""How a vehicle ran: how far, stretches at speed, and times behind the wheel without a rest.

Of speed and wheel nothing is told across a silence; a way goes on as the crow flies.

All of it errs for the driver. What terminals tell of their speed counts only as far as the way between the
positions bears it out, and the way as the crow flies is never longer than the road: a sensor that is wrong, a
position that is off or a clock that leaps accuse nobody. Figures are the rules'; times are whole seconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, radians
from typing import NamedTuple

from streams.judging.tracks.segments import LEAST_GAP_S, NO_SPEED, Track

__all__ = ["Drive", "Fast", "Way", "driven", "fast", "way_of"]

_KM_PER_DEGREE = 111.2
_MOST_KMH = 160
"""What tells of more is a sensor that is wrong: no lorry goes so fast."""
_PIECE_S = 60
"""The way is measured over pieces of so long: positions that are some metres off are nothing to that."""
_QUICK_KMH = 100
_ROLLING_KMH = 20
"""Going on at so much from one position to the next a vehicle drives, whatever both say of their speed."""


class Fast(NamedTuple):
    """A stretch at speed: from its first to its last position; km/h in the mean and by the way alone."""

    begins: int
    ends: int
    kmh: float
    km: float
    told: bool
    """Whether the terminal told its speed; else the mean is that of the way."""


class Drive(NamedTuple):
    """A time without a rest: from where it first to where it last drove, and for how long of it."""

    begins: int
    ends: int
    drove: int
    over: int | None
    """From when on it had driven for longer than was asked for; None if it never had."""


class Way(NamedTuple):
    """The way of a stretch by its positions, a minute apart: never longer than the road."""

    track: Track
    at: Sequence[int]
    """The numbers of its positions."""
    km: float
    """Driven; what is told of a vehicle that stands is no way."""

    @property
    def begins(self) -> int:
        """The second of the first position."""
        return self.track.times[self.at[0]]

    @property
    def ends(self) -> int:
        """The second of the last position."""
        return self.track.times[self.at[-1]]

    def straight(self, calls: Iterable[int]) -> float:
        """Return the kilometres between its ends as the crow flies, by where it was at some instants."""
        times, last = [self.track.times[n] for n in self.at], len(self.at) - 1
        by = sorted({0, *(min(bisect_left(times, call), last) for call in calls), last})
        return sum(_km(self.track, self.at[a], self.at[b]) for a, b in pairwise(by))


def way_of(track: Track, begins: int, ends: int) -> Way | None:
    """Return the way between two instants; None without two positions there."""
    pieces = list(_pieces(track, begins, ends))
    if not pieces:
        return None
    km = sum(_km(track, one, other) for one, other, standing in pieces if not standing)
    return Way(track, [pieces[0][0], *(other for _, other, _ in pieces)], km)


def _km(track: Track, one: int, other: int) -> float:
    """Return the way between two positions as the crow flies; a plane will do for what is near."""
    lat = track.lat
    narrow = cos(radians((lat[one] + lat[other]) / 2))
    east = (track.lon[other] - track.lon[one]) * narrow
    return hypot(east, lat[other] - lat[one]) * _KM_PER_DEGREE


def _between(track: Track, begins: int, ends: int) -> range:
    """Return the numbers of the positions in a time that have one before them there."""
    return range(bisect_left(track.times, begins) + 1, bisect_right(track.times, ends))


def fast(track: Track, begins: int, ends: int, limit: int, tolerance: int) -> Iterator[Fast]:
    """Yield the stretches at more than limit and tolerance (km/h), in order of time.

    Where speeds are told, all of them are above that, and the way makes more than the limit itself; where
    none is, the way makes more than both.
    """
    bound = limit + tolerance
    times, kmh = track.times, track.kmh
    first = last = -1
    for n in _between(track, begins, ends):
        before, here = kmh[n - 1], kmh[n]
        if NO_SPEED < here <= bound or NO_SPEED < before <= bound:
            continue
        took = times[n] - times[n - 1]
        if took >= LEAST_GAP_S:
            continue
        told = NO_SPEED < here < _MOST_KMH or NO_SPEED < before < _MOST_KMH
        if not told and not bound * took < _km(track, n - 1, n) * 3600 < _MOST_KMH * took:
            continue
        if n - 1 != last:
            if first >= 0:
                yield from _borne_out(track, first, last, limit, bound)
            first = n - 1
        last = n
    if first >= 0:
        yield from _borne_out(track, first, last, limit, bound)


def _borne_out(track: Track, first: int, last: int, limit: int, bound: int) -> Iterator[Fast]:
    """Yield the stretch from one position to another if the way in it bears the speed out."""
    km, here = 0.0, first
    for n in range(first + 1, last + 1):
        if track.times[n] - track.times[here] >= _PIECE_S or n == last:
            km += _km(track, here, n)
            here = n
    took = track.times[last] - track.times[first]
    told = [v for v in track.kmh[first : last + 1] if NO_SPEED < v < _MOST_KMH]
    by_way = km * 3600 / took if took else 0.0
    if by_way > (limit if told else bound) and by_way < _MOST_KMH:
        mean = sum(told) / len(told) if told else by_way
        yield Fast(track.times[first], track.times[last], mean, km, bool(told))


class _Wheel:
    """Who has been driving since the last rest, position by position."""

    def __init__(self, rest_s: int, most_s: int) -> None:
        self._rest, self._most = rest_s, most_s
        self._begins = self._ends = self._drove = self._slack = 0
        self._over: int | None = None

    def drive(self, begins: int, ends: int, slack: int) -> Drive | None:
        """Take a stretch driven; return what it ends where the time before it was a rest.

        ``slack``: how much of the stretch may have been standing still.
        """
        rested = begins - self._ends + self._slack + slack >= self._rest
        ended = self.stop() if self._drove and rested else None
        if not self._drove:
            self._begins = begins
        self._drove += ends - begins
        self._ends, self._slack = ends, slack
        if self._over is None and self._drove > self._most:
            self._over = ends - (self._drove - self._most)
        return ended

    def stop(self) -> Drive | None:
        """End the time: at a rest, a silence or where the load is off."""
        ended = Drive(self._begins, self._ends, self._drove, self._over) if self._drove else None
        self._begins = self._ends = self._drove = self._slack = 0
        self._over = None
        return ended


def driven(
    track: Track, begins: int, ends: int, kmh: int, rest_s: int, most_s: int
) -> Iterator[Drive]:
    """Yield the times at the wheel between rests or silences, in order; none goes across either.

    Driving is what goes at ``kmh`` or more; all that is less in one go for ``rest_s`` is a rest, stops
    with a few metres between them too. Short halts are no rest and are not counted as driving.
    """
    wheel = _Wheel(rest_s, most_s)
    for one, other, standing in _pieces(track, begins, ends):
        here, there = track.times[one], track.times[other]
        if there - here >= LEAST_GAP_S:
            ended = wheel.stop()
        else:
            slack = None if standing else _rolling(track, one, other, kmh)
            if slack is None:
                continue
            ended = wheel.drive(here, there, slack)
        if ended is not None:
            yield ended
    ended = wheel.stop()
    if ended is not None:
        yield ended


def _pieces(track: Track, begins: int, ends: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the numbers of two positions at a time, and whether it stood from the one to the other.

    They are ``_PIECE_S`` apart or next to each other.
    """
    times, stops, at = track.times, track.stops, 0
    for one, other in pairwise(_minutes(track, begins, ends)):
        while at < len(stops) and stops[at].ends <= times[one]:
            at += 1
        inside = at < len(stops) and stops[at].begins <= times[one]
        yield one, other, inside and times[other] <= stops[at].ends


def _minutes(track: Track, begins: int, ends: int) -> Iterator[int]:
    """Yield the numbers of positions a minute apart, with both ends of a silence, the first and the last."""
    times = track.times
    which = _between(track, begins, ends)
    if not which:
        return
    one = which.start - 1
    yield one
    for n in which:
        if times[n] - times[n - 1] >= LEAST_GAP_S and one < n - 1:
            one = n - 1
            yield one
        if times[n] - times[one] >= _PIECE_S or n + 1 == which.stop:
            one = n
            yield one


def _rolling(track: Track, one: int, other: int, kmh: int) -> int | None:
    """Return how much of the time between two positions it may have stood; None if it did not drive.

    By their speeds it stood for none of it. Where those are not told, or say that it stood while it went
    on, the way at ``_QUICK_KMH`` leaves so much.
    """
    took = track.times[other] - track.times[one]
    by_way = _km(track, one, other) * 3600
    if by_way < kmh * took:
        return None
    told = [v for v in (track.kmh[one], track.kmh[other]) if NO_SPEED < v < _MOST_KMH]
    slow = sum(v < kmh for v in told)
    if len(told) == 2 and not slow:
        return 0
    if slow and (slow < len(told) or by_way < _ROLLING_KMH * took):
        return None
    return max(0, took - round(by_way / _QUICK_KMH))
