"""A world of positions beside the manifests: registry, events in the order of posting, and what is true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.simulator.dice import Dice
from services.simulator.firms import Firm, Founder
from services.simulator.labels import Label
from services.simulator.terminal import Terminal
from services.simulator.trip import Trip
from services.simulator.trucks.papers import Papers
from services.simulator.trucks.programme import Haul, drive_all
from services.simulator.trucks.scene import TruckScene

__all__ = ["TruckWorld", "truck_world"]

_SPEAKING = 5
_BEFORE = 60_000
"""Firms of the worlds of manifests and of medical waste have lower numbers."""


@dataclass(frozen=True)
class TruckWorld:
    """Lines without newline, and the labels.

    ``posts``: when each event reaches the gateway, and its bytes, in that order.
    """

    early: list[bytes]
    posts: list[tuple[datetime, bytes]]
    labels: list[Label]
    firms: tuple[Firm, ...]
    terminals: tuple[Terminal, ...]
    """Of vehicles that only ever went straight to where they were to go."""

    @property
    def events(self) -> list[bytes]:
        """All events in the order of posting."""
        return [line for _, line in self.posts]


def truck_world(
    name: str, manifests: int, hauls: Sequence[Haul], others: Sequence[Trip]
) -> TruckWorld:
    """Return the positions of a world of manifests, told by its ``name``; the same bytes on every machine.

    ``hauls``: what was played for stories of vehicles; ``others``: everyday transfers, of which some are
    driven too.
    """
    dice = Dice(f"{name}/trucks")
    founder, papers = Founder(dice, _BEFORE), Papers(dice)
    begins = min(trip.left_at for haul in hauls for trip in haul.trips)
    scene = TruckScene(dice, founder, papers, begins)
    plain = drive_all(scene, hauls, others, manifests)
    posts = sorted(scene.posts, key=lambda post: post[0])
    firms, terminals = tuple(founder.firms), tuple(scene.terminals(plain[:_SPEAKING]))
    return TruckWorld(papers.lines, posts, scene.labels, firms, terminals)
