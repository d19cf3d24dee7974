"""What is played in the medical world, and how often."""

from collections.abc import Callable, Sequence

from services.simulator.medical.boxes import BOXES_ALIKE, box_unwashed
from services.simulator.medical.houses import City
from services.simulator.medical.kept import (
    KEPT_ALIKE,
    doubtful_process,
    kept_too_long,
    wrong_process,
)
from services.simulator.medical.ordered import ORDERED_ALIKE, STORE_UNDER_ORDER
from services.simulator.medical.plant_days import (
    batches_to_tell,
    hold_over,
    just_washed,
    leave_unwashed,
    process_figures,
    reaches_just,
)
from services.simulator.medical.scene import MedicalScene
from services.simulator.medical.silent import WEEKS_ALIKE, fell_silent
from services.simulator.medical.stored import STORED_ALIKE, left_standing, nobody_came
from services.simulator.medical.takers import (
    TAKERS_ALIKE,
    ordinary_truck,
    other_area,
    unknown_vehicle,
    unlicensed,
)
from services.simulator.medical.treatment import Batch
from services.simulator.medical.weighed import (
    WEIGHED_ALIKE,
    batch_differs,
    batch_slipped,
    weight_differs,
    weight_slipped,
)
from services.simulator.medical.whereabouts import WHEREABOUTS_ALIKE, never_sealed, unaccounted

__all__ = ["play_batches", "play_days", "small_hospitals"]

_Story = Callable[[MedicalScene, City, int], None]
_FOUR, _FIVE = 4, 5
_Times = tuple[tuple[_Story, int], ...]
_PLANTED_FIRST: _Times = (
    (nobody_came, 2), *((story, 1) for story in STORE_UNDER_ORDER), (kept_too_long, _FIVE),
    (left_standing, _FOUR), (unlicensed, _FOUR), (ordinary_truck, 2), (leave_unwashed, 2),
)  # fmt: skip
"""Stories and the least number of times that each is played. What can happen on few days comes first."""
_ALIKE_FIRST: tuple[_Story, ...] = (*ORDERED_ALIKE, *STORED_ALIKE, just_washed)
_PLANTED: _Times = (
    (hold_over, 2), (unaccounted, 3), (never_sealed, 2), (weight_differs, 2),
    (weight_slipped, 2), (other_area, 2), (unknown_vehicle, 2), (wrong_process, 3), (doubtful_process, 2),
    (fell_silent, 2), (box_unwashed, 2), (batch_differs, 2), (batch_slipped, 2),
)  # fmt: skip
_ALIKE: tuple[_Story, ...] = (
    *WHEREABOUTS_ALIKE, *KEPT_ALIKE, *TAKERS_ALIKE, *BOXES_ALIKE, *WEIGHED_ALIKE,
    *WEEKS_ALIKE,
)  # fmt: skip


def _turns(packages: int, *, planted: bool) -> int:
    return packages // 4_000 if planted else max(3, packages // 2_500)


def small_hospitals(packages: int, cities: int) -> int:
    """Return how many small hospitals a city needs, so that each story of a week has one to itself."""
    silent = max(2, _turns(packages, planted=True))
    return -(-silent // cities) + len(WEEKS_ALIKE) * -(-_turns(packages, planted=False) // cities)


def play_days(scene: MedicalScene, packages: int, *, planted: bool) -> None:
    """Play every story of bags; only the lawful ones unless ``planted``."""
    for stories, alike in ((_PLANTED_FIRST, _ALIKE_FIRST), (_PLANTED, _ALIKE)):
        for story, least in stories if planted else ():
            _play(scene, story, max(least, _turns(packages, planted=True)))
        for likeness in alike:
            _play(scene, likeness, _turns(packages, planted=False))


def play_batches(
    scene: MedicalScene, batches: Sequence[Batch], packages: int, *, planted: bool
) -> None:
    """Play the stories of batches."""
    its = batches_to_tell(scene, batches)
    if planted:
        for turn in range(max(_FOUR, _turns(packages, planted=True))):
            process_figures(scene, its, turn)
    for turn in range(_turns(packages, planted=False)):
        reaches_just(scene, its, turn)


def _play(scene: MedicalScene, story: _Story, turns: int) -> None:
    for turn in range(turns):
        story(scene, scene.cities[turn % len(scene.cities)], turn)
