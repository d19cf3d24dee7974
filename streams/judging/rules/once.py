"""One reading for many rules: what several rules ask of a manifest or a day is worked out once."""

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.judging.registry import RegistryView

__all__ = ["Once", "once"]

T = TypeVar("T")


class Once(Generic[T]):
    """A question that is asked once of each facts, by the same parameters if it has any.

    Facts never change and are told by identity; a view counts its changes. So the answer is always
    that of ``read`` itself; one slot is enough, as all rules judge one manifest before the next.
    Parameters are told by ``==``, which of a rule's is identity.
    """

    def __init__(self, read: "Callable[..., T]") -> None:
        self._read = read
        self.__doc__ = read.__doc__
        self._last: tuple[object, RegistryView, int, object, T] | None = None

    def __call__(self, facts: object, view: "RegistryView", parameters: object = None) -> T:
        """Return the last answer as long as facts, knowledge and parameters stay the same."""
        last = self._last
        if last is not None:
            of, known, changes, by, answer = last
            if of is facts and known is view and changes == view.changes and by == parameters:
                return answer
        answer = (
            self._read(facts, view) if parameters is None else self._read(facts, view, parameters)
        )
        self._last = (facts, view, view.changes, parameters, answer)
        return answer

    def answered(self, facts: object, view: "RegistryView", answer: T) -> None:
        """Take an answer that is known already."""
        self._last = (facts, view, view.changes, None, answer)


def once(read: "Callable[..., T]") -> Once[T]:
    """Remember the last answer of ``read``."""
    return Once(read)
