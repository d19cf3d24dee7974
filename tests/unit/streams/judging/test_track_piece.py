"""Pieces of positions: nothing is lost on the way through bytes, and joined in any way they are the same set."""

import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.cell import cells_around
from streams.judging.statement import to_micros
from streams.judging.tracks.drive import Drive
from streams.judging.tracks.piece import cells_of, joined, packed_piece, unpacked_piece
from streams.judging.tracks.places import Places
from streams.judging.tracks.positions import Positions

START = datetime(2026, 9, 10, tzinfo=UTC)
PLACES = Places([])


def _told(rng: random.Random, count: int, digits: int) -> Positions:
    found = Positions()
    for n in range(0, count, 20):
        some: list[Any] = [
            SimpleNamespace(
                at=START
                + timedelta(seconds=rng.randint(0, 80_000), microseconds=rng.choice((0, 5))),
                lon=round(rng.uniform(73, 135), digits),
                lat=round(rng.uniform(-5, 53), digits),
                speed_kmh=rng.choice((None, 0, 62.5, 71.3)),
                status=rng.choice((None, 3, 2**32 - 1)),
            )
            for _ in range(20)
        ]
        received = max(one.at for one in some) + timedelta(seconds=30)
        found.add(some, to_micros(received), f"urn#{n}", f"{n:064x}")
    return found


def _rows(positions: Positions) -> set[tuple[Any, ...]]:
    columns = (getattr(positions, name) for name in ("at", "lon", "lat", "status", "received"))
    speeds = (str(speed) for speed in positions.speed)
    return set(zip(*columns, speeds, strict=True))


@pytest.mark.parametrize("digits", [6, 15])
def test_a_piece_comes_back_as_it_was(digits: int) -> None:
    told = _told(random.Random(digits), 200, digits)
    back = unpacked_piece(packed_piece(told))
    assert back.batches == told.batches
    assert _rows(back) <= _rows(told)
    assert len(set(back.at)) == len(back.at) == len(set(told.at))
    assert Drive("冀A12345", [back], PLACES).track(0, 2**40) == Drive(
        "冀A12345", [told], PLACES
    ).track(0, 2**40)


@pytest.mark.parametrize("seed", range(4))
def test_pieces_joined_in_any_way_are_the_same_set(seed: int) -> None:
    rng = random.Random(seed)
    parts = [_told(rng, 40, 6) for _ in range(6)]
    raw = [packed_piece(part) for part in (*parts, parts[0], parts[3])]
    rng.shuffle(raw)
    at_once = packed_piece(joined(map(unpacked_piece, raw)))
    half = packed_piece(joined(map(unpacked_piece, raw[:3])))
    by_halves = packed_piece(joined([unpacked_piece(half), *map(unpacked_piece, raw[3:])]))
    assert at_once == by_halves
    assert _rows(unpacked_piece(at_once)) <= _rows(joined(parts))


def test_a_position_on_the_road_takes_some_ten_bytes() -> None:
    told = Positions()
    points: list[Any] = [
        SimpleNamespace(
            at=START + timedelta(seconds=30 * n),
            lon=round(114 + n * 0.0061, 6),
            lat=round(38 + n * 0.0002, 6),
            speed_kmh=71.3,
            status=3,
        )
        for n in range(600)
    ]
    for n in range(0, 600, 60):
        some = points[n : n + 60]
        told.add(some, to_micros(some[-1].at), f"urn:uscc:91130100997777777X#{n}", f"{n:064x}")
    assert len(packed_piece(told)) < 12 * 600


def test_a_fence_is_looked_for_wherever_a_position_in_it_or_near_it_may_be() -> None:
    rng = random.Random(1)
    for _ in range(200):
        lon, lat = rng.uniform(-179, 179), rng.uniform(-80, 80)
        ring = [[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.03], [lon, lat]]
        near: Any = SimpleNamespace(
            at=START, lon=lon + rng.uniform(-0.05, 0.07), lat=lat + rng.uniform(-0.05, 0.08),
            speed_kmh=None, status=None,
        )  # fmt: skip
        told = Positions()
        told.add([near], 0, "urn#1", "00" * 32)
        assert set(cells_of(told)) <= set(cells_around(ring, 0.1))
