"""The first row of a CSV file, and the rows below read by its names."""

import difflib

from schemas.problems import Problem
from schemas.registry import REGISTRY_KINDS
from services.registry.columns import Column, columns_of
from services.registry.refusal import LineProblem, Place, RegistryRefused

__all__ = ["Header", "read_header"]


class Header:
    """Names of columns; ``columns`` is filled once the kind is known."""

    def __init__(self, line: int, names: list[str]) -> None:
        self._line = line
        self._names = names
        self.columns: dict[str, Column] = {}

    def named(self, line: int, cells: list[str]) -> tuple[dict[str, str], list[LineProblem]]:
        """Return the cells that say something, by column; a row may be shorter than the header."""
        named = {n: c for n, c in zip(self._names, cells, strict=False) if n and c}
        stray = [c for n, c in enumerate(cells) if c and not (self._names[n : n + 1] or [""])[0]]
        problem = Problem(
            "cell_without_column",
            "",
            "此单元格所在列没有表头",
            "this cell stands in a column without a name",
        )
        return named, [LineProblem.at(Place(line, "", cell), problem) for cell in stray]

    def kind_of(self, line: int, named: dict[str, str]) -> tuple[str | None, list[LineProblem]]:
        """Read the kind of the file's records in its first row."""
        kind = named.get("kind", "")
        if kind in REGISTRY_KINDS:
            self.use(kind)
            return kind, []
        allowed = ", ".join(REGISTRY_KINDS)
        problem = Problem(
            "kind_unknown",
            "",
            f"不认识的类型，允许：{allowed}",
            f"unknown kind; allowed: {allowed}",
        )
        return None, [LineProblem.at(Place(line, "kind", kind), problem)]

    def use(self, kind: str) -> None:
        """Match the names with a kind's columns. Raises RegistryRefused."""
        known = {column.name: column for column in columns_of(kind)}
        problems = [self._unknown(name, known) for name in self._names if name not in ("", *known)]
        if problems:
            raise RegistryRefused(problems)
        self.columns = known

    def _unknown(self, name: str, known: dict[str, Column]) -> LineProblem:
        close = difflib.get_close_matches(name, known, 1)
        zh = f"，是否为 {close[0]}？" if close else ""
        en = f"; is it {close[0]}?" if close else ""
        problem = Problem("column_unknown", "", f"不认识的列{zh}", f"this column is not known{en}")
        return LineProblem.at(Place(self._line, name, name), problem)


def read_header(row: tuple[int, list[str]], kind: str | None) -> Header:
    """Read the first row. Raises RegistryRefused for unknown, doubled or missing columns."""
    line, names = row
    problems = []
    for name in sorted({n for n in names if n and names.count(n) > 1}):
        twice = Problem("column_twice", "", "列名重复", "this column is there twice")
        problems.append(LineProblem.at(Place(line, name, name), twice))
    needed = ["id"] if kind is not None else ["kind", "id"]
    for name in needed:
        if name not in names:
            missing = Problem("column_missing", "", "缺少此列", "this column is missing")
            problems.append(LineProblem.at(Place(line, name), missing))
    if problems:
        raise RegistryRefused(problems)
    header = Header(line, names)
    if kind is not None:
        header.use(kind)
    return header
