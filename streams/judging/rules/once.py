"""One reading for many rules: what several rules ask of a manifest is worked out once."""

from typing import TYPE_CHECKING, Generic, TypeVar

from streams.judging.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.judging.registry import RegistryView
    from streams.judging.rules.parameter import Parameters

__all__ = ["Once", "once"]

T = TypeVar("T")


class Once(Generic[T]):
    """A question that is asked once of each facts, by the same parameters if it has any.

    Facts never change and are told by identity; a view counts its changes. So the answer is always
    that of ``read`` itself; one slot is enough, as all rules judge one manifest before the next.
    """

    def __init__(self, read: "Callable[..., T]") -> None:
        self._read = read
        self.__doc__ = read.__doc__
        self._last: tuple[Facts, RegistryView, int, Parameters | None, T] | None = None

    def __call__(
        self, facts: Facts, view: "RegistryView", parameters: "Parameters | None" = None
    ) -> T:
        """Return the last answer as long as facts, knowledge and parameters stay the same."""
        last = self._last
        if last is not None:
            of, known, changes, by, answer = last
            if of is facts and known is view and changes == view.changes and by is parameters:
                return answer
        answer = (
            self._read(facts, view) if parameters is None else self._read(facts, view, parameters)
        )
        self._last = (facts, view, view.changes, parameters, answer)
        return answer

    def answered(self, facts: Facts, view: "RegistryView", answer: T) -> None:
        """Take an answer that is known already."""
        self._last = (facts, view, view.changes, None, answer)


def once(read: "Callable[..., T]") -> Once[T]:
    """Remember the last answer of ``read``."""
    return Once(read)
