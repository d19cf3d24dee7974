"""Where points lie: an index of provinces and fences. All points of a batch are asked for at once."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from schemas.checks import Refusal
from schemas.region import province_of, read_region
from schemas.registry import Fence
from streams.judging.tracks.segments import NEAR_M, Near

__all__ = [
    "COARSE_MARGIN_KM",
    "MARGIN_KM",
    "Places",
    "Provinces",
    "coarse_provinces",
    "metres_from",
    "provinces_from",
    "provinces_or_coarse",
    "read_provinces",
]

COARSE_MARGIN_KM, MARGIN_KM = 30, 2
"""So far inside a province a position must be to count there: our coarse areas, an operator's map."""
KM_PER_DEGREE = 111.2
_BAND = 3
"""Decimals of the narrowing of degrees that count: a thousandth of a way eastwards."""
WATCHED = ("water", "forbidden")
"""Fences that stops are held against from afar."""

Floats = NDArray[np.float64]


class Provinces(NamedTuple):
    """Areas of provinces by their two digits, each shrunk by the margin."""

    codes: tuple[str, ...]
    inner: tuple[Any, ...]
    margin_km: int
    coarse: bool = False
    """Ours, not a map: borders are not true."""


def read_provinces(raw: bytes, margin_km: int, *, coarse: bool = False) -> Provinces:
    """Read a GeoJSON FeatureCollection whose features have ``code`` (two or six digits) and a polygon.

    Raises ValueError.
    """
    told = json.loads(raw)
    areas: dict[str, list[Any]] = {}
    try:
        for feature in told["features"]:
            code = str(feature["properties"]["code"])
            code = province_of(read_region(code.ljust(6, "0")))
            area = shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))
            if area.geom_type not in ("Polygon", "MultiPolygon", "GeometryCollection"):
                raise ValueError(f"province {code} is no polygon but a {area.geom_type}")
            areas.setdefault(code, []).append(area)
    except (KeyError, TypeError, shapely.errors.ShapelyError) as e:
        raise ValueError(f"no FeatureCollection of polygons with a code: {e}") from None
    except Refusal as e:
        raise ValueError(e.en) from None
    codes = tuple(sorted(areas))
    inner = tuple(_shrunk(shapely.union_all(areas[code]), margin_km) for code in codes)
    return Provinces(codes, inner, margin_km, coarse)


def provinces_from(path: Path, margin_km: int = MARGIN_KM) -> Provinces:
    """Read an operator's file. Raises OSError, ValueError."""
    return read_provinces(path.read_bytes(), margin_km)


def provinces_or_coarse(path: Path | None, margin_km: int | None) -> Provinces:
    """Return an operator's borders, our coarse areas where there is no file. Raises OSError, ValueError."""
    if path is None:
        return coarse_provinces(margin_km)
    return provinces_from(path, MARGIN_KM if margin_km is None else margin_km)


@cache
def coarse_provinces(margin_km: int | None = None) -> Provinces:
    """Return our coarse areas: not a map, borders are not true."""
    margin_km = COARSE_MARGIN_KM if margin_km is None else margin_km
    raw = (files("schemas") / "data" / "provinces_coarse.json").read_bytes()
    return read_provinces(raw, margin_km, coarse=True)


def _scaled(area: Any, factor: float) -> Any:
    return shapely.transform(area, lambda xy: xy * (factor, 1.0))


def _shrunk(area: Any, margin_km: int) -> Any:
    """Return what is deeper inside than the margin, degrees taken as they are at the area's middle."""
    narrow = float(np.cos(np.radians(area.centroid.y)))
    return _scaled(_scaled(area, narrow).buffer(-margin_km / KM_PER_DEGREE, 4), 1 / narrow)


class Places:
    """Provinces and the fences of a registry. Building takes some 10 µs a fence."""

    def __init__(self, fences: Iterable[Fence], provinces: Provinces | None = None) -> None:
        self.provinces = provinces or coarse_provinces()
        self.fences: tuple[Fence, ...] = tuple(fences)
        self.receivers: dict[str, list[Fence]] = {}
        """Fences of receivers' sites, by owner."""
        for fence in self.fences:
            if fence.role == "receiver" and fence.owner is not None:
                self.receivers.setdefault(fence.owner, []).append(fence)
        rings = [shapely.Polygon(fence.ring) for fence in self.fences]
        self._fences = _tree(rings)
        self._provinces = _tree(self.provinces.inner)
        self._watched = [n for n, fence in enumerate(self.fences) if fence.role in WATCHED]
        self._waters = _tree([rings[n] for n in self._watched])

    def provinces_of(self, lon: Floats, lat: Floats) -> NDArray[np.int64]:
        """Return for each point the index of its province in ``provinces.codes``, -1 for none."""
        found = np.full(len(lon), -1, np.int64)
        which, area = self._provinces.query(shapely.points(lon, lat), predicate="intersects")
        found[which] = area
        return found

    def fences_of(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (point, fence) for each point in a fence, in order of point, then fence."""
        which, area = self._fences.query(shapely.points(lon, lat), predicate="intersects")
        order = np.lexsort((area, which))
        return which[order], area[order]

    def near(self, lon: float, lat: float) -> tuple[Near, ...]:
        """Return water and forbidden areas within ``NEAR_M`` of a point, by id."""
        if not self._watched:
            return ()
        narrow = float(np.cos(np.radians(lat)))
        reach = NEAR_M / 1000 / KM_PER_DEGREE
        box = shapely.box(lon - reach / narrow, lat - reach, lon + reach / narrow, lat + reach)
        here = shapely.Point(lon * narrow, lat)
        found = []
        for n in self._waters.query(box):
            area = _scaled(self._waters.geometries[n], narrow)
            metres = round(shapely.distance(here, area) * KM_PER_DEGREE * 1000)
            if metres <= NEAR_M:
                found.append(Near(self.fences[self._watched[n]], metres))
        return tuple(sorted(found, key=lambda each: each.fence.id))


def metres_from(way: Sequence[tuple[float, float]], lon: Floats, lat: Floats) -> NDArray[np.int64]:
    """Return how far each point is from a way of one point at the least, in whole metres.

    Degrees are taken as they are at the point itself.
    """
    narrow = np.cos(np.radians(lat))
    metres = np.zeros(len(lon), np.int64)
    for band in np.unique(np.round(narrow, _BAND)).tolist():
        which = np.round(narrow, _BAND) == band
        line = [(x * band, y) for x, y in way]
        shape = shapely.LineString(line) if len(line) > 1 else shapely.Point(line[0])
        apart = shapely.distance(shape, shapely.points(lon[which] * band, lat[which]))
        metres[which] = np.rint(apart * KM_PER_DEGREE * 1000)
    return metres


def _tree(areas: Sequence[Any]) -> Any:
    geometries = np.array(areas, dtype=object)
    shapely.prepare(geometries)
    return shapely.STRtree(geometries)
