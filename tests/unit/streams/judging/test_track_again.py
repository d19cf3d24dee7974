"""A vehicle judged again by its record: the same is the same, what was altered shows, what cannot be told is said."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from schemas.alert import alert_id
from schemas.decode import decode_registry_record
from streams.judging.fold import fold
from streams.judging.on_files import judge_lines
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, read_statement, to_micros, union
from streams.judging.tracks.again import Again, Span, Stood, Told, judge_again
from streams.judging.tracks.journey import day_window, rides_of
from streams.judging.tracks.loading import legs_of
from streams.judging.tracks.places import Places
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.said import read_track
from streams.judging.tracks.segments import seconds
from tests.tracks.story import Story, all_stories

NAMES = [story.name for story in all_stories()]
LAKE = "a_stop_by_the_lake"


class Vehicle:
    """The truck of a story: its record, and what is in force of it."""

    def __init__(self, name: str) -> None:
        self.story: Story = next(s for s in all_stories() if s.name == name)
        lines = self.story.registry_lines
        self.view = RegistryView.known_at(map(decode_registry_record, lines))
        plate = self.story.plate("truck")
        positions: dict[str, Positions] = defaultdict(Positions)
        said: dict[str, list[Statement]] = defaultdict(list)
        for raw in self.story.event_lines:
            told: Any = msgspec.json.decode(raw)
            received = to_micros(datetime.fromisoformat(told["liandanreceivedat"]))
            if b"vehicle.track" in raw:
                track = read_track(raw, received)
                if track.plate == plate:
                    positions[track.unit].add(
                        track.positions, received, str(track.ref), track.ref.digest
                    )
            else:
                said[told["subject"]].append(read_statement(raw, received))
        facts = [fold(number, union(some), self.view) for number, some in said.items()]
        legs = [leg for f in facts for leg in legs_of(f, self.view) if leg.plate == plate]
        times = [
            datetime.fromisoformat(msgspec.json.decode(raw)["time"])
            for raw in self.story.event_lines
        ]
        self.now = self.story.at(self.story.now) if self.story.now else max(times)
        verdict = judge_lines(lines, self.story.event_lines, now=self.now, vehicles=True)
        windows = {ride.subject: ride.window for ride in rides_of(legs)}
        mine = [s for s in verdict.outcomes if s.split("/")[1:2] == [plate]]
        stood = {
            s: Stood(*(windows.get(s) or _window(s)), verdict.outcomes[s])
            for s in mine
            if s.startswith(("trip/", "plate/"))
        }
        alerts: dict[str, list[Any]] = defaultdict(list)
        for alert in verdict.alerts:
            if alert.subject in stood:
                alerts[alert.subject].append(alert)
        self.told = Told(plate, legs, positions, stood, alerts)

    def again(self, **changed: Any) -> Again:
        told = self.told._replace(**changed)
        return judge_again(told, Places(self.view.fences()), self.view, self.now)


def _window(subject: str) -> tuple[int, int]:
    return day_window(datetime.fromisoformat(subject.rpartition("/")[2]).date())


@pytest.fixture(scope="module")
def lake() -> Vehicle:
    return Vehicle(LAKE)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_record_amounts_to_is_what_is_in_force(name: str) -> None:
    vehicle = Vehicle(name)
    again = vehicle.again()
    assert again.live.differences(again.rebuilt) == []
    assert again.untold == {}
    assert len(again.live.alerts) == sum(map(len, vehicle.told.alerts.values()))


def test_an_alert_or_a_verdict_that_was_altered_shows(lake: Vehicle) -> None:
    ((subject, (alert,)),) = lake.told.alerts.items()
    gone = lake.again(alerts={})
    assert gone.live.differences(gone.rebuilt) == [("alert", str(alert.id))]
    softer = lake.again(alerts={subject: [msgspec.structs.replace(alert, severity="low")]})
    assert softer.live.differences(softer.rebuilt) == [("alert", str(alert.id))]
    begins, ends, outcomes, _ = lake.told.stood[subject]
    turned = tuple(o for o in outcomes if not o.found)
    other = lake.again(stood=lake.told.stood | {subject: Stood(begins, ends, turned)})
    assert other.live.differences(other.rebuilt) == [("verdict", subject)]
    rowless = lake.again(stood={s: x for s, x in lake.told.stood.items() if s != subject})
    assert ("verdict", subject) in rowless.live.differences(rowless.rebuilt)


def test_an_alert_that_nothing_amounts_to_shows(lake: Vehicle) -> None:
    ((subject, (alert,)),) = lake.told.alerts.items()
    other = f"trip/{lake.told.plate}/20261301000000"
    forged = msgspec.structs.replace(
        alert, subject=other, id=alert_id(alert.rule, other, alert.discriminator)
    )
    again = lake.again(alerts=lake.told.alerts | {forged.subject: [forged]})
    assert again.live.differences(again.rebuilt) == [("alert", str(forged.id))]
    assert subject not in again.untold


@pytest.mark.parametrize("why", ["waiting", "newer", "lost"])
def test_positions_that_one_side_alone_knows_leave_untold_what_they_bear_on(
    lake: Vehicle, why: str
) -> None:
    (subject,) = lake.told.alerts
    begins, ends = lake.told.stood[subject][:2]
    for at in (begins, ends):
        again = lake.again(spans=[Span(at, at, why)], alerts={})
        assert again.untold[subject] == why
        assert again.live.differences(again.rebuilt) == []
    days = 86_400
    again = lake.again(spans=[Span(ends + 30 * days, ends + 30 * days, why)])
    assert again.untold == {}


def test_a_deadline_that_has_come_is_waited_for(lake: Vehicle) -> None:
    (subject,) = lake.told.alerts
    stood = lake.told.stood | {subject: lake.told.stood[subject]._replace(waiting=True)}
    assert lake.again(stood=stood, alerts={}).untold == {subject: "waiting"}


def test_of_what_is_closed_only_a_difference_cannot_be_told(lake: Vehicle) -> None:
    late = seconds(lake.now + timedelta(days=30))
    again = lake.again(closed_before=late)
    assert again.untold == {}
    assert len(again.live.alerts) == 1
    # Another registry or later positions may have come since: its own word is all that stands.
    (subject,) = lake.told.alerts
    again = lake.again(closed_before=late, positions={})
    assert again.untold[subject] == "closed"


def test_of_what_is_closed_an_alert_that_its_own_verdict_does_not_say_shows(lake: Vehicle) -> None:
    late = seconds(lake.now + timedelta(days=30))
    ((subject, (alert,)),) = lake.told.alerts.items()
    again = lake.again(closed_before=late, alerts={})
    assert again.live.differences(again.rebuilt) == [("alert", str(alert.id))]
    other = msgspec.structs.replace(alert, text_zh="没有什么")
    again = lake.again(closed_before=late, alerts={subject: [other]})
    assert again.live.differences(again.rebuilt) == [("alert", str(alert.id))]


def test_a_day_on_which_nothing_is_found_may_have_no_row(lake: Vehicle) -> None:
    days = {s for s in lake.told.stood if s.startswith("plate/")}
    assert days
    again = lake.again(stood={s: x for s, x in lake.told.stood.items() if s not in days})
    assert again.live.differences(again.rebuilt) == []


def test_a_row_of_a_manifest_that_was_called_off_says_nothing(lake: Vehicle) -> None:
    left = {f"trip/{lake.told.plate}/20261301000001": Stood(0, 1, ())}
    again = lake.again(stood=lake.told.stood | left)
    assert again.live.differences(again.rebuilt) == []
