"""A plate's positions, put right and located: of a set, in any order. Any stretch of them folds into a track.

Of copies of one instant the first received counts. Dropped, and counted with the reason: places at 0, 0;
what a terminal calls not positioned (status bit 1); instants over ten minutes after they were received; a
lone place that nobody could have driven to and back from. A clock that is wrong by whole hours (terminals
that send UTC for China time are eight hours late) is seen against the times of receipt of that day and its
neighbours, and put right.

Whether a position counts depends on none that is more than two days away (``REACH_S``): so a drive of some
days folds as one of a year does, in the stretch that is that far inside it.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.instant import china_day
from schemas.registry import Fence, PrescribedRoute
from streams.judging.registry import in_force
from streams.judging.tracks.places import KM_PER_DEGREE, Floats, Places, metres_from
from streams.judging.tracks.positions import Batch, Positions
from streams.judging.tracks.segments import (
    EMPTY,
    LADEN,
    LEAST_GAP_S,
    LEAST_STOP_S,
    NO_LOAD,
    NO_SPEED,
    Beside,
    Gap,
    Stay,
    Stop,
    Track,
    Visit,
    instant,
)

__all__ = ["REACH_S", "Drive"]

_HOUR, _DAY, _SECOND = 3600, 86_400, 1_000_000
REACH_S = 3 * _DAY
"""What lies further outside a stretch bears on nothing in it: a clock's day and its neighbours, 14 hours of
time zones, and ``_NEIGHBOURS_S``."""
_NEIGHBOURS_S = _DAY
"""A position is compared with those before and after it if they are no further away."""
_CLOCK_S = 10 * 60
"""Clocks of terminal and receiver differ by so much at most; what lies further ahead is dropped."""
_LEAST_BATCHES, _MOST_HOURS = 3, 14
"""Receipts that must agree before a clock is called wrong, and time zones that there are."""
_JUMP_KMH, _JUMP_KM = 200, 0.5
"""Faster, over more than what a bad fix is off by, nothing on the road goes."""
_POSITIONED = 2
"""Bit 1 of a status (JT/T 808 table 24)."""
_LOAD_BITS = 8
"""Bits 8 and 9: empty, half, reserved, full."""
_ZERO = 0.01
_SLOW_KMH, _PLACE_KM = 3, 0.2
_SAME_STOP_S = 5 * 60
"""Stops at one place with less between them are one: drift and a queue at a gate break none up."""
_PARKED_S = 12 * 3600
"""Heard at one place before and after so long a silence it may have stood there overnight; longer tells nothing."""
_BRIDGED_S = 2 * 3600
"""Heard in one province before and after so long a silence it was there in between."""
_SAME_VISIT_S = 3 * 60
"""Out of a fence for no longer is a bad fix at its edge."""

_COLUMNS = ("at", "lon", "lat", "speed", "status", "received")

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class _Fixes:
    """Columns of the positions that count, in order of time."""

    def __init__(self, several: Sequence[Positions]) -> None:
        def column(name: str, kind: type) -> NDArray[Any]:
            parts: list[NDArray[Any]] = [
                np.frombuffer(getattr(p, name), kind) for p in several if len(p)
            ]
            return np.concatenate(parts) if parts else np.zeros(0, kind)

        self.at: Ints = column("at", np.int64)
        self.lon: Floats = column("lon", np.float64)
        self.lat: Floats = column("lat", np.float64)
        self.speed: Floats = column("speed", np.float64)
        self.status: Ints = column("status", np.int64)
        self.received: Ints = column("received", np.int64)

    def keep(self, which: Bools | Ints) -> None:
        """Keep some of them, or put them in another order."""
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name)[which])

    def part(self, begins: int, ends: int) -> "_Fixes":
        """Return the rows from one number to before another."""
        found = _Fixes(())
        for name in _COLUMNS:
            setattr(found, name, getattr(self, name)[begins:ends])
        return found

    def once(self) -> None:
        """Sort by time and keep one of each instant: the first received, of several the least."""
        columns = (self.status, self.speed, self.lat, self.lon, self.received, self.at)
        self.keep(np.lexsort(columns))
        if len(self.at):
            self.keep(np.concatenate(([True], np.diff(self.at) > 0)))

    def km(self, one: Ints, other: Ints) -> Floats:
        """Return the way between positions as the crow flies; a plane will do for what is near."""
        narrow = np.cos(np.radians((self.lat[one] + self.lat[other]) / 2))
        east = (self.lon[other] - self.lon[one]) * narrow
        way: Floats = np.hypot(east, self.lat[other] - self.lat[one]) * KM_PER_DEGREE
        return way

    def impossible(self, one: Ints, other: Ints) -> Bools:
        """Whether nobody could have driven from one to the other."""
        km = self.km(one, other)
        hours = np.abs(self.at[other] - self.at[one]) / (_HOUR * _SECOND)
        fast: Bools = (km > _JUMP_KM) & (km > hours * _JUMP_KMH)
        return fast


class Drive:
    """Positions of one plate. ``told``: by each unit that is entitled; ``others``: how many others told."""

    def __init__(
        self, plate: str, told: Sequence[Positions], places: Places, others: int = 0
    ) -> None:
        fixes = _Fixes(told)
        fixes.once()
        batches = _once(batch for positions in told for batch in positions.batches)
        hours = _hours_off(batches, fixes.at // (_DAY * _SECOND))
        if hours:
            fixes.at = fixes.at + _shifts(hours, fixes.at // (_DAY * _SECOND))
            fixes.once()
        dropped = Counter({"not_entitled": others} if others else {})
        for reason, wrong in _WRONG:
            bad = wrong(fixes)
            if bad.any():
                dropped[reason] += int(bad.sum())
                fixes.keep(~bad)
        self.plate = plate
        self.dropped = dict(sorted(dropped.items()))
        """Positions that do not count, by reason: ``at_zero``, ``future``, ``not_positioned``, ``jump``,
        ``not_entitled``."""
        self._places, self._fixes = places, fixes
        self._times: Ints = fixes.at // _SECOND
        self._which, self._fence = places.fences_of(fixes.lon, fixes.lat)
        self._province = places.provinces_of(fixes.lon, fixes.lat)
        self._batches = sorted(_put_right(batch, hours) for batch in batches)
        self._longest = max((b.last - b.first for b in self._batches), default=0)

    @property
    def first(self) -> int | None:
        """The second of the first position that counts."""
        return int(self._times[0]) if len(self._times) else None

    @property
    def last(self) -> int | None:
        """The second of the last position that counts."""
        return int(self._times[-1]) if len(self._times) else None

    def days_in(self, role: str) -> set[date]:
        """Return the China days on which it was in a fence of that role."""
        wanted = np.array([fence.role == role for fence in self._places.fences], bool)
        inside = self._times[self._which[wanted[self._fence]]] if len(self._which) else []
        first_of_days = {int(at) for at in np.unique((np.asarray(inside) + 8 * _HOUR) // _DAY)}
        return {china_day(instant(day * _DAY)) for day in first_of_days}

    def fixes(self, begins: int, ends: int) -> list[tuple[int, float, float]]:
        """Return second, longitude and latitude of the positions between two instants, ends included."""
        a, b = np.searchsorted(self._times, (begins, ends + 1)).tolist()
        columns = (self._times, self._fixes.lon, self._fixes.lat)
        return list(zip(*(column[a:b].tolist() for column in columns), strict=True))

    def track(self, begins: int, ends: int) -> Track | None:
        """Return what the positions between two instants amount to, ends included; None without one.

        What goes on beyond them is cut off there.
        """
        a, b = np.searchsorted(self._times, (begins, ends + 1)).tolist()
        if a == b:
            return None
        fixes = self._fixes.part(a, b)
        times, province = self._times[a:b], self._province[a:b]
        x, y = np.searchsorted(self._which, (a, b)).tolist()
        which, fence, places = self._which[x:y] - a, self._fence[x:y], self._places
        return Track(
            self.plate,
            tuple(times.tolist()),
            tuple(_stops(fixes, times, places)),
            tuple(_visits(times, which, fence, places)),
            tuple(sorted(_stays(times, province, places), key=_by_enter)),
            tuple(_gaps(times, which, fence, places)),
            tuple(self._batches_of(int(times[0]), int(times[-1]))),
            tuple(fixes.lon.tolist()),
            tuple(fixes.lat.tolist()),
            tuple(np.where(fixes.speed >= 0, fixes.speed, NO_SPEED).tolist()),
            tuple(_loads(fixes.status).tolist()),
        )

    def beside(self, route: PrescribedRoute, begins: int, ends: int) -> Beside:
        """Return how far it was from a route at each position of ``track`` between the same instants."""
        a, b = np.searchsorted(self._times, (begins, ends + 1)).tolist()
        lon, lat = self._fixes.lon[a:b], self._fixes.lat[a:b]
        metres = metres_from(route.way, lon, lat), metres_from(route.way[-1:], lon, lat)
        return Beside(route, *(tuple(each.tolist()) for each in metres))

    def _batches_of(self, begins: int, ends: int) -> Iterator[Batch]:
        at = bisect_left(self._batches, (begins - self._longest,))
        while at < len(self._batches) and self._batches[at].first <= ends:
            if self._batches[at].last >= begins:
                yield self._batches[at]
            at += 1


def _once(batches: Iterable[Batch]) -> list[Batch]:
    """Return each event's batch once: of copies the first received."""
    first: dict[Batch, Batch] = {}
    for batch in batches:
        key = batch._replace(received=0)
        known = first.get(key)
        if known is None or batch.received < known.received:
            first[key] = batch
    return list(first.values())


