"""Loads of the year before: treated too late, on the last day, with consent to longer, or never told of."""

from datetime import date, timedelta

from services.simulator.scene import END
from services.simulator.trip import Trip
from services.simulator.wide.scene import WideScene

__all__ = ["stored_alike", "stored_too_long"]

_YEAR_AGO = END.replace(year=END.year - 1)


def _came(scene: WideScene, turn: int, **licence: object) -> Trip:
    """Return a load that reached a plant of its province a year and some weeks before the end."""
    plant = scene.found_plant(turn, **licence)[1] if licence else None
    left = _YEAR_AGO - timedelta(days=scene.dice.between(20, 110)) + timedelta(hours=9)
    return scene.trip(scene.within(plant), scene.grams(turn), left, timedelta(hours=5))


def stored_too_long(scene: WideScene, turn: int) -> None:
    """Plant a load that was treated a day or more after a year."""
    trip = _came(scene, turn).file().depart().arrive().receive()
    late = timedelta(days=365 + scene.dice.between(1, 10), hours=scene.dice.between(0, 14))
    trip.treat(trip.arrived_at.replace(hour=0, minute=0) + late)
    zh, en = "一年之后才利用处置", "treated after more than a year"
    scene.review("time.stored_too_long", trip.number, zh, en)


def stored_alike(scene: WideScene, turn: int) -> None:
    """Treat on the last day; store with the authority's consent; never tell what became of it."""
    match turn % 3:
        case 0:
            trip = _came(scene, turn).file().depart().arrive().receive()
            trip.treat(trip.arrived_at.replace(year=trip.arrived_at.year + 1, hour=23))
            name, zh, en = (
                "treated_last_day",
                "一年期限最后一日利用处置",
                "treated on the last day of a year",
            )
        case 1:
            trip = _came(scene, turn, stored_until=date(2027, 6, 30))
            trip.file().depart().arrive().receive()
            trip.treat(trip.arrived_at + timedelta(days=370))
            name, zh, en = "storage_extended", "经批准延长贮存", "longer storage was consented to"
        case _:
            trip = _came(scene, turn).file().depart().arrive().receive()
            name, zh, en = (
                "treatment_not_told",
                "利用处置情况未逐单上报",
                "what became of it is not told by manifest",
            )
    scene.lawful(name, trip.number, zh, en)
