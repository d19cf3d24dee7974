"""One reading for many rules: what several rules ask of a manifest is worked out once."""

from typing import TYPE_CHECKING, Generic, TypeVar

from streams.judging.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.judging.registry import RegistryView

__all__ = ["Once", "once"]

T = TypeVar("T")


class Once(Generic[T]):
    """A question that is asked once of each facts.

    Facts never change and are told by identity; a view counts its changes. So the answer is always
    that of ``read`` itself; one slot is enough, as all rules judge one manifest before the next.
    """

    def __init__(self, read: "Callable[[Facts, RegistryView], T]") -> None:
        self._read = read
        self.__doc__ = read.__doc__
        self._last: tuple[Facts, RegistryView, int, T] | None = None

    def __call__(self, facts: Facts, view: "RegistryView") -> T:
        """Return the last answer as long as neither facts nor knowledge change."""
        last = self._last
        if last is not None:
            of, known, changes, answer = last
            if of is facts and known is view and changes == view.changes:
                return answer
        answer = self._read(facts, view)
        self.answered(facts, view, answer)
        return answer

    def answered(self, facts: Facts, view: "RegistryView", answer: T) -> None:
        """Take an answer that is known already."""
        self._last = (facts, view, view.changes, answer)


def once(read: "Callable[[Facts, RegistryView], T]") -> Once[T]:
    """Remember the last answer of ``read``."""
    return Once(read)
