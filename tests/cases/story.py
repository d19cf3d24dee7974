"""A case: one story, what must be found in it and what must not. The form is strict.

One file is one case (``tests/cases/<family>/<name>.yaml``); its members are the fields below. What is
not known, missing or says nothing is a ``NotACase`` with the file's name.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from tests.cases.yaml_text import NotYaml, read_yaml

__all__ = [
    "CASES",
    "AsKnown",
    "Case",
    "Event",
    "Expected",
    "Load",
    "NotACase",
    "Withdrawn",
    "all_cases",
    "read_case",
    "reasons_of",
]

CASES = Path(__file__).parent


class NotACase(ValueError):
    """A file that is no case."""


class _Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    pass


class Event(_Strict, rename={"with_": "with"}, kw_only=True):
    """One thing said. Exactly one verb with its time (China time unless it ends in Z)."""

    filed: str | None = None
    dispatched: str | None = None
    handed_over: str | None = None
    arrived: str | None = None
    received: str | None = None
    treated: str | None = None
    voided: str | None = None
    corrected: str | None = None
    by: str | None = None
    """Who says it, if not who should."""
    id: str | None = None
    """The event's id: else its verb, with a number from the second on."""
    heard: str | None = None
    """When the gateway took it; else a minute later."""
    to: str | None = None
    """Who takes over (handed_over)."""
    plate: str | None = None
    opinion: Literal["accepted", "partly", "refused"] | None = None
    t: str | int | None = None
    """Tonnes of line 1: loaded, accepted or treated."""
    wastes: list[dict[str, Any]] | None = None
    of: str | None = None
    """The id of the event that a correction corrects."""
    with_: dict[str, Any] | None = None
    """What a correction changes: members of the load (of: filed) or of the event."""
    happened: str | None = None
    """When it really happened, by a correction."""
    reason: str | None = None
    form: dict[str, Any] | None = None
    """Members of the load that this filing says otherwise."""

    @property
    def verb(self) -> str:
        (verb,) = (v for v in VERBS if getattr(self, v) is not None)
        return verb

    @property
    def at(self) -> str:
        at: str = getattr(self, self.verb)
        return at

    def __post_init__(self) -> None:
        said = [v for v in VERBS if getattr(self, v) is not None]
        if len(said) != 1:
            raise ValueError(f"an event says one thing, not {said}")
        if (self.of is None) == (said == ["corrected"]):
            raise ValueError("a correction says which event it is of, and nothing else does")


VERBS = (
    "filed",
    "dispatched",
    "handed_over",
    "arrived",
    "received",
    "treated",
    "voided",
    "corrected",
)


class Load(_Strict, rename={"from_": "from"}, kw_only=True):
    """One manifest. Sites are region codes, where they are not the firm's own."""

    from_: str = "consignor"
    from_site: str | None = None
    to: str = "receiver"
    to_site: str | None = None
    licence_no: str | None = None
    """The receiver's licence that the manifest names."""
    carriers: list[str | dict[str, str]] | None = None
    """Firms, or ``{firm: …, plate: …}``."""
    t: str | int | None = None
    waste: dict[str, Any] | None = None
    """The only line, where it is not the usual one."""
    wastes: list[dict[str, Any]] | None = None
    form: dict[str, Any] | None = None
    """Other members of the form, as in the contract."""
    number: Literal["order23", "national_inside", "national_cross"] = "order23"
    number_year: int | None = None
    number_city: str | None = None
    events: list[Event]


WhichLaw = Literal["the new text is lighter", "the old text applies", "depends on the case"]


class Expected(_Strict, kw_only=True):
    """A finding that must be made, with its instant, articles and the reason's code."""

    rule: str
    state: Literal["violated", "needs_review", "notice"]
    at: str
    because: str
    articles: list[str] = []
    party: str | list[str] = []
    """Whom the articles name."""
    load: str | None = None
    """Which manifest, where there are several."""
    limit: str | None = None
    """Which record's limit, where there are several."""
    past: list[str] | None = None
    """The loads that a limit's evidence shows."""
    who: str | None = None
    """The firm that the finding is about, where it is not the receiver."""
    t: str | int | None = None
    severity: Literal["low", "medium", "high", "critical"] | None = None
    margin: str | None = None
    which_law: WhichLaw | list[WhichLaw] = []
    """What is said of an act before the Code."""

    @property
    def laws(self) -> set[str]:
        return {self.which_law} if isinstance(self.which_law, str) else set(self.which_law)

    @property
    def parties(self) -> set[str]:
        return {self.party} if isinstance(self.party, str) else set(self.party)


Silent = list[str] | dict[str, str | list[str] | None]


class AsKnown(_Strict, kw_only=True):
    """What was found with what was known at an earlier moment."""

    at: str
    expect: list[Expected] = []
    silent: Silent = []


class Withdrawn(_Strict, kw_only=True):
    """A finding that was made as things were told one after the other, and fell away."""

    rule: str
    because: str
    load: str | None = None


class Case(_Strict, kw_only=True):
    """A story."""

    why_zh: str
    why_en: str
    loads: dict[str, Load]
    registry: list[dict[str, Any]] = []
    without: list[dict[str, str]] = []
    """Usual records that are not there: ``{licence: receiver}``."""
    now: str | None = None
    """The clock; else the time of the last thing said."""
    expect: list[Expected] = []
    silent: Silent = []
    withdrawn: list[Withdrawn] = []
    as_known: list[AsKnown] = []
    name: str = ""
    family: str = ""
    serial: int = 0
    """Where it stands among all cases: its firms and numbers are made of it."""

    @property
    def lawful(self) -> bool:
        """Whether nothing is found in it."""
        return not self.expect

    @property
    def reasons(self) -> Mapping[str, str | list[str] | None]:
        """Rules that must be silent, with the reason that they must give, if any is asked for."""
        return reasons_of(self.silent)


def reasons_of(silent: Silent) -> Mapping[str, str | list[str] | None]:
    """Return each rule that must be silent with its reason or reasons, None for any."""
    return silent if isinstance(silent, dict) else dict.fromkeys(silent)


def read_case(path: Path, serial: int = 0) -> Case:
    """Read one case. Raises NotACase."""
    try:
        case = msgspec.convert(read_yaml(path), Case)
        if case.name or case.family or case.serial:
            raise ValueError("name, family and serial are the file's")
        if not case.expect and not case.silent:
            raise ValueError("it expects nothing: neither expect nor silent")
        if any(
            set(_rules(known.expect)) & set(reasons_of(known.silent))
            for known in (case, *case.as_known)
        ):
            raise ValueError("a rule is both expected and silent")
        if not case.loads:
            raise ValueError("it has no load")
    except (msgspec.ValidationError, NotYaml, ValueError) as e:
        raise NotACase(f"{path.parent.name}/{path.name}: {e}") from None
    return msgspec.structs.replace(case, name=path.stem, family=path.parent.name, serial=serial)


def _rules(expected: list[Expected]) -> Iterator[str]:
    return (e.rule for e in expected)


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case, by family and name."""
    return tuple(
        read_case(path, n) for n, path in enumerate(sorted(CASES.glob("*/*.yaml")), start=1)
    )
