"""A vehicle with positions: which journeys and days there are to judge, and what each is judged by."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from schemas.instant import china_day
from schemas.registry import PrescribedRoute
from streams.judging.registry import RegistryView
from streams.judging.tracks.drive import Drive
from streams.judging.tracks.journey import (
    PlateDay,
    Ride,
    Trip,
    day_window,
    days_of_legs,
    legs_near,
    receivers_at,
    rides_of,
)
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.places import Places
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.segments import instant

__all__ = ["Vehicle", "entitled_to"]


def entitled_to(plate: str, carriers: Collection[str], view: RegistryView) -> set[str]:
    """Return whose word on a vehicle's positions counts: its owners', and of who carries with it."""
    return {vehicle.owner for vehicle in view.vehicles(plate)} | set(carriers)


def routes_of(plate: str, view: RegistryView) -> list[PrescribedRoute]:
    """Return the routes ever prescribed for a vehicle with medical waste, by id."""
    owners = {vehicle.owner for vehicle in view.vehicles(plate) if vehicle.medical}
    routes = [
        r for owner in owners for r in view.routes(owner) if plate in r.plates or not r.plates
    ]
    return sorted(routes, key=lambda route: route.id)


class Vehicle:
    """``told``: its positions by the unit that told them; ``legs``: its part in manifests."""

    def __init__(
        self,
        plate: str,
        legs: Sequence[Leg],
        told: Mapping[str, Positions],
        places: Places,
        view: RegistryView,
        entitled: Collection[str] | None = None,
    ) -> None:
        self.plate, self._legs, self._places = plate, legs, places
        if entitled is None:
            entitled = entitled_to(plate, {leg.carrier for leg in legs}, view)
        others = sum(len(set(told[unit].at)) for unit in told if unit not in entitled)
        counted = [told[unit] for unit in sorted(told) if unit in entitled]
        self.drive = Drive(plate, counted, places, others)
        self._routes = routes_of(plate, view)

    def trip(self, ride: Ride) -> Trip | None:
        """Return a journey with its positions; None without one."""
        track = self.drive.track(*ride.window)
        if track is None:
            return None
        provinces = self._places.provinces
        own = receivers_at(ride, self._places.receivers)
        return Trip(ride, track, own, provinces.margin_km, provinces.coarse)

    def trips(self) -> list[Trip]:
        """Return all journeys that have positions, by loading and number."""
        found = (self.trip(ride) for ride in rides_of(self._legs))
        return [trip for trip in found if trip is not None]

    def day(self, day: date) -> PlateDay:
        """Return a day with its positions and manifests."""
        window = day_window(day)
        beside = tuple(self.drive.beside(route, *window) for route in self._routes)
        legs = legs_near(self._legs, day)
        return PlateDay(self.plate, day, legs, self.drive.track(*window), beside)

    def days_of_interest(self) -> set[date]:
        """Return the days on which a rule may find something."""
        return self.drive.days_in("generator") | days_of_legs(self._legs)

    def days(self) -> list[PlateDay]:
        """Return the days on which a rule may find something; if there is none, the first one known."""
        days = self.days_of_interest()
        if not days:
            known = [leg.begins for leg in self._legs]
            known += [self.drive.first] if self.drive.first is not None else []
            days = {china_day(instant(min(known)))} if known else set()
        return [self.day(day) for day in sorted(days)]
