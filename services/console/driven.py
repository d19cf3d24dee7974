"""What positions of one journey amount to: folded as the judge folds them, told in rows, and drawn.

numpy and shapely are loaded here only, when somebody looks at a journey.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from schemas.region import province_name
from schemas.registry import Fence
from services.console.sketch import Area, Fix, Outline, Sketch, Stretch, outlines, sketch
from streams.judging.registry import RegistryView
from streams.judging.tracks.leg import Leg

if TYPE_CHECKING:
    from streams.judging.tracks.segments import Track

__all__ = ["MOST_ROWS", "Driven", "Found", "Row", "Told", "driven"]

MOST_ROWS = 200
"""Lines of the table; the first ones."""
_AROUND_S = 10 * 60
"""Shown around an instant that lies in no stop, silence or visit."""


class Found(NamedTuple):
    """An alert that stands: its number on the page, its rule, and the second that it names."""

    number: int
    rule: str
    at: int


class Told(NamedTuple):
    """What is known of a journey. ``begins``, ``ends``: seconds, from when to when positions bear on it."""

    plate: str
    begins: int
    ends: int
    leg: Leg | None
    pieces: Sequence[tuple[str, bytes]]
    """By the unit that told them."""
    fences: Sequence[Fence]
    found: Sequence[Found]
    borders: Path | None = None
    """An operator's provinces, which the judge goes by, too."""
    margin_km: int | None = None


class Row(NamedTuple):
    """Something that happened, or lasted.

    ``what``: loaded, arrived, handed_over, stop, gap, visit, first, last, or alert for what one is about that is
    none of these.
    """

    what: str
    begins: int
    ends: int
    fence: Fence | None = None
    place: tuple[float, float] | None = None
    numbers: tuple[int, ...] = ()
    """Of the alerts that it bears on."""


class Driven(NamedTuple):
    """A journey as its page shows it."""

    positions: int
    dropped: Mapping[str, int]
    shifted: tuple[int, ...]
    """Hours by which the clock of the terminal was put right."""
    rows: list[Row]
    more: int
    """Rows that are left out."""
    sketch: Sketch
    outlines: tuple[Outline, ...]
    stretches: Mapping[int, Stretch]
    """By the number of the alert."""
    heard: tuple[int, int]
    """The first and last second at which positions were received; 0: not told."""


def driven(told: Told) -> Driven | None:
    """Fold and draw a journey; None where no position in it counts."""
    from streams.judging.tracks.piece import unpacked_piece
    from streams.judging.tracks.places import Places, provinces_or_coarse
    from streams.judging.tracks.positions import Positions
    from streams.judging.tracks.vehicle import Vehicle

    positions: dict[str, Positions] = {}
    for unit, raw in told.pieces:
        positions.setdefault(unit, Positions()).merge(unpacked_piece(raw))
    legs = [told.leg] if told.leg is not None else []
    places = Places(told.fences, provinces_or_coarse(told.borders, told.margin_km))
    view = RegistryView()
    drive = Vehicle(told.plate, legs, positions, places, view, set(positions)).drive
    track = drive.track(told.begins, told.ends)
    if track is None:
        return None
    stretches = {f.number: _stretch(f, track, told.leg) for f in told.found}
    rows = _rows(track, told.leg, stretches)
    visited = {visit.fence.id: visit.fence for visit in track.visits}
    areas = [_area(f, told.leg) for f in told.fences if f.id in visited or _of_party(f, told.leg)]
    fixes = [Fix(*fix) for fix in drive.fixes(told.begins, told.ends)]
    drawn = sketch(
        fixes,
        [(gap.begins, gap.ends) for gap in track.gaps],
        areas,
        sorted(stretches.values()),
    )
    heard = [b.received for b in track.batches if b.received]
    return Driven(
        len(track.times),
        drive.dropped,
        tuple(sorted({b.shifted for b in track.batches if b.shifted})),
        rows[:MOST_ROWS],
        max(0, len(rows) - MOST_ROWS),
        drawn,
        outlines(_provinces(), drawn),
        stretches,
        (min(heard, default=0), max(heard, default=0)),
    )


def _stretch(found: Found, track: "Track", leg: Leg | None) -> Stretch:
    """Return the part of the way that a finding is about, by its rule and the second that it names."""
    begins, ends = _span(found, track, leg)
    return Stretch(found.number, begins, max(begins, ends))


