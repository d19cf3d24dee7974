"""The world ``wide``: every rule and every look-alike, on top of what the demo world plays."""

from services.simulator.wide.programme import WIDE_LEAST, wide_scene, widely

__all__ = ["WIDE_LEAST", "wide_scene", "widely"]
