"""The drawing of a journey: positions, fences and stretches as shapes of an SVG. It is not a map.

North is up; degrees are taken as they are at the middle of the drawing. Longitudes do not wrap: no journey
inside China comes near the 180th meridian.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["HEIGHT", "MOST_POINTS", "WIDTH", "Area", "Fix", "Line", "Mark", "Outline", "Sketch"]
__all__ += ["Stretch", "outlines", "sketch"]

WIDTH, HEIGHT = 720, 480
"""Of the drawing, in its own units."""
MOST_POINTS = 600
"""Corners of the way that are drawn; a silence has its two ends all the same."""
_CLOSE = 1.5
"""Units; nearer together nobody sees that there are two."""
_PAD = 0.1
_LEAST_DEGREES = 0.02
"""Some 2 km: what stands still is not drawn to the metre."""
_KM_PER_DEGREE = 111.2
_APART = 24
"""Units between two marks, so that both can be read."""
_SCALES_KM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

Point = tuple[float, float]


class Fix(NamedTuple):
    """A position: second since 1970, degrees."""

    at: int
    lon: float
    lat: float


class Area(NamedTuple):
    """A ring in degrees, with what it is called. ``kind``: a class of its shape."""

    kind: str
    name: str
    ring: Sequence[Point]


class Stretch(NamedTuple):
    """Part of the way that an alert is about."""

    number: int
    begins: int
    ends: int


class Line(NamedTuple):
    """Points of a polyline or polygon, as SVG has them."""

    kind: str
    points: str


class Mark(NamedTuple):
    """A sign with its text at a point; ``points``: of the stretch that it is about, as one line."""

    kind: str
    text: str
    x: float
    y: float
    points: str = ""

    @property
    def above(self) -> bool:
        """Whether there is more room above it than the way is likely to take below."""
        return self.y < HEIGHT / 2


class Outline(NamedTuple):
    """A ring of a province's coarse area, cut to the drawing, and where its name stands; "" where not."""

    points: str
    name: str
    x: float
    y: float


class Sketch(NamedTuple):
    """All shapes; ``bar``: length of the scale in units and the kilometres that it stands for."""

    width: int
    height: int
    way: tuple[Line, ...]
    """``way``, or ``silence`` where nothing was heard in between."""
    areas: tuple[Line, ...]
    names: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    ends: tuple[Mark, ...]
    bar: tuple[float, int]
    drawn: int
    """Corners of the way."""
    box: tuple[float, float, float, float]
    """West, south, east and north of the drawing in degrees."""


class Frame(NamedTuple):
    """How degrees become units."""

    west: float
    north: float
    per_lon: float
    per_lat: float

    @classmethod
    def around(cls, points: Sequence[Point]) -> "Frame":
        """Return the frame that holds all points, with room around them."""
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        lon, lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
        narrow = max(math.cos(math.radians(lat)), 0.01)
        wide = max((max(lons) - min(lons)) * narrow, _LEAST_DEGREES)
        high = max(max(lats) - min(lats), _LEAST_DEGREES)
        scale = min(WIDTH / wide, HEIGHT / high) * (1 - 2 * _PAD)
        return cls(
            lon - WIDTH / 2 / scale / narrow, lat + HEIGHT / 2 / scale, scale * narrow, scale
        )

    def at(self, point: Point) -> Point:
        """Return where a point is drawn."""
        x, y = (point[0] - self.west) * self.per_lon, (self.north - point[1]) * self.per_lat
        return round(x, 1), round(y, 1)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        return (
            self.west,
            self.north - HEIGHT / self.per_lat,
            self.west + WIDTH / self.per_lon,
            self.north,
        )

    @property
    def bar(self) -> tuple[float, int]:
        """The longest scale of round kilometres up to a quarter of the width."""
        unit = self.per_lat / _KM_PER_DEGREE
        km = max((km for km in _SCALES_KM if km * unit <= WIDTH / 4), default=_SCALES_KM[0])
        return round(km * unit, 1), km