def _span(found: Found, track: "Track", leg: Leg | None) -> tuple[int, int]:
    at = found.at
    own = [v for v in track.visits if _kind(v.fence, leg) == "receiver"]
    if found.rule == "track.no_arrival":  # it names the end of the term after the visit
        before = [v for v in own if v.leave < at]
        if before:
            return before[-1].enter, before[-1].leave
    if found.rule == "track.signal_gap":
        gap = next((g for g in track.gaps if g.begins <= at < g.ends), None)
        return at, gap.ends if gap is not None else at
    if found.rule == "track.detour":  # all of the way with the load
        ends = [v.leave for v in own if v.enter > at]
        ends += [leg.until] if leg is not None and leg.until is not None else []
        return at, min(ends, default=track.times[-1])
    if found.rule == "track.left_province":
        stay = next((s for s in track.stays if s.enter <= at <= s.leave), None)
        if stay is not None:
            return at, stay.leave
    stop = next((s for s in track.stops if s.begins <= at <= s.ends), None)
    if stop is not None and found.rule != "track.arrival_elsewhere":
        # What is found at its end, such as leaving a site, is about all of it.
        return (stop.begins, stop.ends) if at == stop.ends else (at, stop.ends)
    return at - _AROUND_S, at + _AROUND_S


def _rows(track: "Track", leg: Leg | None, stretches: Mapping[int, Stretch]) -> list[Row]:
    times = track.times
    rows = [Row("first", times[0], times[0]), Row("last", times[-1], times[-1])]
    rows += [
        Row("stop", s.begins, s.ends, next(iter(s.fences), None), (s.lon, s.lat))
        for s in track.stops
    ]
    rows += [Row("gap", g.begins, g.ends) for g in track.gaps]
    rows += [Row("visit", v.enter, v.leave, v.fence) for v in track.visits]
    if leg is not None:
        for what, at in (("loaded", leg.loaded), ("arrived", leg.arrived)):
            if at is not None:
                rows.append(Row(what, at, at))
        if leg.until is not None and not leg.last:
            rows.append(Row("handed_over", leg.until, leg.until))
    rows = [row._replace(numbers=_numbers(row, stretches)) for row in rows]
    told = {number for row in rows for number in row.numbers}
    rows += [
        Row("alert", s.begins, s.ends, numbers=(number,))
        for number, s in stretches.items()
        if number not in told
    ]
    rows.sort(key=lambda row: (row.begins, _ORDER.index(row.what), row.ends))
    return rows


_ORDER = ("first", "loaded", "visit", "stop", "gap", "alert", "arrived", "handed_over", "last")
"""Of rows that begin together."""


def _numbers(row: Row, stretches: Mapping[int, Stretch]) -> tuple[int, ...]:
    """Return the alerts whose stretch is a part of what a row tells of."""
    return tuple(
        number
        for number, s in sorted(stretches.items())
        if row.begins <= s.begins and s.ends <= row.ends and row.begins < row.ends
    )


def _of_party(fence: Fence, leg: Leg | None) -> bool:
    return _kind(fence, leg) in ("consignor", "receiver")


def _kind(fence: Fence, leg: Leg | None) -> str:
    if leg is not None and fence.role == "generator" and fence.owner == leg.consignor:
        return "consignor"
    if leg is not None and fence.role == "receiver" and fence.owner == leg.receiver:
        return "receiver"
    return fence.role if fence.role in ("water", "forbidden") else "site"


def _area(fence: Fence, leg: Leg | None) -> Area:
    return Area(_kind(fence, leg), fence.name, [(lon, lat) for lon, lat in fence.ring])


@cache
def _provinces() -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """Return name and ring of the coarse areas: not a map, borders are not true."""
    raw = (files("schemas") / "data" / "provinces_coarse.json").read_bytes()
    found = []
    for feature in msgspec.json.decode(raw)["features"]:
        name = province_name(feature["properties"]["code"].ljust(6, "0"))
        shape: Any = feature["geometry"]
        parts = shape["coordinates"]
        several = [parts] if shape["type"] == "Polygon" else parts
        found += [(name, tuple((lon, lat) for lon, lat in rings[0])) for rings in several]
    return tuple(found)
