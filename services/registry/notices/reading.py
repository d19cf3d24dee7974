"""One row while it is read: what is asked of it, what was understood, what was not."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from schemas.checks import Refusal
from schemas.problems import Problem
from services.registry.notices.characters import plain, says_nothing
from services.registry.notices.columns import SHEET_WIDE
from services.registry.notices.scope import Said
from services.registry.notices.table import Header, TableRow
from services.registry.notices.understanding import NoticeLine, Outcome, Understood
from services.registry.refusal import LineProblem, Place
from services.registry.titles import title_of

__all__ = ["Reading"]

T = TypeVar("T")
_TITLED = {
    "quantity": "quantity_t",
    "scale": "annual_scale_t",
    "cap": "annual_cap_t",
    "category": "categories",
    "purpose": "purposes",
}
_SHOWN = 400
"""Characters of a cell, or of what it was read as, that a report repeats."""


class Reading:
    """A row; a cell that is empty, or whose column is missing, is what ``given`` says of the field."""

    __slots__ = (
        *("header", "number", "unused", "_formulas", "_given", "_problems", "_remarks", "_row"),
        "_understood",
    )

    def __init__(self, row: TableRow, header: Header, given: Mapping[str, str]) -> None:
        self.number = row.number
        self.header = header
        self.unused = False
        self._row = row
        self._given = given
        self._understood: dict[tuple[str, str], Understood] = {}
        self._problems: list[LineProblem] = []
        self._remarks: dict[Said, None] = {}
        self._formulas: set[str] = set()

    @property
    def sure(self) -> bool:
        """Whether nothing of the row was refused so far."""
        return not self._problems

    def printed(self, field: str) -> str:
        """Return the text of a field, as printed; '' where nothing is said. Formulas are refused."""
        cell = self._row.cells.get(field)
        if cell is not None and cell.formula:
            if field not in self._formulas:
                self._formulas.add(field)
                self.refuse(field, Refusal(
                    "cell_formula",
                    "单元格是公式，结果未必是文件所载，请粘贴为数值后重试",
                    "the cell holds a formula; paste its value instead",
                ))  # fmt: skip
            return ""
        if cell is not None and not says_nothing(cell.text):
            return cell.text
        given = self._given.get(field, "")
        return "" if says_nothing(given) else given

    def block(self, field: str) -> int:
        """Return the first of the rows over which the field's cell is shown, 0 if over one."""
        cell = self._row.cells.get(field)
        return cell.block if cell is not None else 0

    def take(
        self,
        field: str,
        read: Callable[[str], T],
        member: str | None = None,
        *,
        needed: bool = False,
        shown: Callable[[T], str] = str,
    ) -> T | None:
        """Read a field by ``read``, which may raise Refusal; None if nothing is said or it is refused.

        ``needed``: that nothing is said is refused too.
        """
        text = self.printed(field)
        if not text:
            if needed and field not in self._formulas:
                self.missing(field)
            return None
        try:
            value = read(text)
        except Refusal as refusal:
            self.refuse(field, refusal)
            return None
        self.understood(member or field, text, shown(value))
        return value

    def understood(self, member: str, printed: str, read: str) -> None:
        """Note what was understood of a member."""
        told = _told(member, printed, read)
        self._understood[(member, told.read)] = told

    def remark(self, *said: Said) -> None:
        """Note what the reader of the report should know."""
        self._remarks.update(dict.fromkeys(said))

    def missing(self, field: str) -> None:
        """Refuse the row for want of a field."""
        wide = field in SHEET_WIDE
        zh = f"，可用 --given {field}=… 补充" if wide else ""
        en = f"; --given {field}=… can say it for the whole sheet" if wide else ""
        self.refuse(field, Refusal("not_said", f"没有写明{zh}", f"nothing is said of it{en}"))

    def refuse(self, field: str, refusal: Refusal) -> None:
        """Note what could not be read for sure."""
        cell = self._row.cells.get(field)
        text = cell.text if cell is not None else self._given.get(field, "")
        column = self.header.titles.get(field) or title_of(_TITLED.get(field, field))[0]
        problem = Problem(refusal.code, "", refusal.zh, refusal.en)
        found = LineProblem.at(Place(self.number, column, plain(text)), problem)
        if found not in self._problems:
            self._problems.append(found)

    def add(self, problem: LineProblem) -> None:
        """Note a problem that the registry's own checks found."""
        self._problems.append(problem)

    def line(self, outcome: Outcome, record: str) -> NoticeLine:
        """Return what became of the row."""
        return NoticeLine(
            self.number,
            outcome,
            record,
            tuple(self._understood.values()),
            tuple(self._remarks),
            tuple(self._problems),
            self.unused,
        )


@lru_cache(maxsize=50_000)
def _told(member: str, printed: str, read: str) -> Understood:
    zh, en = title_of(member)
    return Understood(member, zh, en, _cut(printed), _cut(read))


def _cut(text: str) -> str:
    text = plain(text).replace("\n", " ")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
