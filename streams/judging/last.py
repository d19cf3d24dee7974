"""上一次的回答: what many ask of one thing before anybody asks of the next is worked out once."""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["last_of"]

A = TypeVar("A")
T = TypeVar("T")


def last_of(read: Callable[[A], T]) -> Callable[[A], T]:
    """Remember the last answer of ``read``; what it was asked of never changes and is told by identity."""
    last: tuple[Any, Any] = object(), None

    def asked(of: A) -> T:
        nonlocal last
        known = last
        if known[0] is not of:
            last = known = of, read(of)
        answer: T = known[1]
        return answer

    asked.__doc__ = read.__doc__
    return asked
