"""What became of the loads that were received: told some days later, before the world ends."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.simulator.scene import Scene

__all__ = ["tell_treatment"]

_DAY = 86_400


def tell_treatment(scene: "Scene") -> None:
    """Let every receiver report what became of what it accepted, unless the story tells that."""
    for trip in scene.journeys:
        received = trip.times.get("received")
        if received is None or trip.stored or "voided" in trip.times:
            continue
        left = (scene.end - received) // timedelta(seconds=2)
        wait = min(scene.dice.between(_DAY, 10 * _DAY), left)
        trip.treat(received + timedelta(seconds=wait))