def _hours_off(batches: Iterable[Batch], days: Ints) -> dict[int, int]:
    """Return the whole hours to add to the clock on days (since 1970, by the clock) where it is wrong.

    Of each event the last position is compared: a batch that waited has older ones in front. One batch
    that was late by eight hours says nothing; nearly all of the day and its neighbours do.
    """
    lags: dict[int, list[int]] = defaultdict(list)
    for batch in batches:
        if batch.received:
            lags[batch.last // _DAY].append(batch.received - batch.last)
    found = {}
    for day in np.unique(days).tolist():
        near = sorted([*lags[day - 1], *lags[day], *lags[day + 1]])
        if len(near) < _LEAST_BATCHES:
            continue
        hours = round(median(near) / _HOUR)
        agree = sum(abs(lag - hours * _HOUR) <= _CLOCK_S for lag in near)
        if hours and abs(hours) <= _MOST_HOURS and agree * 10 >= len(near) * 9:
            found[day] = hours
    return found


def _shifts(hours: dict[int, int], days: Ints) -> Ints:
    """Return what to add to positions of these days, in microseconds."""
    known, where = np.unique(days, return_inverse=True)
    each: Ints = np.array([hours.get(day, 0) for day in known.tolist()], np.int64)
    return each[where] * (_HOUR * _SECOND)


def _put_right(batch: Batch, hours: dict[int, int]) -> Batch:
    shifted = hours.get(batch.last // _DAY, 0)
    if not shifted:
        return batch
    by = shifted * _HOUR
    return batch._replace(first=batch.first + by, last=batch.last + by, shifted=shifted)


def _outliers(fixes: _Fixes) -> Bools:
    """Tell lone positions: none can be driven to from before nor from to what follows, those two can.

    After a day without any, what was before tells nothing.
    """
    lone = np.zeros(len(fixes.at), bool)
    breaks = np.flatnonzero(np.diff(fixes.at) > _NEIGHBOURS_S * _SECOND) + 1
    for first, end in pairwise([0, *breaks.tolist(), len(fixes.at)]):
        lone[first:end] = _lone(fixes.part(first, end))
    return lone


def _lone(fixes: _Fixes) -> Bools:
    count = len(fixes.at)
    lone = np.zeros(count, bool)
    if count < 3:
        return lone
    at = np.arange(count)
    fast = fixes.impossible(at[:-1], at[1:])
    across = fixes.impossible(at[:-2], at[2:])
    lone[1:-1] = fast[:-1] & fast[1:] & ~across
    lone[0] = fast[0] and not fast[1]
    lone[-1] = fast[-1] and not fast[-2]
    return lone


def _at_zero(fixes: _Fixes) -> Bools:
    zero: Bools = (np.abs(fixes.lon) < _ZERO) & (np.abs(fixes.lat) < _ZERO)
    return zero


def _not_positioned(fixes: _Fixes) -> Bools:
    lost: Bools = (fixes.status >= 0) & (fixes.status & _POSITIONED == 0)
    return lost


def _future(fixes: _Fixes) -> Bools:
    ahead: Bools = fixes.at > (fixes.received + _CLOCK_S) * _SECOND
    return (fixes.received > 0) & ahead


_WRONG: tuple[tuple[str, Callable[[_Fixes], Bools]], ...] = (
    ("at_zero", _at_zero),
    ("not_positioned", _not_positioned),
    ("future", _future),
    ("jump", _outliers),
)
"""Why positions are dropped, in this order: a jump is told among what is left."""


def _runs(same: Bools) -> Iterator[tuple[int, int]]:
    """Yield (first, last) index of runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    yield from zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)


def _loads(status: Ints) -> Ints:
    """Return what each position tells of the load, by two of its status bits."""
    bits = status >> _LOAD_BITS & 3
    loads: Ints = np.where((status < 0) | (bits == 2), NO_LOAD, np.where(bits > 0, LADEN, EMPTY))
    return loads


def _stops(fixes: _Fixes, times: Ints, places: Places) -> Iterator[Stop]:
    count = len(times)
    if count < 2:
        return
    at = np.arange(count)
    km, took = fixes.km(at[:-1], at[1:]), np.diff(times)
    slow = (fixes.speed[:-1] < _SLOW_KMH) & (fixes.speed[1:] < _SLOW_KMH)
    crawled = km * _HOUR < _SLOW_KMH * took
    near = km < _PLACE_KM
    still = near & (slow | crawled | (took >= LEAST_STOP_S)) & (took <= _PARKED_S)
    runs: list[tuple[int, int]] = []
    for first, last in _runs(still):
        begins, ends = first, last + 1
        if runs:
            before = runs[-1]
            apart = fixes.km(np.array([before[1]]), np.array([begins]))[0]
            if times[begins] - times[before[1]] <= _SAME_STOP_S and apart <= _PLACE_KM:
                runs[-1] = before[0], ends
                continue
        runs.append((begins, ends))
    runs = [(a, b) for a, b in runs if times[b] - times[a] >= LEAST_STOP_S]
    if not runs:
        return
    lon = np.array([float(np.median(fixes.lon[a : b + 1])) for a, b in runs])
    lat = np.array([float(np.median(fixes.lat[a : b + 1])) for a, b in runs])
    province = places.provinces_of(lon, lat).tolist()
    inside: dict[int, list[Fence]] = {}
    for n, fence in zip(*(each.tolist() for each in places.fences_of(lon, lat)), strict=True):
        inside.setdefault(n, []).append(places.fences[fence])
    for n, (a, b) in enumerate(runs):
        begins = int(times[a])
        then = instant(begins)
        yield Stop(
            begins,
            int(times[b]),
            round(float(lon[n]), 6),
            round(float(lat[n]), 6),
            tuple(f for f in sorted(inside.get(n, ()), key=_by_id) if in_force(f, then)),
            None if province[n] < 0 else places.provinces.codes[province[n]],
            tuple(x for x in places.near(lon[n], lat[n]) if in_force(x.fence, then)),
        )


def _by_id(fence: Fence) -> str:
    return fence.id


def _visits(times: Ints, which: Ints, fence: Ints, places: Places) -> Iterator[Visit]:
    order = np.lexsort((which, fence))
    which, fence = which[order], fence[order]
    if not len(which):
        return
    breaks = np.flatnonzero((np.diff(fence) != 0) | (np.diff(which) != 1)) + 1
    firsts = np.concatenate(([0], breaks))
    lasts = np.concatenate((breaks - 1, [len(which) - 1]))
    found: list[Visit] = []
    for a, b in zip(firsts.tolist(), lasts.tolist(), strict=True):
        visited = places.fences[fence[a]]
        enter, leave = int(times[which[a]]), int(times[which[b]])
        if found and found[-1].fence is visited and enter - found[-1].leave <= _SAME_VISIT_S:
            found[-1] = found[-1]._replace(leave=leave)
        elif in_force(visited, instant(enter)):
            found.append(Visit(visited, enter, leave))
    yield from sorted(found, key=lambda v: (v.enter, v.leave, v.fence.id))


def _by_enter(stay: Stay) -> tuple[int, str]:
    return stay.enter, stay.province


def _stays(times: Ints, province: Ints, places: Places) -> Iterator[Stay]:
    silences = np.flatnonzero(np.diff(times) > _BRIDGED_S) + 1
    for first, end in pairwise([0, *silences.tolist(), len(times)]):
        part = province[first:end]
        for code in np.unique(part[part >= 0]).tolist():
            for a, b in _runs(part == code):
                yield Stay(
                    places.provinces.codes[code], int(times[first + a]), int(times[first + b])
                )


def _gaps(times: Ints, which: Ints, fence: Ints, places: Places) -> Iterator[Gap]:
    for at in np.flatnonzero(np.diff(times) >= LEAST_GAP_S).tolist():
        first, then, last = np.searchsorted(which, (at, at + 1, at + 2)).tolist()
        ends = fence[first:then], fence[then:last]
        common = sorted(places.fences[n].id for n in np.intersect1d(*ends).tolist())
        yield Gap(int(times[at]), int(times[at + 1]), common[0] if common else None)
