"""What is played with vehicles, and how often."""

from collections.abc import Sequence
from typing import NamedTuple

from services.simulator.trip import Trip
from services.simulator.trucks.arrivals import ARRIVALS
from services.simulator.trucks.journeys import by, city, fits
from services.simulator.trucks.oddities import ODDITIES, track_plainly
from services.simulator.trucks.routed import ROUTED
from services.simulator.trucks.scene import TruckScene
from services.simulator.trucks.standing import STANDING
from services.simulator.trucks.story import Story
from services.simulator.trucks.strayed import STRAYED
from services.simulator.trucks.unnamed import UNNAMED
from services.simulator.wide.scene import WideScene

__all__ = ["Haul", "drive_all", "send_out"]

_STORIES: tuple[Story, ...] = (*STRAYED, *ARRIVALS, *STANDING, *UNNAMED, *ODDITIES, *ROUTED)
_MOST_TURNS = 4
_SHARE, _MOST, _LEAST = 8, 250, 5
"""One in so many manifests has a vehicle with positions, up to so many; so many of them of no story."""
_LONGEST_MIN = 24 * 60


class Haul(NamedTuple):
    """A story's turn, and the manifests that were played for it."""

    story: Story
    trips: list[Trip]
    turn: int


def send_out(scene: WideScene, manifests: int, *, planted: bool) -> list[Haul]:
    """Play the manifests of every story of vehicles; only the lawful ones unless ``planted``."""
    turns = min(_MOST_TURNS, max(1, manifests // 1_000))
    return [
        Haul(story, story.make(scene, turn), turn)
        for story in _STORIES
        if planted or not story.planted
        for turn in range(turns)
    ]


def drive_all(
    scene: TruckScene, hauls: Sequence[Haul], others: Sequence[Trip], manifests: int
) -> list[str]:
    """Drive what was sent out, and one of the ``others`` of a vehicle, up to one manifest in eight.

    Returns the plates of those others, five at the least if there are so many.
    """
    for haul in hauls:
        haul.story.drive(scene, haul.trips, haul.turn)
    heard = {plate for haul in hauls for trip in haul.trips for _, plate in trip.carriers}
    left, plain = max(_LEAST, min(_MOST, manifests // _SHARE) - len(hauls)), []
    for trip in filter(_can_be_driven, others):
        plate = trip.carriers[0][1]
        if left > 0 and plate not in heard:
            track_plainly(scene, trip)
            heard.add(plate)
            plain.append(plate)
            left -= 1
    return plain


def _can_be_driven(trip: Trip) -> bool:
    """Whether it went as usual, by one vehicle, and no faster than a lorry goes."""
    if len(trip.carriers) != 1 or not {"dispatched", "arrived", "received"} <= trip.times.keys():
        return False
    if "voided" in trip.times or not fits(trip.consignor, trip.receiver):
        return False
    took = (trip.arrived_at - trip.left_at).total_seconds() / 60
    usual = by(city(trip.consignor.site), city(trip.receiver.site))
    return usual <= took < _LONGEST_MIN
