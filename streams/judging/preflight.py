"""预检: a draft manifest judged by the same judge as if it were filed and had left. Pure.

The draft is the very ``filed`` event that its unit means to post. What it cannot say yet is assumed
and told: the departure at ``planned_at`` (else now) by the first carrier it names.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from streams.judging.decision import decide_limit
from streams.judging.facts import Facts
from streams.judging.fold import fold
from streams.judging.judge import judge_manifest
from streams.judging.outcome import Draw, Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.statement import Statement, read_statement, to_micros, union
from streams.judging.ticket import Light, Ticket, form_digest

if TYPE_CHECKING:
    from schemas.manifest import FiledData

__all__ = ["Checked", "CheckedLimit", "Draft", "NotEntitled", "judge_draft"]

_EVENT = "liandan.manifest.dispatched.v1"


class NotEntitled(ValueError):
    """The unit may not file this manifest: it is neither its consignor nor a collector."""


class CheckedLimit(NamedTuple):
    """A limit that the draft would draw on, judged with what others drew."""

    limit: str
    draw: Draw
    outcomes: tuple[Outcome, ...]


class Checked(NamedTuple):
    """The whole answer."""

    light: Light
    outcomes: tuple[Outcome, ...]
    limits: tuple[CheckedLimit, ...]


class Draft(NamedTuple):
    """A draft with what every rule says of it; the limits are judged by ``with_limits``."""

    facts: Facts
    departs_at: datetime
    carrier: str | None
    outcomes: tuple[Outcome, ...]
    draws: tuple[Draw, ...]

    def with_limits(
        self,
        drawn: Mapping[str, Sequence[Draw]],
        view: RegistryView,
        book: RuleBook = RULE_BOOK,
    ) -> Checked:
        """Judge the limits with the draws of others; an earlier draw of this manifest makes way."""
        limits = []
        for draw in self.draws:
            others = [d for d in drawn.get(draw.limit, ()) if d.manifest != draw.manifest]
            decision = decide_limit(draw.limit, None, [*others, draw], view, None, book)
            limits.append(CheckedLimit(draw.limit, draw, decision.outcomes))
        every = (*self.outcomes, *(o for limit in limits for o in limit.outcomes))
        states = {o.state for o in every}
        light: Light = (
            "red" if "violated" in states else "review" if "needs_review" in states else "green"
        )
        return Checked(light, self.outcomes, tuple(limits))

    def ticket(
        self, checked: Checked, unit: str, key: str, seq: int, now: datetime, valid_s: int
    ) -> Ticket:
        """Return the ticket for an answer; times are cut to whole seconds."""
        issued = int(now.timestamp())
        return Ticket(
            key,
            unit,
            form_digest(self.facts.form),
            seq,
            checked.light,
            issued,
            issued + valid_s,
            int(self.departs_at.timestamp()),
        )


def judge_draft(
    filed: Statement, view: RegistryView, now: datetime, book: RuleBook = RULE_BOOK
) -> Draft:
    """Judge a draft as of ``now``. Raises NotEntitled.

    ``filed``: the event as it would be posted; ``view``: newest knowledge.
    """
    form = cast("FiledData", filed.event.data)
    departs_at: datetime = form.planned_at or now
    carrier = form.carriers[0].uscc if form.carriers else None
    said = [filed]
    if carrier is not None:
        said.append(_departure(filed, carrier, form.carriers[0].plate, departs_at))
    facts = fold(filed.event.subject, union(said), view)
    if facts.filed is None:
        raise NotEntitled(filed.unit)
    judgement = judge_manifest(facts, view, None, book)
    return Draft(facts, departs_at, carrier, judgement.outcomes, judgement.draws)


def _departure(filed: Statement, carrier: str, plate: str | None, at: datetime) -> Statement:
    """Return the dispatch that the draft implies."""
    event = {
        "specversion": "1.0",
        "id": f"{filed.ref.id}.departure"[:100],
        "source": f"urn:uscc:{carrier}",
        "type": _EVENT,
        "subject": filed.event.subject,
        "time": at.isoformat(),
        "data": {"carrier": carrier} | ({} if plate is None else {"plate": plate}),
    }
    return read_statement(msgspec.json.encode(event), filed.received_us or to_micros(at))
