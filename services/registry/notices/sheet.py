"""A sheet as a person sees it: rows of cells with their text, whatever kind of file it came from."""

from typing import NamedTuple

from schemas.checks import Refusal
from schemas.problems import Problem
from services.registry.notices.scope import Said
from services.registry.refusal import LineProblem, Place, RegistryRefused

__all__ = ["Cell", "Row", "Sheet", "no_sheet"]


class Cell(NamedTuple):
    """The text of a cell; ``block``: the first of the rows over which it is shown, 0 if over one.

    ``formula``: the text is what a formula came to when the file was saved.
    """

    text: str
    block: int = 0
    formula: bool = False


class Row(NamedTuple):
    """A row; ``number`` counts lines of a CSV file, or rows of a spreadsheet, from 1."""

    number: int
    cells: tuple[Cell, ...]


class Sheet(NamedTuple):
    """Rows in their order; ``remarks``: what the reader of the file should know of it."""

    rows: tuple[Row, ...]
    remarks: tuple[Said, ...] = ()


def no_sheet(refusal: Refusal, line: int = 1, column: str = "") -> RegistryRefused:
    """Return the refusal of a whole file, told at one place of it."""
    problem = Problem(refusal.code, "", refusal.zh, refusal.en)
    return RegistryRefused([LineProblem.at(Place(line, column), problem)])
