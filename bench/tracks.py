"""Vehicles' tracks per second of one core: decoded, located, folded and judged, beside decoding alone.

Run: ``python -m bench.tracks [vehicles] [positions of each]`` (2,000 and 510 by default). 34 provinces and
5,000 fences; each vehicle drives from a generator to a receiver, rests on the way, stops at both. Times are
CPU of this process; decoding is the floor that no judging can go below.
"""

import json
import random
import resource
import sys
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from bench.machine import machine_facts
from schemas.decode import decode_registry_record, decode_track_event
from schemas.instant import CHINA
from streams.judging.on_files import Judging
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import read_statement
from streams.judging.tracks.on_files import TrackFiles
from tests.manifests import credit_code, record_line

FENCES, BATCH, EVERY_S = 5000, 30, 20
GOAL = 20_000
START = datetime(2026, 9, 10, 6, tzinfo=CHINA)
CARRIER = credit_code(9)
Place = tuple[float, float]


def _places(rng: random.Random) -> list[Place]:
    return [(rng.uniform(113.0, 119.0), rng.uniform(33.0, 38.5)) for _ in range(FENCES)]


def _registry(places: list[Place]) -> list[bytes]:
    lines = [record_line("carrier_permit", "permit", number="示1号", carrier=CARRIER)]
    roles = ("generator", "receiver", "water", "carrier_yard")
    for n, (lon, lat) in enumerate(places):
        ring = [
            [round(lon + x * 0.004, 6), round(lat + y * 0.004, 6)]
            for x, y in (
                (-1, -1),
                (0, -1.2),
                (1, -1),
                (1.2, 0),
                (1, 1),
                (0, 1.2),
                (-1, 1),
                (-1.2, 0),
            )
        ]
        owner = credit_code(100 + n) if n % 4 != 2 else None
        lines.append(
            record_line(
                "fence", f"f{n}", name=f"围栏{n}", owner=owner, role=roles[n % 4], ring=ring
            )
        )
    return lines


def _plate(n: int) -> str:
    return f"冀{'ABCDEFGHJK'[n // 10_000 % 10]}{n % 100_000:05d}"


def _driven(rng: random.Random, here: Place, there: Place, count: int) -> list[Place]:
    """Stand a tenth of it at each end and once on the way."""
    part = count // 10
    way = count - 3 * part
    half = way // 2
    points = [here] * part
    for n in range(way):
        points.append(tuple(a + (b - a) * n / way for a, b in zip(here, there, strict=True)))  # type: ignore[arg-type]
        if n == half:
            points += [points[-1]] * part
    points += [there] * (count - len(points))
    return [(lon + rng.uniform(-2e-5, 2e-5), lat + rng.uniform(-2e-5, 2e-5)) for lon, lat in points]


