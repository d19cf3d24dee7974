"""Equality at rest: the stream, however cut, crashed and interleaved, ends where files end."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from line import PARTITIONS, Line, partition_of
from manifests import (
    COLLECTOR,
    CONSIGNOR,
    DAY,
    EXCEEDED,
    NO_APPROVAL,
    PERMITS,
    approval,
    approval_line,
    collector,
    dispatched,
    filed,
    licence,
    resent,
    say,
    waste,
)
from stories import NUMBERS, change_sets, said_of

from schemas.alert import Alert, alert_digest
from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.limit import limit_key, limit_of
from streams.judging.on_files import FileVerdict, judge_statements
from streams.judging.outcome import outcome_digest
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement
from streams.shared import judge_dirty

QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def on_files(line: Line) -> FileVerdict:
    records = [version.record for version in line.state.data.registry]
    said = [statement for log in line.log for statement in log]
    return judge_statements(RegistryView.known_at(records), said, line.clock)


def check_at_rest(line: Line) -> FileVerdict:
    """Compare the stream with the files: outcomes and open alerts, all members of both."""
    verdict, data = on_files(line), line.state.data
    memos = {s: held.memo for s, (_, held) in data.held.items()} | data.limits
    opened = {
        key: memo.digest
        for subject, held in memos.items()
        for key, memo in ((f"{subject} {k}", m) for k, m in held.alerts.items())
        if memo.state == "open"
    }
    assert opened == {
        f"{a.subject} {a.rule}|{a.discriminator}": alert_digest(a) for a in verdict.alerts
    }
    for subject, outcomes in verdict.outcomes.items():
        assert memos[subject].outcomes == {outcome_digest(o) for o in outcomes}, subject
    assert set(data.held) == {s for s in verdict.outcomes if limit_of(s) is None}
    told = {}
    for held in memos.values():
        for memo in held.alerts.values():
            alert = msgspec.json.decode(memo.body, type=Alert)
            told |= {f"{alert.id}:{n}": None for n in range(1, memo.revision)}
            told[f"{alert.id}:{memo.revision}"] = memo.body
    assert set(told) == set(data.outbox), "each revision is announced, and nothing else"
    assert all(data.outbox[key] == body for key, body in told.items() if body is not None)
    assert not data.dirty
    assert not data.rejudge
    return verdict


steps = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(1, 6)),
        st.tuples(st.just("commit"), st.integers(0, PARTITIONS - 1), st.integers(1, 5)),
        st.tuples(st.just("commit"), st.integers(0, PARTITIONS - 1), st.integers(0, 5)),
        st.tuples(st.just("learn")),
        st.tuples(st.just("page")),
        st.tuples(st.just("limit"), st.integers(0, 5)),
        st.tuples(st.just("fuse"), st.integers(0, 20)),
        st.tuples(st.just("restart")),
        st.tuples(st.just("time"), st.sampled_from([1, 26, 50, 130, 400])),
    ),
    max_size=30,
)


@st.composite
def worlds(draw: Any) -> tuple[list[Statement], list[Any]]:
    said = [s for number in NUMBERS for s in draw(said_of(number, 6))]
    return draw(st.permutations(said)), draw(st.lists(change_sets(collectors=False), max_size=5))


@settings(QUICK, max_examples=200)
@given(worlds(), steps)
async def test_any_way_of_batches_crashes_and_changes_ends_where_the_files_end(
    world: tuple[list[Statement], list[Any]], steps: list[tuple[Any, ...]]
) -> None:
    said, known = list(world[0]), list(world[1])
    line = Line()
    line.learn([collector()])
    line.page()
    for what, *how in steps:
        match what:
            case "post":
                for _ in range(how[0]):
                    if said:
                        line.post(said.pop())
            case "commit":
                await line.commit(*how)
            case "learn" if known:
                line.learn(known.pop(0))
            case "page":
                line.page()
            case "limit":
                dirty = await line.state.dirty_subjects(10)
                if dirty:
                    await line.judge_one(dirty[how[0] % len(dirty)])
            case "fuse":
                line.state.fuse = how[0]
            case "restart":
                line.restart()
            case "time":
                line.clock += timedelta(hours=how[0])
    for statement in said:
        line.post(statement)
    for records in known:
        line.learn(records)
    await line.rest()
    verdict = check_at_rest(line)
    for found in verdict.alerts:
        event(f"{found.rule} {found.finding}")


async def test_a_crash_at_every_single_step_loses_nothing_and_counts_nothing_twice() -> None:
    cap = approval(lines=[approval_line(quantity_t=3)])
    for fuse in range(60):
        line = Line()
        line.learn([cap, licence(), *PERMITS])
        for n, number in enumerate(NUMBERS):
            line.post(filed(subject=number, id=f"f{n}"))
            line.post(dispatched(subject=number, id=f"d{n}"))
        line.state.fuse = fuse
        lived = True
        for partition in range(PARTITIONS):
            while line.state.data.offsets.get(partition, (0,))[0] < len(line.log[partition]):
                lived &= await line.commit(partition, 2)
        for subject in await line.state.dirty_subjects(10):
            await line.judge_one(subject)
        await line.rest()
        (alert,) = check_at_rest(line).alerts
        assert (alert.rule, alert.grams) == (EXCEEDED, 3_000_000)
        assert len(line.state.data.outbox) == 1, "one finding, told once"
    assert lived, "the last fuses were longer than the work"


async def test_what_is_handed_out_twice_after_a_commit_is_counted_once() -> None:
    line = Line()
    line.learn(PERMITS)
    for one in (filed(), dispatched()):
        line.post(one)
        line.post(resent(one, 1))
    partition = partition_of(NUMBERS[0])
    await line.commit(partition, 3)
    before = dict(line.state.data.outbox)
    line.restart()
    await line.commit(partition, 3)
    assert line.state.data.outbox == before
    assert len(before) == 2
    check_at_rest(line)


@pytest.mark.parametrize("withdrawn", [False, True], ids=["registered later", "struck off later"])
async def test_a_collectors_registration_bears_on_what_it_filed_for_others(withdrawn: bool) -> None:
    line = Line()
    line.learn([collector(small_generator_collector=withdrawn)])
    line.page()
    line.post(filed(by=COLLECTOR))
    line.post(dispatched())
    await line.rest()
    line.learn([collector(small_generator_collector=not withdrawn)])
    await line.rest()
    check_at_rest(line)


# Limits -------------------------------------------------------------------------------------------

LIMIT = limit_key("appr-1", 1)


def load(n: int, tonnes: str) -> list[Statement]:
    subject = f"2026130100{n:04d}"
    return [
        filed(subject=subject, id=f"f{n}", wastes=[waste(tonnes=tonnes)]),
        dispatched(subject=subject, id=f"d{n}"),
        say("voided", {"reason": "x"}, by=CONSIGNOR, at=DAY, subject=subject, id=f"v{n}"),
    ]


@QUICK
@given(
    st.lists(st.tuples(st.sampled_from(["1", "2.5", "9"]), st.integers(2, 3)), max_size=5),
    st.data(),
)
async def test_any_interleaving_of_draws_and_judgements_of_a_limit_ends_the_same(
    loads: list[tuple[str, int]], data: Any
) -> None:
    line = Line()
    line.learn([approval(lines=[approval_line(quantity_t=4)]), licence(), *PERMITS])
    said = [s for n, (tonnes, upto) in enumerate(loads) for s in load(n, tonnes)[:upto]]
    for one in data.draw(st.permutations(said)):
        line.post(one)
        if data.draw(st.booleans()):
            await line.commit(partition_of(one.event.subject), data.draw(st.integers(1, 3)))
        if data.draw(st.booleans()):
            await judge_dirty(line.state, line.shared_view)
    await line.rest()
    check_at_rest(line)
    moved = sum(float(tonnes) for tonnes, upto in loads if upto == 2)
    memo = line.state.data.limits.get(LIMIT)
    opened = [a for a in memo.alerts.values() if a.state == "open"] if memo is not None else []
    assert bool(opened) is (moved > 4)


@QUICK
@given(st.lists(st.sampled_from(["1", "2.5", "9"]), min_size=1, max_size=6), st.data())
def test_a_limit_is_judged_over_the_set_of_its_draws(tonnes: list[str], data: Any) -> None:
    view = RegistryView.known_at([approval(lines=[approval_line(quantity_t=4)])])
    draws = [
        draw
        for n, t in enumerate(tonnes)
        for draw in decide_manifest(f"2026130100{n:04d}", None, load(n, t)[:2], view, None).draws
    ]
    once = decide_limit(LIMIT, None, draws, view, None)
    memo = None
    for upto in range(len(draws) + 1):
        shuffled = data.draw(st.permutations(draws[:upto]))
        memo = decide_limit(LIMIT, memo, shuffled, view, None).memo
    last = decide_limit(LIMIT, memo, data.draw(st.permutations(draws)), view, None)
    assert (last.outcomes, last.changed, last.alerts) == (once.outcomes, (), ())


async def test_a_draw_that_a_judgement_did_not_see_keeps_its_dirty_row() -> None:
    line = Line()
    line.learn([approval(lines=[approval_line(quantity_t=4)]), licence(), *PERMITS])
    for n in range(2):
        for one in load(n, "2.5")[:2]:
            line.post(one)
    await line.commit(0, 10)
    async with line.state.shared() as tx:
        assert await tx.claim(LIMIT)
        assert len((await tx.load(LIMIT))[1]) == 1
    await line.commit(1, 10)  # comes after the draws were read
    assert await line.state.dirty_subjects(10) == [LIMIT]
    await line.rest()
    (alert,) = check_at_rest(line).alerts
    assert alert.rule == EXCEEDED


async def test_a_limit_in_other_hands_or_clean_is_left_alone() -> None:
    line = Line()
    async with line.state.shared() as tx:
        assert not await tx.claim(LIMIT)


async def test_an_approval_that_comes_late_withdraws_and_one_retracted_opens_again() -> None:
    line = Line()
    line.learn([licence(), *PERMITS])
    for one in (filed(), dispatched()):
        line.post(one)
    await line.rest()
    states = []
    for retracted in (False, True, False):
        line.learn([approval(retracted=retracted)])
        await line.rest()
        found = check_at_rest(line).alerts
        states.append([a.rule for a in found])
    assert states == [[], [NO_APPROVAL], []]
    (_, held), *_ = line.state.data.held.values()
    (memo,) = held.memo.alerts.values()
    assert (memo.state, memo.revision) == ("withdrawn", 4)
