"""Drafts: records as a file gives them, decoded into changes or refused with their places."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from schemas.problems import Problem
from services.registry.refusal import LineProblem, Place, RegistryRefused
from streams.judging.registry import touches

__all__ = ["Change", "Draft", "read_drafts"]


class Draft(NamedTuple):
    """One JSON object that should be a record. ``place`` finds a JSON Pointer in the file."""

    line: int
    body: bytes
    place: Callable[[str], Place]
    explain: Callable[[Place, Problem], Problem] = lambda _place, problem: problem
    """May put a more telling problem in the place of the schema's."""


class Change(NamedTuple):
    """One record as it will be stored, from ``line`` of a file."""

    kind: str
    id: str
    body: bytes
    units: tuple[str, ...]
    marks: tuple[str, ...]
    limits: tuple[str, ...]
    retracted: bool
    line: int


def read_drafts(drafts: Iterable[Draft], problems: Iterable[LineProblem] = ()) -> list[Change]:
    """Decode all drafts. Raises RegistryRefused with every problem, ``problems`` among them."""
    changes: list[Change] = []
    found = list(problems)
    for draft in drafts:
        try:
            record = decode_registry_record(draft.body)
        except NotUnderstood as refused:
            for problem in refused.problems:
                place = draft.place(problem.pointer)
                found.append(LineProblem.at(place, draft.explain(place, problem)))
            continue
        changes.append(
            Change(
                record.kind,
                record.id,
                draft.body,
                *touches(record),
                record.retracted,
                draft.line,
            )
        )
    if found:
        raise RegistryRefused(found)
    return changes
