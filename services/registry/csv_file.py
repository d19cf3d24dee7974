"""Registry records from CSV: rows are gathered by id into JSON objects, each value with its place.

Nothing is judged here: the objects go through the registry's own decoder, and what it refuses is
told with the row, column and cell it came from.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from schemas.checks import Refusal
from schemas.problems import Problem
from services.registry.cells import explained, value_of
from services.registry.columns import Column
from services.registry.csv_header import read_header
from services.registry.draft import Change, Draft, read_drafts
from services.registry.form import Member, MemberType, form_of, item_of
from services.registry.refusal import LineProblem, Place, RegistryRefused
from services.registry.wire import encoded

__all__ = ["read_csv"]

Row = tuple[int, list[str]]


def read_csv(text: str, kind: str | None = None) -> list[Change]:
    """Read one kind's records; ``kind`` may be left out where the file has a column of that name.

    Raises RegistryRefused with every problem that can be told.
    """
    rows = _rows(text)
    header = read_header(next(rows, (1, [])), kind)
    gathered: dict[str, _Gathered] = {}
    problems: list[LineProblem] = []
    for line, cells in rows:
        if not any(cells):
            continue
        named, wrong = header.named(line, cells)
        problems += wrong
        if kind is None:
            kind, wrong = header.kind_of(line, named)
            problems += wrong
            if kind is None:
                break  # no other line can be read without it
        identifier = named.get("id", "")
        if not identifier:
            problems.append(_no_id(line))
            continue
        record = gathered.setdefault(identifier, _Gathered(kind, line, identifier))
        problems += record.add(line, header.columns, named)
    return read_drafts((r.draft() for r in gathered.values() if not r.spoiled), problems)


def _rows(text: str) -> Iterator[Row]:
    """Return rows with the number of their first line. Raises RegistryRefused."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problem = Problem(
            "csv_malformed", "", f"不是合法的 CSV：{error}", f"this is not valid CSV: {error}"
        )
        raise RegistryRefused([LineProblem.at(Place(line), problem)]) from None


def _no_id(line: int) -> LineProblem:
    problem = Problem("id_missing", "", "本行缺少 id", "this row has no id")
    return LineProblem.at(Place(line, "id"), problem)


class _Gathered:
    """One record while its rows are read."""

    def __init__(self, kind: str, line: int, identifier: str) -> None:
        self.line = line
        self.spoiled = False
        self._form = {m.name: m for m in form_of(kind)}
        self._said: dict[str, Any] = {"kind": kind}
        self._places: dict[str, Place] = {"/kind": Place(line, "kind", kind)}
        self._cells: dict[str, str] = {}

    def add(
        self, line: int, columns: dict[str, Column], named: dict[str, str]
    ) -> list[LineProblem]:
        """Take in a row; return what is wrong with it, which leaves the record ``spoiled``."""
        problems: list[LineProblem] = []
        nested: dict[str, dict[str, Any]] = {}
        for name, cell in named.items():
            place = Place(line, name, cell)
            column = columns[name]
            try:
                if column.outer is None:
                    self._own(column, place)
                else:
                    item = self._nested(nested, column.outer, line)
                    item[column.member.name] = self._value(
                        column,
                        place,
                        f"/{column.outer.name}/{len(self._said[column.outer.name]) - 1}",
                    )
            except Refusal as refusal:
                self.spoiled = True
                told = Problem(refusal.code, "", refusal.zh, refusal.en)
                problems.append(LineProblem.at(place, told))
        return problems

    def _own(self, column: Column, place: Place) -> None:
        if column.name == "kind" and place.value != self._said["kind"]:
            raise Refusal(
                "kind_mixed",
                f"本文件的类型为 {self._said['kind']}，一个文件只能有一种类型",
                f"the records of this file are of kind {self._said['kind']}; one kind to a file",
            )
        before = self._cells.setdefault(column.name, place.value)
        if before != place.value:
            raise Refusal(
                "row_contradicts",
                f"与本记录前面的行不一致：“{before}”",
                f"an earlier row of this record says {before!r}",
            )
        if column.name not in self._said:
            self._said[column.name] = self._value(column, place, "")

    def _nested(self, nested: dict[str, Any], outer: Member, line: int) -> dict[str, Any]:
        if outer.name not in nested:
            nested[outer.name] = {}
            items = self._said.setdefault(outer.name, [])
            items.append(nested[outer.name])
            self._places[f"/{outer.name}/{len(items) - 1}"] = Place(line, item_of(outer))
        item: dict[str, Any] = nested[outer.name]
        return item

    def _value(self, column: Column, place: Place, within: str) -> Any:
        value = value_of(column.member, place.value)
        self._places[f"{within}/{column.member.name}"] = place
        return value

    def draft(self) -> Draft:
        """Return the object, its members in the order of the form."""
        ordered = {name: self._said[name] for name in self._form if name in self._said}
        return Draft(self.line, encoded(ordered), self._place, self._explain)

    def _place(self, pointer: str) -> Place:
        """Find the nearest cell or row of a JSON Pointer; a missing member has a column, no value."""
        parts = pointer.split("/")[1:]
        missing: list[str] = []
        while parts:
            found = self._places.get("/" + "/".join(parts))
            if found is not None:
                if missing and not missing[0].isdigit():
                    return Place(found.line, f"{found.column}.{missing[0]}")
                return found
            missing.insert(0, parts.pop())
        if not missing:
            return Place(self.line)
        member = self._form.get(missing[0])
        nested = member is not None and member.type is MemberType.RECORDS
        return Place(self.line, item_of(member) if member and nested else missing[0])

    def _explain(self, place: Place, problem: Problem) -> Problem:
        outer, _, inner = place.column.partition(".")
        members = tuple(self._form.values())
        if inner:
            members = next((m.members for m in members if m.members and item_of(m) == outer), ())
        member = next((m for m in members if m.name == (inner or outer)), None)
        free = member is None or member.type is MemberType.TEXT
        return problem if free or not place.value else explained(place.value, problem)
