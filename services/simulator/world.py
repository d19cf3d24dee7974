"""A labelled world: registry, events in the order of posting, and what is true of each subject."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.simulator.cast import cast_for
from services.simulator.course import COURSES
from services.simulator.covered import COVERED, standing_papers
from services.simulator.dice import Dice
from services.simulator.disorder import in_order_of_posting
from services.simulator.firms import Firm, Founder
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
from services.simulator.wide import WIDE_LEAST, wide_scene, widely

__all__ = ["LEAST", "MOST", "WORLDS", "World", "build_world", "write_world"]

WORLDS = ("demo", "quiet", "wide")
"""``demo`` has planted violations (about 5 % of manifests); ``quiet`` has look-alikes only.

``wide`` has every rule and every look-alike, from 300 manifests up; 2,000 are its usual size.
"""
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


def build_world(world: str = "demo", seed: int = 7, manifests: int | None = None) -> World:
    """Return the world of that name, seed and size; the same bytes on every machine.

    The usual size of ``wide`` is 2,000 manifests, of the others 300.

    Raises ValueError for an unknown name or a size outside ``LEAST`` (``wide``: 300) to
    ``MOST``.
    """
    if world not in WORLDS:
        raise ValueError(f"unknown world {world!r}; known: {', '.join(WORLDS)}")
    least, usual = (WIDE_LEAST, 2_000) if world == "wide" else (LEAST, 300)
    manifests = usual if manifests is None else manifests
    if not least <= manifests <= MOST:
        raise ValueError(f"a world {world} has {least} to {MOST} manifests")
    dice = Dice(f"liandan/{world}/{seed}/{manifests}")
    register, founder = Register(dice), Founder(dice)
    if world == "wide":
        scene: Scene = _wide(manifests, dice, register, founder)
    else:
        scene = Scene(dice, cast_for(manifests, dice, register, founder), register)
        standing_papers(scene)
        for story, turns in _programme(world, manifests):
            for turn in range(turns):
                story(scene, turn)
    everyday(scene, manifests - scene.trips)
    events = in_order_of_posting(scene.said, dice)
    return World(world, seed, register.lines, events, scene.labels, tuple(founder.firms))


def _wide(manifests: int, dice: Dice, register: Register, founder: Founder) -> Scene:
    scene = wide_scene(manifests, dice, register, founder)
    widely(scene, manifests)
    return scene


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
