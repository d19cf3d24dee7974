"""A labelled world: registry, events in the order of posting, and what is true of each subject."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from pathlib import Path

from services.simulator.dice import Dice
from services.simulator.disorder import in_order_of_posting
from services.simulator.firms import Firm, Founder
from services.simulator.labels import Label
from services.simulator.medical import medical_world
from services.simulator.ordinary import everyday
from services.simulator.register import Register
from services.simulator.silence import tell_silence
from services.simulator.terminal import Terminal
from services.simulator.trip import Trip
from services.simulator.trucks import send_out, truck_world
from services.simulator.wide import play, set_stage

__all__ = ["LEAST", "MOST", "USUAL", "WORLDS", "World", "build_world", "write_world"]

WORLDS = ("demo", "quiet")
"""``demo`` has every rule and every look-alike planted, about 6 % of manifests breaking a rule;
``quiet`` has the look-alikes only. Both have medical waste beside the manifests."""
USUAL, LEAST, MOST = 2_000, 300, 100_000
_LEAST_BAGS, _MOST_BAGS = 400, 200_000


@dataclass(frozen=True)
class World:
    """Lines without newline: registry records, events as they are posted; and the labels.

    ``registry`` is in the order of recording, so that the last line of an id is what is known in
    the end. Its last lines are recorded while events come in: ``late`` holds each again, with the
    number of events that are posted before it.
    """

    name: str
    seed: int
    registry: list[bytes]
    late: list[tuple[int, bytes]]
    events: list[bytes]
    labels: list[Label]
    firms: tuple[Firm, ...]
    terminals: tuple[Terminal, ...] = ()
    """Of a few vehicles whose positions may as well go as frames of their own terminals."""

    @property
    def early(self) -> Sequence[bytes]:
        """The registry as it is known before the first event."""
        return self.registry[: len(self.registry) - len(self.late)]

    @property
    def manifests(self) -> int:
        """How many manifests the world has."""
        return len({label.subject for label in self.labels if "/" not in label.subject})


def build_world(
    world: str = "demo",
    seed: int = 7,
    manifests: int = USUAL,
    *,
    medical: bool = True,
    trucks: bool = True,
) -> World:
    """Return the world of that name, seed and size; the same bytes on every machine.

    ``trucks``: with the positions of the vehicles of one manifest in eight, 250 at the most.
    ``medical``: with half as many packages of medical waste beside the manifests, 400 to 200,000.

    Raises ValueError for an unknown name or a size outside ``LEAST`` to ``MOST``.
    """
    if world not in WORLDS:
        raise ValueError(f"unknown world {world!r}; known: {', '.join(WORLDS)}")
    if not LEAST <= manifests <= MOST:
        raise ValueError(f"a world has {LEAST} to {MOST} manifests")
    name = f"liandan/{world}/{seed}/{manifests}"
    dice = Dice(name)
    register, founder = Register(dice), Founder(dice)
    scene = set_stage(manifests, dice, register, founder)
    play(scene, manifests, planted=world != "quiet")
    hauls = send_out(scene, manifests, planted=world != "quiet")
    before = len(scene.journeys)
    everyday(scene, manifests - scene.trips)
    usual = scene.journeys[before:]
    tell_silence(scene, scene.end)
    posts = in_order_of_posting(scene.said, dice)
    scene.garage.record(register)
    terminals: tuple[Terminal, ...] = ()
    early, labels, firms = register.lines, scene.labels, founder.firms
    changes = sorted(register.late, key=_when)
    if trucks:
        driven = truck_world(name, manifests, hauls, _of_ended(scene.journeys, usual))
        early, labels = early + driven.early, labels + driven.labels
        firms, terminals = [*firms, *driven.firms], driven.terminals
        posts = list(merge(posts, driven.posts, key=_when))
    if medical:
        beside = medical_world(seed, min(max(manifests // 2, _LEAST_BAGS), _MOST_BAGS), world)
        early, labels = early + beside.early, labels + beside.labels
        firms = [*firms, *beside.firms]
        posts = list(merge(posts, beside.posts, key=_when))
        changes = list(merge(changes, beside.changes, key=_when))
    moments, events = [when for when, _ in posts], [line for _, line in posts]
    late = [(bisect_right(moments, at), line) for at, line in changes]
    registry = [*early, *(line for _, line in changes)]
    return World(world, seed, registry, late, events, labels, tuple(firms), terminals)


def _of_ended(journeys: Sequence[Trip], some: Sequence[Trip]) -> list[Trip]:
    """Return those by vehicles of which it is known what became of every load."""
    lost = {plate for trip in journeys if trip.unended for _, plate in trip.carriers}
    return [trip for trip in some if not any(plate in lost for _, plate in trip.carriers)]


def _when(posted: tuple[datetime, bytes]) -> datetime:
    return posted[0]


def write_world(world: World, out: Path) -> None:
    """Write ``registry.ndjson``, ``events.ndjson`` and ``labels.ndjson`` into the folder."""
    out.mkdir(parents=True, exist_ok=True)
    labels = [label.line() for label in world.labels]
    for name, lines in (("registry", world.registry), ("events", world.events), ("labels", labels)):
        (out / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))
