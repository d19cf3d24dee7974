"""The registry desk: files in and out, change sets, all or nothing, and what was known when."""

from services.registry.change_set import (
    ChangeSet,
    plan_change_set,
    write_change_set,
    write_changes,
)
from services.registry.draft import Change
from services.registry.plan import Effect, Plan, Planned
from services.registry.refusal import LineProblem, RegistryRefused

__all__ = [
    "Change",
    "ChangeSet",
    "Effect",
    "LineProblem",
    "Plan",
    "Planned",
    "RegistryRefused",
    "plan_change_set",
    "write_change_set",
    "write_changes",
]