def sketch(
    fixes: Sequence[Fix],
    silences: Sequence[tuple[int, int]],
    areas: Sequence[Area] = (),
    stretches: Sequence[Stretch] = (),
) -> Sketch:
    """Draw a way, in order of time and at least one position, with areas and stretches.

    ``silences``: from and to which second nothing was heard.
    """
    frame = Frame.around(
        [(f.lon, f.lat) for f in fixes] + [point for area in areas for point in area.ring]
    )
    points = [frame.at((f.lon, f.lat)) for f in fixes]
    times = [f.at for f in fixes]
    ends = {ends for _, ends in silences}
    firsts = [0, *(n for n in range(1, len(times)) if times[n] in ends), len(times)]
    runs = [points[a:b] for a, b in pairwise(firsts)]
    thinned = _thinned(runs)
    way = [Line("way", _points(run)) for run in thinned if len(run) > 1]
    way += [Line("silence", _points([a[-1], b[0]])) for a, b in pairwise(thinned)]
    return Sketch(
        WIDTH,
        HEIGHT,
        tuple(way),
        tuple(Line(a.kind, _points([frame.at(p) for p in a.ring])) for a in areas),
        tuple(_named(frame, areas)),
        tuple(_marked(stretches, times, points)),
        (Mark("first", "", *points[0]), Mark("last", "", *points[-1])),
        frame.bar,
        sum(map(len, thinned)),
        frame.box,
    )


def outlines(
    provinces: Sequence[tuple[str, Sequence[Point]]], drawn: Sketch
) -> tuple[Outline, ...]:
    """Return rings of provinces, by name, cut to a drawing."""
    import shapely  # takes megabytes, which only they need who look at a journey

    west, south, east, north = drawn.box
    wide, high = east - west, north - south
    frame = Frame(west, north, drawn.width / wide, drawn.height / high)
    found = []
    for name, ring in provinces:
        # Somewhat more than is seen: the cut itself is no border.
        seen = shapely.clip_by_rect(
            shapely.make_valid(shapely.Polygon(ring)),
            *(west - wide / 20, south - high / 20, east + wide / 20, north + high / 20),
        )
        inside = shapely.clip_by_rect(seen, west, south, east, north)
        for part in shapely.get_parts(seen):
            if part.geom_type != "Polygon":
                continue
            told, x, y = "", 0.0, 0.0
            shown = shapely.intersection(part, inside)
            if shown.area > wide * high / 16:
                middle = shown.representative_point()
                told, (x, y) = name, frame.at((middle.x, middle.y))
            points = _points([frame.at((x, y)) for x, y in part.exterior.coords])
            found.append(Outline(points, told, x, y))
    return tuple(found)


def _thinned(runs: Sequence[Sequence[Point]]) -> list[list[Point]]:
    close = _CLOSE
    while True:
        found = [_spaced(run, close) for run in runs]
        if sum(map(len, found)) <= MOST_POINTS or close > WIDTH + HEIGHT:
            return found
        close *= 1.5


def _spaced(run: Sequence[Point], close: float) -> list[Point]:
    """Keep the first, the last, and in between only what is so far from the one before."""
    kept = [run[0]]
    for point in run[1:-1]:
        if math.dist(point, kept[-1]) >= close:
            kept.append(point)
    if len(run) > 1:
        kept.append(run[-1])
    return kept


def _marked(
    stretches: Sequence[Stretch], times: Sequence[int], points: Sequence[Point]
) -> Iterator[Mark]:
    taken: list[Point] = []
    for stretch in stretches:
        a, b = bisect_left(times, stretch.begins), bisect_right(times, stretch.ends)
        if a >= b:  # in a silence: from the position before to the one after
            a, b = max(a - 1, 0), min(b + 1, len(times))
        part = _thinned([points[a:b]])[0]
        x, y = part[len(part) // 2]
        if len(part) == 2:
            x, y = (part[0][0] + x) / 2, (part[0][1] + y) / 2
        while any(math.dist((x, y), other) < _APART for other in taken):
            x, y = (x + _APART, y) if x + 2 * _APART < WIDTH else (_APART, y + _APART)
        taken.append((x, y))
        yield Mark("stretch", str(stretch.number), round(x, 1), round(y, 1), _points(part))


def _named(frame: Frame, areas: Sequence[Area]) -> Iterator[Mark]:
    """Yield a sign at the middle of each area: from afar a site is smaller than a dot."""
    for area in areas:
        corners = [frame.at(p) for p in area.ring]
        xs, ys = [p[0] for p in corners], [p[1] for p in corners]
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        yield Mark(area.kind, area.name, round(x, 1), round(y, 1))


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
