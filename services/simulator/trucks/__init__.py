"""Where the vehicles of some manifests were: positions beside the world of manifests, with the truth of them."""

from services.simulator.trucks.programme import Haul, send_out
from services.simulator.trucks.world import TruckWorld, truck_world

__all__ = ["Haul", "TruckWorld", "send_out", "truck_world"]
