"""A story of vehicles: manifests, ways driven, what must be found, what must not.

``tests/tracks/cases/<name>.yaml``; members are the fields below. Who plays, the places and what the
registry holds unless a story says otherwise is in ``cast.yaml``. Times are China time; one without a day
is of the story's day.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from schemas.credit_code import check_character
from tests.cases.moments import moment, with_offsets
from tests.cases.yaml_text import read_yaml

__all__ = ["CASES", "Expected", "Story", "all_stories"]

CASES = Path(__file__).parent / "cases"
_CAST = Path(__file__).parent / "cast.yaml"
_FIRMS = {"uscc", "owner", "carrier", "institution", "plant"}
_ON, _FULL = 3, 3 | 3 << 8
"""Status bits of JT/T 808: on and positioned; and full."""
_SIDE = 0.01
"""Half a fence's side in degrees."""


class Expected(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A finding that must be made: of a journey, or of a vehicle's day."""

    rule: str
    because: str
    manifest: str | None = None
    day: str | None = None
    plate: str = "truck"
    at: str | None = None
    severity: str | None = None
    articles: list[str] = []


class Manifest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One manifest, told by the times of its events."""

    dispatched: str | None = None
    filed: str | None = None
    arrived: str | None = None
    received: str | None = None
    handed_over: str | None = None
    voided: str | None = None
    consignor: str = "works"
    receiver: str = "jinan"
    carrier: str = "carrier"
    plate: str | None = "truck"
    second_plate: str = "second_truck"
    """Of the carrier that the load is handed over to."""
    driver: str = "示例甲、示例乙"
    """Two, who may take turns, unless the story is about that."""
    escort: str | None = None


class Way(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where a vehicle went: [place or lon,lat; time] in order, straight and even between two."""

    way: list[list[str]]
    plate: str = "truck"
    by: str = "carrier"
    every: int = 2
    """Minutes from one position to the next."""
    silent: list[list[str]] = []
    """[from, to]: no positions were told."""
    behind: int = 0
    """Hours by which the terminal's clock is late."""
    speed: bool = True
    kmh: int = 70
    """What is told of its speed where it goes on."""
    odd: list[list[Any]] = []
    """[time, lon, lat], with status, with status and km/h: positions beside the way."""
    full: list[list[str]] = []
    """[from, to]: its terminal tells of a load; that it is empty otherwise, and nothing if there is none."""
    late: str | None = None
    """All of it was received at this time only."""


class Story(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, dict=True):
    """One story."""

    why_zh: str
    why_en: str
    tracks: list[Way] = []
    manifests: dict[str, Manifest] = {}
    day: str = "2026-09-10"
    registry: list[dict[str, Any]] = []
    without: list[str] = []
    """Ids of usual records that are not there."""
    now: str | None = None
    expect: list[Expected] = []
    silent: dict[str, str] = {}
    """Rule and the reason that it gives."""
    name: str = ""
    serial: int = 0

    def code(self, label: str) -> str:
        """Return the credit code of a player; no two stories share one."""
        number = list(cast()["firms"]).index(label) + self.serial * 20
        first = f"521301{85_000_000_000 + number:011d}"
        return first + check_character(first)

    def plate(self, label: str) -> str:
        """Return the plate of a vehicle, of this story alone."""
        return f"冀{'ABCDEFGH'[cast()['plates'].index(label)]}{30000 + self.serial}"

    def number(self, label: str) -> str:
        """Return the number of a manifest."""
        return f"20261301{850_000 + self.serial * 10 + list(self.manifests).index(label):06d}"

    def at(self, text: str) -> datetime:
        """Return an instant; a time alone is of the story's day."""
        return moment(text if "-" in text else f"{self.day} {text}")

    def subject(self, expected: Expected) -> str:
        """Return the subject of an expected finding."""
        plate = self.plate(expected.plate)
        if expected.manifest is not None:
            return f"trip/{plate}/{self.number(expected.manifest)}"
        return f"plate/{plate}/{expected.day or self.day}"

    @cached_property
    def registry_lines(self) -> list[bytes]:
        """What the registry holds: the usual records, the story's own in their place."""
        records: dict[str, dict[str, Any]] = {}
        for item in [*cast()["usual"], *self.registry]:
            ((kind, members),) = item.items()
            key = f"{kind}.{members['id']}"
            records[key] = {**records.get(key, {}), **members, "kind": kind}
        return [
            json.dumps(self._named(with_offsets(record)), ensure_ascii=False).encode()
            for key, record in records.items()
            if key.partition(".")[2] not in self.without
        ]

    def _named(self, record: dict[str, Any]) -> dict[str, Any]:
        told = {k: self.code(v) if k in _FIRMS and v else v for k, v in record.items()}
        told["id"] = f"{self.name}.{record['id']}"
        if "plate" in told:
            told["plate"] = self.plate(told["plate"])
        if "plates" in told:
            told["plates"] = list(map(self.plate, told["plates"]))
        if "way" in told:
            told["way"] = list(map(cast_place, told["way"]))
        if "around" in told:
            lon, lat = cast_place(told.pop("around"))
            side = float(told.pop("size", _SIDE))
            corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
            told["ring"] = [
                [round(lon + x * side, 6), round(lat + y * side, 6)] for x, y in corners
            ]
        return told

    @cached_property
    def event_lines(self) -> list[bytes]:
        """What was said, in the order of the story."""
        lines = []
        for label, manifest in self.manifests.items():
            lines += [_line(event) for event in self._manifest(label, manifest)]
        for n, way in enumerate(self.tracks):
            lines += [_line(event) for event in self._track(n, way)]
        return lines

    def _manifest(self, label: str, m: Manifest) -> Iterator[dict[str, Any]]:
        plate = self.plate(m.plate) if m.plate is not None else None
        leaves = m.dispatched or m.filed or m.arrived
        assert leaves is not None
        filed = self.at(m.filed) if m.filed is not None else self.at(leaves) - timedelta(hours=1)
        firms, regions = cast()["firms"], cast()["regions"]
        told: list[tuple[str, datetime, str, dict[str, Any]]] = [
            ("filed", filed, m.consignor, {
                "consignor": {"uscc": self.code(m.consignor), "name": firms[m.consignor],
                              "site_region": regions[m.consignor]},
                "receiver": {"uscc": self.code(m.receiver), "name": firms[m.receiver],
                             "site_region": regions[m.receiver]},
                "carriers": [{"uscc": self.code(m.carrier), "name": firms[m.carrier], "plate": plate,
                              "driver": m.driver,
                              **({"escort": m.escort} if m.escort else {})}],
                "wastes": [{"line": 1, "code": "900-041-49", "name": "废包装桶", "quantity_t": 5,
                            "method": "disposal"}],
            }),
        ]  # fmt: skip
        carrier = {"carrier": self.code(m.carrier), "plate": plate}
        last, speaker = carrier, m.carrier
        if m.dispatched is not None:
            told.append(("dispatched", self.at(m.dispatched), m.carrier, carrier))
        if m.handed_over is not None:
            speaker = "other_carrier"
            last = {"carrier": self.code(speaker), "plate": self.plate(m.second_plate)}
            relay = {**last, "carrier": self.code(m.carrier), "to": self.code(speaker)}
            told.append(("handed_over", self.at(m.handed_over), m.carrier, relay))
        if m.arrived is not None:
            told.append(("arrived", self.at(m.arrived), speaker, last))
        if m.received is not None:
            told.append(("received", self.at(m.received), m.receiver, {"opinion": "accepted"}))
        if m.voided is not None:
            told.append(("voided", self.at(m.voided), m.consignor, {"reason": "填报有误"}))
        for verb, at, by, data in told:
            yield {
                "specversion": "1.0",
                "id": f"{label}-{verb}",
                "source": f"urn:uscc:{self.code(by)}",
                "type": f"liandan.manifest.{verb}.v1",
                "subject": self.number(label),
                "time": at.isoformat(),
                "data": {k: v for k, v in data.items() if v is not None},
                "liandanreceivedat": at.isoformat(),
            }

    def _track(self, n: int, way: Way) -> Iterator[dict[str, Any]]:
        told = sorted([*self._driven(way), *self._odd(way)], key=lambda p: p[0])
        off = timedelta(hours=-way.behind)
        for batch, begins in enumerate(range(0, len(told), 30)):
            some = told[begins : begins + 30]
            odd = {at for at, _ in self._odd(way)}
            last = max((at for at, _ in some if at not in odd), default=some[-1][0])
            received = self.at(way.late) if way.late is not None else last + timedelta(seconds=20)
            positions = [{**p, "at": (at + off).isoformat()} for at, p in some]
            yield {
                "specversion": "1.0",
                "id": f"track-{n}-{batch}",
                "source": f"urn:uscc:{self.code(way.by)}",
                "type": "liandan.vehicle.track.v1",
                "subject": self.plate(way.plate),
                "time": last.isoformat(),
                "data": {"positions": positions},
                "liandanreceivedat": received.isoformat(),
            }

    def _driven(self, way: Way) -> Iterator[tuple[datetime, dict[str, Any]]]:
        points = [(cast_place(place), self.at(time)) for place, time in way.way]
        quiet = [(self.at(begins), self.at(ends)) for begins, ends in way.silent]
        full = [(self.at(begins), self.at(ends)) for begins, ends in way.full]
        step = timedelta(minutes=way.every)
        for (here, leaves), (there, comes) in pairwise(points):
            at = leaves
            while at < comes:
                part = (at - leaves) / (comes - leaves)
                lon, lat = (a + (b - a) * part for a, b in zip(here, there, strict=True))
                told: dict[str, Any] = {"lon": round(lon, 6), "lat": round(lat, 6)}
                if way.speed:
                    told["speed_kmh"] = 0 if here == there else way.kmh
                if full:
                    laden = any(begins <= at < ends for begins, ends in full)
                    told["status"] = _FULL if laden else _ON
                if not any(begins < at < ends for begins, ends in quiet):
                    yield at, told
                at += step
        (lon, lat), at = points[-1]
        if not any(
            w.plate == way.plate and w.way and self.at(w.way[0][1]) == at for w in self.tracks
        ):
            yield at, {"lon": lon, "lat": lat}  # else the way that goes on from there tells it

    def _odd(self, way: Way) -> Iterator[tuple[datetime, dict[str, Any]]]:
        for time, lon, lat, *more in way.odd:
            told: dict[str, Any] = {"lon": float(lon), "lat": float(lat)}
            if more:
                told["status"] = int(more[0])
            if more[1:]:
                told["speed_kmh"] = int(more[1])
            yield self.at(time), told


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


def cast_place(text: str) -> tuple[float, float]:
    """Return where a place is, by its name or as ``114.5,38``."""
    told = cast()["places"].get(text) or text.split(",")
    lon, lat = map(float, told)
    return lon, lat


@cache
def cast() -> dict[str, Any]:
    """Return ``cast.yaml``."""
    said: dict[str, Any] = read_yaml(_CAST)
    return said


@cache
def all_stories() -> tuple[Story, ...]:
    """Return every story, by name."""
    found = []
    for serial, path in enumerate(sorted(CASES.glob("*.yaml")), start=1):
        story = msgspec.convert(read_yaml(path), Story)
        found.append(msgspec.structs.replace(story, name=path.stem, serial=serial))
    return tuple(found)
