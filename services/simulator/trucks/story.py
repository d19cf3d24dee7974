"""What a story of vehicles is: the manifests that it needs, and where their vehicles go."""

from collections.abc import Callable
from typing import NamedTuple

from services.simulator.trip import Trip
from services.simulator.trucks.scene import TruckScene
from services.simulator.wide.scene import WideScene

__all__ = ["Story"]


class Story(NamedTuple):
    """``make`` plays its manifests on their stage, whether positions are wanted or not; ``drive`` the rest.

    Both get the number of the turn.
    """

    make: Callable[[WideScene, int], list[Trip]]
    drive: Callable[[TruckScene, list[Trip], int], None]
    planted: bool = False
