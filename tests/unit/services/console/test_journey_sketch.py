"""The drawing of a journey: inside its bounds, thinned to a bound, silences and stretches where they are."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schemas.region import province_name
from services.console.driven import _provinces
from services.console.sketch import (
    HEIGHT,
    MOST_POINTS,
    WIDTH,
    Area,
    Fix,
    Sketch,
    Stretch,
    outlines,
    sketch,
)

Point = tuple[float, float]
SITE = Area(
    "consignor", "厂区", [(114.49, 38.03), (114.51, 38.03), (114.51, 38.05), (114.49, 38.05)]
)


def points(line: str) -> list[Point]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())]


def corners(drawn: Sketch, kind: str = "way") -> list[list[Point]]:
    return [points(line.points) for line in drawn.way if line.kind == kind]


def road(count: int, *, every: int = 30) -> list[Fix]:
    """A winding road from Shijiazhuang to Jinan."""
    return [
        Fix(n * every, 114.5 + 2.5 * n / count, 38 - 1.3 * n / count + 0.05 * math.sin(n / 9))
        for n in range(count)
    ]


def test_all_that_is_drawn_lies_inside_and_north_is_up() -> None:
    drawn = sketch(road(300), [], [SITE])
    every = [p for line in (*drawn.way, *drawn.areas) for p in points(line.points)]
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in every)
    (way,) = corners(drawn)
    assert way[0][1] < way[-1][1], "it went south"
    assert way[0][0] < way[-1][0], "and east"


def test_a_single_position_is_drawn_in_the_middle() -> None:
    drawn = sketch([Fix(0, 114.5, 38.04)], [])
    assert not drawn.way
    assert [(mark.x, mark.y) for mark in drawn.ends] == [(WIDTH / 2, HEIGHT / 2)] * 2
    west, south, east, north = drawn.box
    assert 0.02 < east - west < 0.1
    assert south < 38.04 < north


def test_two_thousand_positions_are_thinned_to_a_bound_and_both_ends_stay() -> None:
    fixes = road(2000)
    drawn = sketch(fixes, [])
    (way,) = corners(drawn)
    assert 100 < len(way) == drawn.drawn <= MOST_POINTS
    whole = sketch([fixes[0], fixes[-1]], [], [Area("site", "", [(f.lon, f.lat) for f in fixes])])
    (ends,) = corners(whole)
    assert (way[0], way[-1]) == (ends[0], ends[1])


@given(
    st.lists(
        st.tuples(st.floats(73, 136), st.floats(3, 54), st.integers(1, 7200)),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_the_positions_are_they_are_drawn_inside(
    told: list[tuple[float, float, int]],
) -> None:
    fixes, at, silences = [], 0, []
    for lon, lat, step in told:
        if fixes and step >= 600:
            silences.append((at, at + step))
        at += step
        fixes.append(Fix(at, lon, lat))
    drawn = sketch(fixes, silences, [], [Stretch(1, fixes[0].at, at), Stretch(2, at + 9, at + 99)])
    every = [p for line in drawn.way for p in points(line.points)]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in every)
    assert len(corners(drawn, "silence")) == len(silences)
    one, other = ((mark.x, mark.y) for mark in drawn.marks)
    assert math.dist(one, other) > 20, "both numbers can be read"


def test_a_silence_breaks_the_way_and_is_drawn_from_the_last_heard_to_the_next() -> None:
    fixes = [f if f.at < 3000 else f._replace(at=f.at + 7200) for f in road(200)]
    gap = next((a.at, b.at) for a, b in pairwise(fixes) if b.at - a.at > 600)
    drawn = sketch(fixes, [gap], [], [Stretch(1, *gap)])
    one, other = corners(drawn)
    (silence,) = corners(drawn, "silence")
    assert silence == [one[-1], other[0]]
    (mark,) = drawn.marks
    assert points(mark.points) == silence
    assert silence[0][0] < mark.x < silence[1][0]


def test_a_stretch_is_its_part_of_the_way_alone() -> None:
    drawn = sketch(road(200), [], [], [Stretch(1, 1500, 3000)])
    (way,) = corners(drawn)
    (mark,) = drawn.marks
    part = points(mark.points)
    assert way[0][0] < part[0][0] < mark.x < part[-1][0] < way[-1][0]


def test_the_scale_is_that_of_the_drawing() -> None:
    drawn = sketch(road(300), [])
    length, km = drawn.bar
    _, south, _, north = drawn.box
    assert math.isclose(length / HEIGHT, km / ((north - south) * 111.2), rel_tol=0.01)
    assert length <= WIDTH / 4


def test_provinces_are_cut_to_the_drawing_and_named_where_there_is_room() -> None:
    drawn = sketch(road(300), [])
    found = outlines(_provinces(), drawn)
    assert {o.name for o in found if o.name} == {province_name("130000"), province_name("370000")}
    every = [p for o in found for p in points(o.points)]
    assert all(-0.06 * WIDTH < x < 1.06 * WIDTH for x, _ in every)
    assert all(-0.06 * HEIGHT < y < 1.06 * HEIGHT for _, y in every)
    assert all(0 < o.x < WIDTH and 0 < o.y < HEIGHT for o in found if o.name)
