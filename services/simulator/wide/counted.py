"""Loads that are counted in packages: converted where the weight of one is told, else unknown."""

from dataclasses import replace

from services.simulator.letters import approve
from services.simulator.limits import members, opening, weekly, window
from services.simulator.trip import Trip
from services.simulator.wide.scene import WideScene

__all__ = ["counted_alike", "unweighed"]


def _counted(scene: WideScene, trips: list[Trip], package: int) -> None:
    """Let each trip be counted in packages of 180 kg, and say so where ``package`` is not 0."""
    for trip in trips:
        (load,) = trip.loads
        trip.loads = [replace(load, packages=load.grams // 180_000, package=package)]
        trip.complete()
    members(scene, trips)


def unweighed(scene: WideScene, turn: int) -> None:
    """Plant an ample line of which nobody can say what was drawn: pieces without a weight came."""
    licence, plant = scene.found_plant(turn)
    route, at = scene.cross([plant]), opening(scene, turn)
    record = approve(scene, route, 500_000_000, *window(at))
    _counted(scene, weekly(scene, route, [3_600_000, 1_800_000], at), 0)
    zh, en = "已接收的只填件数、未填重量，用量不明", "received in pieces without a weight"
    scene.review("cross_province.quantity_exceeded", f"approval/{record}/1", zh, en)
    scene.review("licence.scale_exceeded", f"licence/{licence}/2026", zh, en)


def counted_alike(scene: WideScene, turn: int) -> None:
    """Use a line to the last gram with packages whose weight is told."""
    route, at = scene.cross(), opening(scene, turn)
    weights = [scene.dice.between(10, 60) * 180_000 for _ in range(2)]
    record = approve(scene, route, sum(weights), *window(at))
    _counted(scene, weekly(scene, route, weights, at), 180_000)
    zh, en = "按件数和每件重量折算，恰好用完", "packages times their weight use the line up exactly"
    scene.lawful("limit_counted_in_packages", f"approval/{record}/1", zh, en)
