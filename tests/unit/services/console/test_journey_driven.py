"""What the page of a journey tells, of the stories of vehicles."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from schemas.decode import decode_registry_record
from services.console.driven import MOST_ROWS, Driven, Found, Row, Told, driven
from services.console.journey import _REACH_S
from streams.judging.fold import fold
from streams.judging.on_files import judge_lines
from streams.judging.registry import RegistryView
from streams.judging.statement import read_statement, to_micros, union
from streams.judging.tracks.drive import REACH_S
from streams.judging.tracks.journey import rides_of
from streams.judging.tracks.loading import legs_of
from streams.judging.tracks.piece import packed_piece
from streams.judging.tracks.positions import Positions
from streams.judging.tracks.said import read_track
from tests.tracks.story import Story, all_stories


def test_as_much_around_a_journey_is_read_as_bears_on_it() -> None:
    assert _REACH_S == REACH_S


def told_of(name: str) -> tuple[Story, Told]:
    story = next(s for s in all_stories() if s.name == name)
    view = RegistryView.known_at(map(decode_registry_record, story.registry_lines))
    positions, said = Positions(), []
    plate, number = story.plate("truck"), story.number("m")
    for raw in story.event_lines:
        told: Any = msgspec.json.decode(raw)
        received = to_micros(datetime.fromisoformat(told["liandanreceivedat"]))
        if b"vehicle.track" in raw and told["subject"] == plate:
            track = read_track(raw, received)
            positions.add(track.positions, received, str(track.ref), track.ref.digest)
        elif told["subject"] == number:
            said.append(read_statement(raw, received))
    (leg,) = [x for x in legs_of(fold(number, union(said), view), view) if x.plate == plate]
    (ride,) = rides_of([leg])
    now = story.at(story.now) if story.now else None
    alerts = judge_lines(story.registry_lines, story.event_lines, now=now, vehicles=True).alerts
    found = [
        Found(n, a.rule, int(datetime.fromisoformat(a.act_at).timestamp()))
        for n, a in enumerate((a for a in alerts if a.subject == ride.subject), start=1)
    ]
    pieces = [(story.code("carrier"), packed_piece(positions))]
    return story, Told(plate, *ride.window, leg, pieces, view.fences(), found)


def page_of(name: str) -> tuple[Story, Driven]:
    story, told = told_of(name)
    drawn = driven(told)
    assert drawn is not None
    return story, drawn


def lasting(story: Story, row: Row) -> tuple[str, str, str]:
    begins, ends = (
        datetime.fromtimestamp(s, story.at("00:00").tzinfo) for s in (row.begins, row.ends)
    )
    return row.what, f"{begins:%H:%M}", f"{ends:%H:%M}"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("a_stop_by_the_lake", ("stop", "10:00", "10:15")),
        ("three_hours_without_a_signal", ("gap", "09:00", "12:00")),
        ("there_and_no_arrival_told", ("visit", "11:00", "11:40")),
        ("left_the_province", ("alert", "11:38", "16:22")),
        ("arrival_told_on_the_road", None),
        ("stayed_in_a_third_province", None),
        ("emptied_by_the_road", ("stop", "09:40", "10:20")),
        ("three_times_the_way", ("alert", "08:00", "13:45")),
        ("the_same_way_and_no_yard", ("alert", "08:00", "17:15")),
        ("a_stop_in_a_forbidden_area", None),
    ],
)
def test_every_alert_is_drawn_and_stands_in_a_row(
    name: str, row: tuple[str, str, str] | None
) -> None:
    story, told = told_of(name)
    # A way about is told of beside what it was for.
    found = [f for f in told.found if f.rule != "track.detour"] or told.found
    drawn = driven(told._replace(found=[found[0]._replace(number=1)]))
    assert drawn is not None
    assert list(drawn.stretches) == [1]
    assert [mark.text for mark in drawn.sketch.marks] == ["1"]
    named = [lasting(story, each) for each in drawn.rows if each.numbers == (1,)]
    assert named
    assert row is None or row in named


def test_rows_are_in_order_and_tell_loading_stops_visits_and_arrival() -> None:
    story, drawn = page_of("a_stop_by_the_lake")
    assert [row.begins for row in drawn.rows] == sorted(row.begins for row in drawn.rows)
    told = [(*lasting(story, row)[:2], row.fence.name if row.fence else "") for row in drawn.rows]
    assert ("loaded", "08:00", "") in told
    assert ("arrived", "13:05", "") in told
    assert ("visit", "07:30", "化工厂厂区") in told
    assert told[0][0] == "first"
    assert told[-1][0] == "last"
    assert (drawn.positions, drawn.dropped, drawn.shifted, drawn.more) == (182, {}, (), 0)
    assert 0 < drawn.heard[0] < drawn.heard[1]


def test_what_does_not_count_and_what_was_put_right_is_said() -> None:
    _, drawn = page_of("positions_that_cannot_be")
    assert sum(drawn.dropped.values()) > 0
    _, drawn = page_of("a_clock_eight_hours_off")
    assert drawn.shifted == (8,)


def test_without_a_position_there_is_nothing_to_draw() -> None:
    _, told = told_of("a_stop_by_the_lake")
    assert driven(told._replace(pieces=[])) is None
    assert driven(told._replace(begins=0, ends=1)) is None


def test_a_vehicle_whose_manifest_names_it_no_longer_is_drawn_all_the_same() -> None:
    _, told = told_of("a_stop_by_the_lake")
    drawn = driven(told._replace(leg=None))
    assert drawn is not None
    assert not {row.what for row in drawn.rows} & {"loaded", "arrived", "handed_over"}


def test_the_table_ends_somewhere() -> None:
    _, told = told_of("a_stop_by_the_lake")
    found = [Found(n, "track.left_province", told.begins + 5000 + n * 60) for n in range(1, 300)]
    drawn = driven(told._replace(found=found))
    assert drawn is not None
    assert len(drawn.rows) == MOST_ROWS
    assert drawn.more > 0
