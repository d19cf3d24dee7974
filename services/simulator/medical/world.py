"""A labelled world of medical waste: registry, events in the order of posting, and what is true."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from services.simulator.dice import Dice
from services.simulator.disorder import in_order_of_posting
from services.simulator.firms import Firm, Founder
from services.simulator.labels import Label
from services.simulator.medical.cast import found_cities, record_houses, record_works
from services.simulator.medical.everyday import everyday
from services.simulator.medical.ordered import issue_orders
from services.simulator.medical.papers import Papers
from services.simulator.medical.plant_days import capacity, keep_cold
from services.simulator.medical.programme import play_batches, play_days, small_hospitals
from services.simulator.medical.scene import MedicalScene, plant_subject
from services.simulator.medical.silent import week_subject
from services.simulator.medical.telling import tell
from services.simulator.medical.treatment import batches_of

__all__ = ["MedicalWorld", "medical_world"]

_A_CITY = 2_000
"""Packages that one city's institutions seal, about."""
_BEFORE = 50_000
"""Firms of the world of manifests have lower numbers."""


@dataclass(frozen=True)
class MedicalWorld:
    """Lines without newline, and the labels.

    ``posts``: when each event reaches the gateway, and its bytes, in that order. ``changes``: when each
    record of the registry's end is recorded, in that order; ``early``: those before the first event.
    """

    early: list[bytes]
    changes: list[tuple[datetime, bytes]]
    posts: list[tuple[datetime, bytes]]
    labels: list[Label]
    firms: tuple[Firm, ...]

    @property
    def registry(self) -> list[bytes]:
        """All records in the order of recording."""
        return [*self.early, *(line for _, line in self.changes)]

    @property
    def events(self) -> list[bytes]:
        """All events in the order of posting."""
        return [line for _, line in self.posts]

    @property
    def late(self) -> list[tuple[int, bytes]]:
        """The late records, each with the number of events that are posted before it."""
        moments = [when for when, _ in self.posts]
        return [(bisect_right(moments, at), line) for at, line in self.changes]


def medical_world(seed: int, packages: int, world: str = "demo") -> MedicalWorld:
    """Return the world of that seed and size; the same bytes on every machine.

    ``world``: in ``quiet`` no rule is broken. The number of packages is about what is asked.
    """
    dice = Dice(f"liandan/medical/{world}/{seed}/{packages}")
    planted = world != "quiet"
    founder, papers = Founder(dice, _BEFORE), Papers(dice)
    many = max(1, round(packages / _A_CITY))
    cities = found_cities(many, small_hospitals(packages, many), dice, founder, papers)
    scene = MedicalScene(dice, cities)
    issue_orders(scene, papers)
    everyday(scene, packages)
    play_days(scene, packages, planted=planted)
    record_houses(scene, papers)
    keep_cold(scene)
    batches = batches_of(scene)
    for city in cities:
        record_works(city, papers, capacity(scene, city, batches))
    for label in scene.later:
        scene.lawful(*label)
    play_batches(scene, batches, packages, planted=planted)
    tell(scene, batches)
    _the_rest(scene)
    posts = [*in_order_of_posting(scene.said, dice), *scene.posts]
    posts.sort(key=lambda post: post[0])
    changes = sorted(papers.late, key=lambda change: change[0])
    return MedicalWorld(papers.lines, changes, posts, scene.labels, tuple(founder.firms))


def _the_rest(scene: MedicalScene) -> None:
    """Label every day and week that no story has as an ordinary one."""
    for day in scene.days.values():
        if day.bags:
            zh, en = "日常合法的医疗废物", "everyday lawful medical waste"
            scene.lawful("ordinary", day.subject, zh, en)
    for city in scene.cities:
        for house in city.houses:
            if house.kind in ("hospital", "ward"):
                zh, en = "日常合法的一周", "everyday lawful week"
                scene.lawful("ordinary", week_subject(house), zh, en)
    workshops = {city.workshop.firm.uscc for city in scene.cities}
    for bag in scene.all_bags():
        if bag.came_to is None or bag.came_to.firm.uscc in workshops:
            continue
        for at in (bag.came_at, bag.done_at):
            if at is None:
                continue
            subject = plant_subject(bag.came_to, at)
            if bag.came_to.washes:
                zh, en = "处置单位日常合法的一天", "everyday lawful day of a plant"
                scene.lawful("ordinary", subject, zh, en)
            else:
                zh, en = "该单位从不上报清洗", "a plant that never reports any washing"
                scene.lawful("washing_not_reported", subject, zh, en)
