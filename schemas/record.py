"""The base of all models: strict, unknown members refused by name, cross-field checks shared."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Open", "Record"]


class Record(BaseModel):
    """A JSON object of ours. ``__checks__`` run after all members were read, in both decoders.

    A check takes the object (a model or its fast twin: only attributes are used) and raises
    ``schemas.checks.Refusal``.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    __checks__: ClassVar[Sequence[Callable[[Any], None]]] = ()

    @model_validator(mode="after")
    def _run_checks(self) -> Self:
        for check in self.__checks__:
            check(self)
        return self


class Open(Record):
    """A record that lets unknown members pass: the CloudEvents envelope and its extensions."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)
