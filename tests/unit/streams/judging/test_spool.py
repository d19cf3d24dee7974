"""Events brought together by manifest, on disk once they are many; draws kept small."""

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator import build_world
from streams.judging.draw_ledger import DrawLedger
from streams.judging.on_files import judge_lines
from streams.judging.outcome import Draw
from streams.judging.spool import Spool
from tests.manifests import filed


@pytest.mark.parametrize("in_memory", [0, 200, 1 << 20])
def test_all_events_of_a_manifest_come_in_one_bucket_in_their_order(in_memory: int) -> None:
    said = [(f"2026{n % 37:010d}", n, b"x" * (n % 90)) for n in range(500)]
    with Spool(in_memory) as spool:
        for subject, line, raw in said:
            spool.put(subject, line * 10, line, raw)
        buckets = list(spool.buckets())
    assert sorted(e for bucket in buckets for e in bucket) == [
        (line * 10, line, raw) for _, line, raw in said
    ]
    for bucket in buckets:
        lines = [line for _, line, _ in bucket]
        assert lines == sorted(lines)
        subjects = {said[line][0] for line in lines}
        assert sum(s in subjects for s, _, _ in said) == len(lines)


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Spool(0) as spool:
        spool.put("1", 1, 1, b"{}")
        assert any(tmp_path.rglob("*"))
    assert list(tmp_path.iterdir()) == []


def test_the_verdict_is_the_same_in_any_order_of_the_lines_and_on_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = build_world("demo", 7, 300)
    told = [
        line[:-1] + b',"liandanreceivedat":"2026-10-01T00:00:%02d.%06dZ"}' % divmod(n, 10**6)
        for n, line in enumerate(dict.fromkeys(world.events))
    ]
    expected = judge_lines(world.registry, told)
    monkeypatch.setattr("streams.judging.on_files.Spool", lambda: Spool(10_000))
    random.Random(3).shuffle(told)
    shuffled = judge_lines(world.registry, told, keep_outcomes=False)
    assert len(expected.alerts) > 20
    assert shuffled.alerts == expected.alerts
    assert (shuffled.now, shuffled.events) == (expected.now, expected.events)
    assert shuffled.outcomes == {}


def test_an_event_that_is_not_understood_does_not_set_the_clock() -> None:
    world = build_world("demo", 7, 300)
    broken = [b'{"subject":"%d","time":"2099-01-01T00:00:00Z"}' % n for n in range(70)] + [
        b"{}",
        b"nothing",
        b'{"subject":1}',
    ]
    expected = judge_lines(world.registry, world.events)
    verdict = judge_lines(world.registry, [*broken, *world.events])
    assert verdict.now == expected.now
    assert [r.line for r in verdict.refused] == list(range(1, 74))


@pytest.mark.parametrize("seed", range(8))
def test_the_clock_is_the_latest_instant_with_whatever_offset_it_was_told(seed: int) -> None:
    chance = random.Random(seed)
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    said = [midnight + timedelta(minutes=n) for n in range(200)]
    zones = [timezone(timedelta(minutes=chance.randint(-23 * 60, 23 * 60))) for _ in said]
    events = [
        filed(at.astimezone(zone), subject=f"2026130100{n:04d}").raw
        for n, (at, zone) in enumerate(zip(said, zones, strict=True))
    ]
    assert judge_lines([], events, keep_outcomes=False).now == max(said)


@pytest.mark.parametrize("many", [1, 70])
def test_loads_of_2099_are_judged_and_make_nothing_overdue(many: int) -> None:
    world = build_world("demo", 7, 300)
    then = datetime(2099, 1, 5, tzinfo=UTC)
    far = [filed(then, subject=f"2099130100{n:04d}").raw for n in range(many)]
    expected = judge_lines(world.registry, world.events)
    assert expected.now is not None
    verdict = judge_lines(
        world.registry, [*far, *world.events], present=expected.now + timedelta(days=2)
    )
    assert verdict.now == expected.now
    assert {a.id for a in verdict.alerts} == {a.id for a in expected.alerts}
    assert len(verdict.outcomes) == len(expected.outcomes) + many
    blind = judge_lines(world.registry, [*far, *world.events])
    assert blind.now == then, "or the bound would prove nothing"


_DRAWS = st.builds(
    Draw,
    st.sampled_from(["approval/a/1", "licence/b/2026"]),
    st.text("0123456789", min_size=14, max_size=17),
    st.datetimes(datetime(1990, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 2**62),
    st.sampled_from(["reserved", "settled", "released"]),
    st.integers(0, 2**62),
    st.sampled_from([None, "several_limits", "voided_after_arrival"]),
    st.booleans(),
)


@given(st.lists(_DRAWS, max_size=30))
def test_a_ledger_gives_back_what_was_put(draws: list[Draw]) -> None:
    ledger = DrawLedger()
    for draw in draws:
        ledger.put(draw)
    back = dict(ledger.limits())
    assert back == {
        limit: [d for d in draws if d.limit == limit]
        for limit in dict.fromkeys(d.limit for d in draws)
    }
