"""装载: who took a load over, when, and with which vehicle: the dispatch, and each hand-over."""

from typing import NamedTuple

from streams.judging.facts import Fact, Facts
from streams.judging.last import last_of

__all__ = ["Loading", "loadings"]


class Loading(NamedTuple):
    """One loading that was told."""

    carrier: str
    """Credit code of who took the load over."""
    plate: str | None
    """As told with it, else as the manifest has it."""
    fact: Fact


@last_of
def loadings(facts: Facts) -> tuple[Loading, ...]:
    """Return the loadings told, in order; the manifest must be filed."""
    told = [] if facts.dispatched is None else [(facts.dispatched.data.carrier, facts.dispatched)]
    told += [(leg.data.to, leg) for leg in facts.legs]
    parts = facts.form.carriers
    return tuple(
        [
            Loading(
                uscc,
                fact.data.plate or next((c.plate for c in parts if c.uscc == uscc), None),
                fact,
            )
            for uscc, fact in told
        ]
    )
