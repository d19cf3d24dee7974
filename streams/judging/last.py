"""上一次的回答: what many ask of one thing before anybody asks of the next is worked out once."""

from collections.abc import Callable
from typing import TypeVar

__all__ = ["last_of"]

A = TypeVar("A")
T = TypeVar("T")


def last_of(read: Callable[[A], T]) -> Callable[[A], T]:
    """Remember the last answer of ``read``; what it was asked of never changes and is told by identity."""
    last: list[tuple[A, T]] = []

    def asked(of: A) -> T:
        if not last or last[0][0] is not of:
            last[:] = [(of, read(of))]
        return last[0][1]

    asked.__doc__ = read.__doc__
    return asked
