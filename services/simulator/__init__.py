"""Worlds with the truth written beside them: registry, events, labels, and how to grade alerts.

Pure and seeded: the same name, seed and size give the same bytes. Shares nothing with the rules.
"""

from services.simulator.grading import FalseAlarm, Grade, LikenessGrade, RuleGrade, Tally, grade
from services.simulator.labels import RULES, Finding, Label
from services.simulator.world import LEAST, MOST, USUAL, WORLDS, World, build_world, write_world

__all__ = [
    "LEAST",
    "MOST",
    "RULES",
    "USUAL",
    "WORLDS",
    "FalseAlarm",
    "Finding",
    "Grade",
    "Label",
    "LikenessGrade",
    "RuleGrade",
    "Tally",
    "World",
    "build_world",
    "grade",
    "write_world",
]
