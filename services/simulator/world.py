"""A labelled world: registry, events in the order of posting, and what is true of each subject."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.simulator.cast import cast_for
from services.simulator.course import COURSES
from services.simulator.covered import COVERED, standing_papers
from services.simulator.dice import Dice
from services.simulator.disorder import in_order_of_posting
from services.simulator.firms import Firm
from services.simulator.labels import Label
from services.simulator.licensed import LICENSED
from services.simulator.limits import (
    exactly_used,
    exceeded,
    freed_by_refusal,
    freed_by_void,
    settled_at_accepted,
)
from services.simulator.ordinary import everyday
from services.simulator.register import Register
from services.simulator.scene import Scene
from services.simulator.unapproved import no_approval, no_approval_nor_licence, not_in_force
from services.simulator.unlicensed import out_of_scope, unlicensed

__all__ = ["LEAST", "MOST", "WORLDS", "World", "build_world", "write_world"]

WORLDS = ("demo", "quiet")
"""``demo`` has planted violations (about 5 % of manifests); ``quiet`` has look-alikes only."""
LEAST, MOST = 60, 100_000
_Story = Callable[[Scene, int], None]
_SMALL = 200
"""Below this many manifests every story is played once only."""


@dataclass(frozen=True)
class World:
    """Lines without newline: registry records, events as they are posted; and the labels."""

    name: str
    seed: int
    registry: list[bytes]
    events: list[bytes]
    labels: list[Label]
    firms: tuple[Firm, ...]

    @property
    def manifests(self) -> int:
        """How many manifests the world has."""
        return len({label.subject for label in self.labels if "/" not in label.subject})


def build_world(world: str = "demo", seed: int = 7, manifests: int = 300) -> World:
    """Return the world of that name, seed and size; the same bytes on every machine.

    Raises ValueError for an unknown name or a size outside ``LEAST`` to ``MOST``.
    """
    if world not in WORLDS:
        raise ValueError(f"unknown world {world!r}; known: {', '.join(WORLDS)}")
    if not LEAST <= manifests <= MOST:
        raise ValueError(f"a world has {LEAST} to {MOST} manifests")
    dice = Dice(f"liandan/{world}/{seed}/{manifests}")
    register = Register(dice)
    cast, firms = cast_for(manifests, dice, register)
    scene = Scene(dice, cast, register)
    standing_papers(scene)
    for story, turns in _programme(world, manifests):
        for turn in range(turns):
            story(scene, turn)
    everyday(scene, manifests - scene.trips)
    events = in_order_of_posting(scene.said, dice)
    return World(world, seed, register.lines, events, scene.labels, tuple(firms))


def write_world(world: World, out: Path) -> None:
    """Write ``registry.ndjson``, ``events.ndjson`` and ``labels.ndjson`` into the folder."""
    out.mkdir(parents=True, exist_ok=True)
    labels = [label.line() for label in world.labels]
    for name, lines in (("registry", world.registry), ("events", world.events), ("labels", labels)):
        (out / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))


def _programme(world: str, manifests: int) -> list[tuple[_Story, int]]:
    """Return the stories to play, and how often: at least as many lawful ones as violations."""
    small = manifests < _SMALL
    per_rule = 1 if small else max(4, manifests // 90)
    limits = 1 if small else max(2, manifests // 1500)
    planted: list[tuple[_Story, int]] = [
        (no_approval, per_rule if small else per_rule * 3 // 2),
        (not_in_force, per_rule),
        (unlicensed, per_rule),
        (out_of_scope, per_rule),
        (no_approval_nor_licence, 1 + manifests // 2000),
        (exceeded, limits),
    ]
    alike: tuple[_Story, ...] = (*COVERED, *LICENSED, *COURSES)
    each = 1 if small else max(2, 5 * per_rule // len(alike) + 1)
    shown: list[tuple[_Story, int]] = [(story, each) for story in alike]
    shown += [
        (story, limits)
        for story in (exactly_used, freed_by_refusal, freed_by_void, settled_at_accepted)
    ]
    return shown if world == "quiet" else planted + shown
