"""The stories beyond the first rules, and the programme of what is played how often."""

from services.simulator.wide.programme import play, set_stage

__all__ = ["play", "set_stage"]
