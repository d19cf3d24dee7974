"""The digest of a state: blind to order, alive to every alert and every word of a rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pytest

from schemas.alert import Alert
from services.simulator import build_world
from streams.judging.on_files import FileVerdict, judge_lines
from streams.judging.outcome import Outcome
from streams.judging.rebuilt import State


@dataclass
class Parts:
    alerts: Sequence[Alert]
    outcomes: list[tuple[str, tuple[Outcome, ...]]]

    def state(self) -> State:
        state = State()
        for alert in self.alerts:
            state.alert(alert)
        for subject, outcomes in self.outcomes:
            state.verdict(subject, outcomes)
        return state


@pytest.fixture(scope="module")
def verdict() -> FileVerdict:
    world = build_world("demo", 7, 300)
    return judge_lines(world.registry, world.events)


def parts(verdict: FileVerdict) -> Parts:
    return Parts(list(verdict.alerts), list(verdict.outcomes.items()))


def test_the_order_in_which_a_state_is_put_together_does_not_matter(verdict: FileVerdict) -> None:
    one, other = parts(verdict), parts(verdict)
    other.alerts = other.alerts[::-1]
    other.outcomes = [(subject, said[::-1]) for subject, said in other.outcomes[::-1]]
    assert one.state().digest == other.state().digest
    assert one.state().differences(other.state()) == []


def test_what_was_stored_and_read_back_has_the_same_digest(verdict: FileVerdict) -> None:
    one, back = parts(verdict), parts(verdict)
    back.alerts = [msgspec.json.decode(msgspec.json.encode(a), type=Alert) for a in back.alerts]
    back.outcomes = [
        (subject, msgspec.json.decode(msgspec.json.encode(said), type=tuple[Outcome, ...]))
        for subject, said in back.outcomes
    ]
    assert one.state().differences(back.state()) == []


def test_every_change_is_seen_and_named(verdict: FileVerdict) -> None:
    whole = parts(verdict).state()
    fewer = parts(verdict)
    gone = fewer.alerts[3]
    fewer.alerts = [a for a in fewer.alerts if a != gone]
    assert fewer.state().digest != whole.digest
    assert whole.differences(fewer.state()) == [("alert", str(gone.id))]
    altered = parts(verdict)
    altered.alerts = [
        msgspec.structs.replace(a, severity="low" if a.severity != "low" else "high")
        if a == gone
        else a
        for a in altered.alerts
    ]
    assert whole.differences(altered.state()) == [("alert", str(gone.id))]
    other = parts(verdict)
    subject, said = other.outcomes[5]
    other.outcomes[5] = subject, (msgspec.structs.replace(said[0], zh=said[0].zh + "。"), *said[1:])
    assert whole.differences(other.state()) == [("verdict", subject)]


def test_what_was_withdrawn_and_limits_that_say_nothing_are_left_out(verdict: FileVerdict) -> None:
    whole, more = parts(verdict).state(), parts(verdict).state()
    more.alert(msgspec.structs.replace(verdict.alerts[0], state="withdrawn", subject="x"))
    silent = [o for said in verdict.outcomes.values() for o in said if o.state == "not_applicable"]
    more.verdict("approval/a/1", silent[:1])
    more.verdict("licence/b/2026", [])
    assert more.digest == whole.digest
    more.verdict("20261301000001", silent[:1])
    assert more.digest != whole.digest
