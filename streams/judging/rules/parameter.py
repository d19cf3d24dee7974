"""参数: the figures that a rule judges by, as typed data: declared with the rule, set by a book.

A rule reads ``rule.parameters["days"]``; what was declared holds until ``RuleBook.with_parameters``
sets another value. A set of values is plain data: ``{"time.receipt_overdue.days": 7}``.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = ["Parameter", "ParameterRefused", "ParameterSet", "Parameters", "Status"]

Status = Literal["law", "choice"]
"""``law``: the text says so. ``choice``: no text does; ours, to be changed where an authority says so."""

ParameterSet = Mapping[str, int]
"""By ``rule.name``: the values that differ from what was declared."""


class ParameterRefused(ValueError):
    """A parameter that there is not, or a value that it cannot take; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class Parameter(NamedTuple):
    """One figure: a whole number of ``unit`` from ``least`` to ``most``, ends included."""

    name: str
    default: int
    unit: tuple[str, str]
    least: int
    most: int
    status: Status
    zh: str
    en: str
    source: str


class Parameters:
    """A rule's figures, as declared and as set. Never changed; ``with_values`` makes another."""

    __slots__ = ("_values", "changed", "declared")

    def __init__(self, *declared: Parameter, values: ParameterSet | None = None) -> None:
        self.declared = declared
        self._values = {p.name: p.default for p in declared} | dict(values or {})
        self.changed = tuple(
            (p.name, self._values[p.name]) for p in declared if self._values[p.name] != p.default
        )
        """Name and value of each that is not as declared."""

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def with_values(self, values: ParameterSet) -> "Parameters":
        """Set some of them, the others stay. Raises ParameterRefused."""
        known = {p.name: p for p in self.declared}
        for name, value in values.items():
            if name not in known:
                names = "、".join(known) or "无"
                raise ParameterRefused(
                    f"没有参数 {name}；可设的有：{names}",
                    f"there is no parameter {name}; those to be set: {', '.join(known) or 'none'}",
                )
            one = known[name]
            if type(value) is not int or not one.least <= value <= one.most:
                raise ParameterRefused(
                    f"{name} 应为 {one.least} 至 {one.most} 的整数（{one.unit[0]}），不能是 {value!r}",
                    f"{name} is a whole number of {one.unit[1]} from {one.least} to {one.most}, "
                    f"not {value!r}",
                )
        return Parameters(*self.declared, values=self._values | dict(values))
