"""沉默从何时可说: what was late already when it became known is told once it has settled, and not before."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decode import decode_registry_record
from streams.judging.medical.day import HospitalDay
from streams.judging.medical.judge import JudgedDay, judge_medical
from streams.judging.medical.said import read_medical
from streams.judging.medical.waiting import Clock, Settling, Wait, settling
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK
from tests.medical.story import Story

START = datetime(2026, 9, 1, tzinfo=UTC)
SETTLE = timedelta(minutes=15)
US = timedelta(microseconds=1)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


class Day:
    """A day in the stream: told of, and fired whenever its deadline has come."""

    def __init__(self) -> None:
        self.fired_at: datetime | None = None
        self.stands = Settling({}, frozenset(), None, None)

    def judge(self, waits: list[Wait], clock: datetime | None) -> set[str]:
        """Judge at a clock, then again while deadlines fire at it; return what is told as silent."""
        self._settle(waits, clock)
        while clock is not None and self.stands.fires_at and self.stands.fires_at <= clock:
            self.fired_at = clock
            self._settle(waits, clock)
        seen = Clock(self.fired_at, self.stands.held)
        return {wait.what for wait in waits if seen.over(wait)}

    def _settle(self, waits: list[Wait], clock: datetime | None) -> None:
        known = self.stands.known
        self.stands = settling(known, waits, self.fired_at, clock, SETTLE)


def test_a_silence_known_in_time_is_told_as_soon_as_its_term_is_over() -> None:
    day, bag = Day(), Wait("bag", at(48))
    assert day.judge([bag], at(1)) == set()
    assert (day.stands.due, day.stands.fires_at) == (at(48) + US, at(48) + US)
    assert day.judge([bag], at(48)) == set()
    assert day.judge([bag], at(48) + US) == {"bag"}
    assert day.stands.due is None


def test_one_told_of_late_waits_though_another_of_the_day_was_told_long_ago() -> None:
    """Else a hospital that posts its bags on Friday is accused until the van's register is in."""
    day, bag, late = Day(), Wait("bag", at(48)), Wait("late", at(40))
    day.judge([bag], at(1))
    assert day.judge([bag], at(60)) == {"bag"}
    assert day.judge([bag, late], at(90)) == {"bag"}
    assert (day.stands.due, day.stands.fires_at) == (at(40) + US, at(90) + SETTLE)
    assert day.judge([bag, late], at(90) + SETTLE - US) == {"bag"}
    assert day.judge([bag, late], at(90) + SETTLE) == {"bag", "late"}


def test_one_that_is_heard_of_before_it_settled_is_never_told() -> None:
    day, bag, late = Day(), Wait("bag", at(48)), Wait("late", at(40))
    day.judge([bag], at(1))
    day.judge([bag, late], at(90))
    assert day.judge([bag], at(90) + SETTLE) == {"bag"}
    assert day.stands.due is None


def test_what_was_told_stays_told_when_its_term_changes_and_untold_when_it_is_not_over() -> None:
    day = Day()
    assert day.judge([Wait("bag", at(48))], at(48) + US) == set()  # known late: it settles
    assert day.judge([Wait("bag", at(48))], at(49)) == {"bag"}
    assert day.judge([Wait("bag", at(24))], at(50)) == {"bag"}
    assert day.judge([Wait("bag", at(72))], at(51)) == set()
    assert day.stands.fires_at == at(72) + US
    assert day.judge([Wait("bag", at(72))], at(73)) == {"bag"}


def test_a_day_that_an_earlier_release_judged_tells_what_it_told() -> None:
    day = Day()
    day.fired_at = at(60)
    assert day.judge([Wait("bag", at(48)), Wait("other", at(61))], at(60.5)) == {"bag"}
    assert day.stands.fires_at == at(61) + US


WAITS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 20), max_size=4)
STEPS = st.lists(st.tuples(WAITS, st.integers(0, 3)), max_size=12)


@settings(max_examples=400, deadline=None)
@given(STEPS, WAITS)
def test_once_all_is_told_and_settled_it_is_the_verdict_of_that_instant(
    steps: list[tuple[dict[str, int], int]], last: dict[str, int]
) -> None:
    """And at no time is anything told that was in time, or known for less than it takes to settle."""
    day, clock = Day(), START
    since: dict[str, datetime] = {}
    for named, hours in [*steps, (last, 1)]:
        clock += timedelta(hours=hours)
        waits = [Wait(what, at(end)) for what, end in named.items()]
        since = {what: since.get(what, clock) for what in named}
        for what in day.judge(waits, clock):
            assert at(named[what]) < clock
            assert since[what] + SETTLE <= clock or since[what] <= at(named[what])
    told: Any = day.judge(waits, clock + SETTLE)
    assert told == {wait.what for wait in waits if wait.end < clock + SETTLE}


def judged(said: list[dict[str, Any]]) -> JudgedDay:
    """Judge the day of a story by a book whose store may be longer than what brings somebody to come."""
    story = Story(why_zh="", why_en="", said=said, serial=1)
    view = RegistryView.known_at(map(decode_registry_record, story.registry_lines))
    book = RULE_BOOK.with_parameters({"medical.stored_too_long.hours": 96})
    told = [read_medical(raw, n) for n, raw in enumerate(story.event_lines)]
    (day,) = (
        each
        for each in judge_medical(told, view, None, book)
        if isinstance(each.facts, HospitalDay)
    )
    return day


def test_a_day_is_open_to_pick_ups_that_it_rests_on_though_nothing_waits_and_nothing_is_found() -> (
    None
):
    bag = [
        {"sealed": "2026-09-01 08:00", "bag": "B1"},
        {"collected": "2026-09-04 08:00", "bags": ["B1"]},
        {"received": "2026-09-04 10:00", "bags": ["B1"]},
        {"treated": "2026-09-04 15:00", "bags": ["B1"]},
    ]
    somebody = {"collected": "2026-09-02 09:00", "weight_g": 12_000, "id": "first"}
    nobody = {
        "corrected": "2026-09-05 10:00", "as": "collected", "of": "first", "weight_g": 12_000,
        "happened": "2026-09-05 09:00",
    }  # fmt: skip
    came, changed = judged([*bag, somebody]), judged([*bag, somebody, nobody])
    assert not came.waits
    assert not any(outcome.found for outcome in came.outcomes)
    assert [outcome.rule for outcome in changed.outcomes if outcome.found] == [
        "medical.not_collected"
    ]
    assert came.open
    assert not judged([bag[0], {**bag[1], "collected": "2026-09-02 08:00"}, *bag[2:]]).open