def _events(rng: random.Random, places: list[Place], vehicles: int, count: int) -> list[bytes]:
    lines = []
    for v in range(vehicles):
        here, there = places[v * 4 % FENCES], places[(v * 4 + 1) % FENCES]
        points = _driven(rng, here, there, count)
        for n in range(0, count, BATCH):
            told = [
                {
                    "at": (START + timedelta(seconds=(n + k) * EVERY_S)).isoformat(),
                    "lon": round(lon, 6),
                    "lat": round(lat, 6),
                    "speed_kmh": 62.5,
                    "direction": 90,
                    "status": 3,
                }
                for k, (lon, lat) in enumerate(points[n : n + BATCH])
            ]
            event = {
                "specversion": "1.0",
                "id": f"{v}-{n}",
                "source": f"urn:uscc:{CARRIER}",
                "type": "liandan.vehicle.track.v1",
                "subject": _plate(v),
                "time": told[-1]["at"],
                "data": {"positions": told},
            }
            lines.append(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
    return lines


def _manifests(places: list[Place], vehicles: int) -> list[list[bytes]]:
    found = []
    waste = {"line": 1, "code": "900-041-49", "name": "废桶", "quantity_t": 5, "method": "disposal"}
    for v in range(vehicles):
        consignor = {
            "uscc": credit_code(100 + v * 4 % FENCES),
            "name": "厂",
            "site_region": "130100",
        }
        receiver = {
            "uscc": credit_code(100 + (v * 4 + 1) % FENCES),
            "name": "处置厂",
            "site_region": "370100",
        }
        carriers = [{"uscc": CARRIER, "name": "运输", "plate": _plate(v)}]
        form = {
            "consignor": consignor, "receiver": receiver, "carriers": carriers, "wastes": [waste]
        }  # fmt: skip
        load = {"carrier": CARRIER, "plate": _plate(v)}
        told = (
            ("filed", consignor["uscc"], 0, form),
            ("dispatched", CARRIER, 15, load),
            ("arrived", CARRIER, 155, load),
        )
        found.append(
            [
                json.dumps(
                    {
                        "specversion": "1.0",
                        "id": f"{v}-{verb}",
                        "source": f"urn:uscc:{by}",
                        "type": f"liandan.manifest.{verb}.v1",
                        "subject": f"20261301{v:06d}",
                        "time": (START + timedelta(minutes=minute)).isoformat(),
                        "data": data,
                    }
                ).encode()
                for verb, by, minute, data in told
            ]
        )
    return found


class Invented(NamedTuple):
    """Lines: the registry, all positions by vehicle, each manifest's events."""

    registry: list[bytes]
    events: list[bytes]
    manifests: list[list[bytes]]


def invented(rng: random.Random, vehicles: int, count: int) -> Invented:
    """Return a world of so many vehicles with so many positions each."""
    places = _places(rng)
    registry = _registry(places)
    registry += [
        record_line("vehicle", f"v{n}", plate=_plate(n), owner=CARRIER) for n in range(vehicles)
    ]
    return Invented(registry, _events(rng, places, vehicles, count), _manifests(places, vehicles))


def main() -> int:
    """Measure and print."""
    vehicles, count = (int(a) for a in (*sys.argv[1:3], *("2000", "510")[len(sys.argv) - 1 :]))
    registry, events, manifests = invented(random.Random(7), vehicles, count)  # noqa: S311
    view = RegistryView.known_at(map(decode_registry_record, registry))
    now = START + timedelta(days=1)
    positions = vehicles * count
    print(machine_facts())
    print(
        f"{positions:,} positions of {vehicles:,} vehicles in {len(events):,} events, {FENCES:,} fences"
    )

    begins = time.process_time()
    for raw in events:
        decode_track_event(raw)
    floor = time.process_time() - begins

    named = Judging(view, now, RULE_BOOK._replace(manifest=(), limit=()), keep_outcomes=False)
    tracks = TrackFiles()
    from streams.judging.fold import fold
    from streams.judging.statement import union

    for n, lines in enumerate(manifests):
        said = [read_statement(raw, n) for raw in lines]
        tracks.name(fold(said[0].event.subject, union(said), view), view)
    begins = time.process_time()
    for n, raw in enumerate(events):
        problems = tracks.put(raw, n, None)
        if problems is not None:
            raise RuntimeError(problems)
    taken = time.process_time()
    journeys = outcomes = 0
    for trips, days in tracks.vehicles(view):
        journeys += len(trips)
        outcomes += len(named.take_vehicle(trips, days))
    ends = time.process_time()
    verdict = named.finish()
    whole = ends - begins
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"journeys {journeys:,}, outcomes {outcomes:,}, alerts {len(verdict.alerts):,}")
    print(f"floor, decoding alone   {floor:7.1f} s  {positions / floor:10,.0f} positions/s")
    print(f"taken in                {taken - begins:7.1f} s  {positions / (taken - begins):10,.0f}")
    print(f"located, folded, judged {ends - taken:7.1f} s  {positions / (ends - taken):10,.0f}")
    print(
        f"all                     {whole:7.1f} s  {positions / whole:10,.0f} positions/s, "
        f"{whole / floor:.2f} x floor, peak {mb:.0f} MB with the events themselves"
    )
    good = positions / whole >= GOAL
    print(f"goal {GOAL:,}/s: {'met' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
