"""Limits of every kind: any interleaving of draws, judgements and knowledge ends as files do."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from line import PARTITIONS, Line
from manifests import (
    CAP_EXCEEDED,
    CONSIGNOR,
    DAY,
    EXCEEDED,
    OTHER_RECEIVER,
    PERMITS,
    RECEIVER,
    SCALE_EXCEEDED,
    approval,
    approval_line,
    corrected,
    dispatched,
    filed,
    form,
    licence,
    received,
    registry,
    voided,
    waste,
    whitelisted,
)
from test_stream_equals_files import check_at_rest

from streams.batch import Input, SubjectCache, commit_batch
from streams.judging.decision import decide_limit, decide_manifest
from streams.judging.memory_state import MemoryState
from streams.judging.on_files import judge_statements
from streams.judging.outcome import Draw, outcome_digest
from streams.judging.registry import RecordVersion, RegistryView
from streams.judging.rules import RULE_BOOK
from streams.judging.rules.draws import draws_of
from streams.judging.statement import Statement
from streams.shared import judge_dirty

HOUR = timedelta(hours=1)
NAMES = ("示例废物", "废滤芯", "废包装桶")


def load(n: int, tonnes: str, name: str, fate: str) -> list[Statement]:
    """One load and what became of it; ``3 each`` are pieces of 3 t, ``pieces`` have no weight."""
    subject = f"2026130100{n:04d}"
    quantity: dict[str, Any] = {"tonnes": tonnes}
    if not tonnes[0].isdigit():
        quantity = {"tonnes": None, "packages": 2}
    elif "each" in tonnes:
        quantity = {"tonnes": None, "packages": 2, "package_t": tonnes[0]}
    wastes = [waste(name=name, **quantity)]
    weight = quantity["tonnes"]
    said = [
        filed(subject=subject, id=f"f{n}", wastes=wastes),
        dispatched(subject=subject, id=f"d{n}"),
    ]

    def other(tonnes: str) -> list[dict[str, Any]]:
        return [waste(name=name, tonnes=tonnes)]

    match fate:
        case "corrected late":
            said.append(received(subject=subject, id=f"r{n}"))
            said.append(
                corrected(f"f{n}", "filed", form(wastes=other("2")), DAY + 50 * HOUR, CONSIGNOR,
                          id=f"c{n}", subject=subject)
            )  # fmt: skip
        case "moved late":
            said.append(received(subject=subject, id=f"r{n}"))
            said.append(
                corrected(f"f{n}", "filed", form(wastes=wastes, receiver=OTHER_RECEIVER),
                          DAY + 50 * HOUR, CONSIGNOR, id=f"c{n}", subject=subject)
            )  # fmt: skip
        case "told twice":
            later = DAY + 20 * HOUR
            said.append(filed(subject=subject, id=f"f{n}", wastes=other("4"), received=later))
            said.append(received(subject=subject, id=f"r{n}"))
        case "accepted anew":
            said.append(received(subject=subject, id=f"r{n}", tonnes=weight or "1"))
            data = {"opinion": "accepted",
                    "wastes": [{"line": 1, "opinion": "accepted", "accepted_t": "3"}]}  # fmt: skip
            said.append(corrected(f"r{n}", "received", data, DAY + 50 * HOUR, RECEIVER,
                                  id=f"c{n}", subject=subject))  # fmt: skip
        case "received":
            said.append(received(subject=subject, id=f"r{n}", tonnes=weight))
        case "refused":
            said.append(received(subject=subject, id=f"r{n}", opinion="refused"))
        case "voided":
            said.append(voided(DAY + HOUR, subject=subject, id=f"v{n}"))
        case "voided late":
            said.append(received(subject=subject, id=f"r{n}", tonnes=weight))
            said.append(voided(DAY + 30 * HOUR, subject=subject, id=f"v{n}"))
    return said


LOADS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2.5", "9", "3 each", "pieces"]),
        st.sampled_from(NAMES),
        st.sampled_from(
            ["going", "received", "received", "refused", "voided", "voided late", "corrected late",
             "moved late", "told twice", "accepted anew"]
        ),
    ),
    max_size=6,
)  # fmt: skip
_caps = st.sampled_from([3, 5, 20])
CAPPED = st.one_of(
    st.builds(
        lambda cap, name, gone: approval(
            lines=[
                approval_line(1, quantity_t=cap),
                approval_line(2, quantity_t=cap, name=name),
            ],
            retracted=gone,
        ),
        _caps, st.sampled_from(NAMES), st.booleans(),
    ),
    st.builds(
        lambda kind, cap, gone: whitelisted(kind, annual_cap_t=cap, retracted=gone),
        st.sampled_from(["as_intra", "direct"]), _caps, st.booleans(),
    ),
    st.builds(
        lambda cap, begin, gone: licence(annual_scale_t=cap, valid_from=begin, retracted=gone),
        _caps, st.sampled_from(["2020-01-01", "2026-07-01"]), st.booleans(),
    ),
)  # fmt: skip
KNOWN = [
    approval(lines=[approval_line(1, quantity_t=4), approval_line(2, quantity_t=4, name="废滤芯")]),
    whitelisted("direct", annual_cap_t=5),
    licence(annual_scale_t=5),
    *PERMITS,
]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(LOADS, st.lists(CAPPED, max_size=3), st.data())
async def test_any_interleaving_of_draws_judgements_and_knowledge_ends_as_files_do(
    loads: list[Any], learned: list[Any], data: Any
) -> None:
    line = Line()
    line.learn(KNOWN)
    said = [s for n, one in enumerate(loads) for s in load(n, *one)]
    for one in data.draw(st.permutations([*said, *learned])):
        if isinstance(one, Statement):
            line.post(one)
        else:
            line.learn([one])
        match data.draw(st.sampled_from(["commit", "judge", "page", "crash", "nothing"])):
            case "commit":
                await line.commit(data.draw(st.integers(0, PARTITIONS - 1)), 3)
            case "judge":
                await judge_dirty(line.state, line.shared_view)
            case "page":
                line.page()
            case "crash":
                line.state.fuse = data.draw(st.integers(0, 12))
                await line.commit(data.draw(st.integers(0, PARTITIONS - 1)), 3)
                line.state.fuse = None
    await line.rest()
    check_at_rest(line)


@settings(max_examples=100, deadline=None)
@given(LOADS, st.data())
def test_a_limits_word_is_what_the_least_and_the_most_of_every_draw_say(
    loads: list[Any], data: Any
) -> None:
    view = registry(*KNOWN)
    draws: dict[str, list[Draw]] = {}
    for n, one in enumerate(loads):
        decision = decide_manifest(f"2026130100{n:04d}", None, load(n, *one), view, None)
        for draw in decision.draws:
            draws.setdefault(draw.limit, []).append(draw)
            assert 0 <= draw.least <= draw.grams
            assert (draw.doubt is None) is (draw.least == draw.grams)
            # No reading lies outside the range, and both its ends are some reading's.
            facts = decision.facts
            readings = [facts._replace(otherwise=()), *(r for _, r in facts.otherwise)]
            taken = [
                next((d for d in draws_of(r, view, RULE_BOOK) if d.limit == draw.limit), None)
                for r in readings
            ]
            assert draw.grams == max(d.grams if d else 0 for d in taken)
            lows = [d.least if d else 0 for d in taken]
            if taken[0] is None or taken[0].unweighed or not any(d and d.unweighed for d in taken):
                assert draw.least == min(lows)
            else:
                assert draw.least in lows
    for limit, drawn in draws.items():
        (outcome,) = decide_limit(
            limit, None, data.draw(st.permutations(drawn)), view, None
        ).outcomes
        cap = 5_000_000 if "licence" in limit or "whitelist" in limit else 4_000_000
        cap *= 2 if "pool" in limit else 1
        breach = cap * 6 // 5 if "licence" in limit else cap
        least, most = sum(d.least for d in drawn), sum(d.grams for d in drawn)
        missing = any(d.unweighed and d.state == "settled" for d in drawn)
        if least > breach:
            expected = "needs_review" if "pool" in limit else "violated"
        elif most > breach or missing:
            expected = "needs_review"
        else:
            expected = "notice" if most > cap else "passed"
        assert outcome.state == expected
        assert (outcome.reason == "weight_unknown") is (missing and most <= breach)


async def test_a_licence_and_a_list_learned_anew_judge_their_years_again_and_nothing_else() -> None:
    line = Line()
    line.learn(KNOWN)
    for n in range(3):
        for one in load(n, "2.5", NAMES[0], "received"):
            line.post(one)
    await line.rest()
    before = {a.rule: a.finding for a in check_at_rest(line).alerts}
    assert before == {EXCEEDED: "violation", CAP_EXCEEDED: "violation", SCALE_EXCEEDED: "violation"}
    for record, rule in (
        (licence(annual_scale_t=7), {SCALE_EXCEEDED: "notice"}),
        (whitelisted("direct", annual_cap_t=8), {CAP_EXCEEDED: None}),
    ):
        told = set(line.state.data.outbox)
        line.learn([record])
        await line.rest()
        expected = {**before, **rule}
        before = {name: finding for name, finding in expected.items() if finding is not None}
        assert {a.rule: a.finding for a in check_at_rest(line).alerts} == before
        assert len(set(line.state.data.outbox) - told) == 1


class _Turns(MemoryState):
    """Memory state for several workers: transactions take turns, workers do not."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = asyncio.Lock()


async def test_four_workers_on_twelve_partitions_lose_no_draw_of_one_hot_approval() -> None:
    partitions, each = 12, 10
    state = _Turns()
    cap = approval(lines=[approval_line(quantity_t=100)])
    known = [cap, licence(annual_scale_t=90), *PERMITS]
    state.data.registry_seq, state.data.registry = 1, [RecordVersion(1, r) for r in known]
    logs = [
        [s for n in range(each) for s in load(p * each + n, "1", NAMES[0], "received")]
        for p in range(partitions)
    ]

    async def worker(mine: list[int]) -> None:
        view, shared = RegistryView(), RegistryView()
        caches = {p: SubjectCache(3) for p in mine}
        at = dict.fromkeys(mine, 0)
        while any(at[p] < len(logs[p]) for p in mine):
            for p in mine:
                taken = logs[p][at[p] : at[p] + 4]
                async with state.turn:
                    given = Input(at[p], at[p] + len(taken), b"d", None, taken)
                    await commit_batch(state, p, given, view, caches[p])
                at[p] += len(taken)
                await asyncio.sleep(0)
            async with state.turn:
                await judge_dirty(state, shared)
            await asyncio.sleep(0)

    await asyncio.wait_for(
        asyncio.gather(*(worker(list(range(w, partitions, 4))) for w in range(4))), 60
    )
    while await judge_dirty(state, RegistryView()):
        pass
    verdict = judge_statements(registry(*known), [s for log in logs for s in log])
    assert {a.rule: a.grams for a in verdict.alerts} == {
        EXCEEDED: 20_000_000, SCALE_EXCEEDED: 30_000_000,
    }  # fmt: skip
    for subject, memo in state.data.limits.items():
        assert memo.outcomes == {outcome_digest(o) for o in verdict.outcomes[subject]}
    assert set(state.data.limits) == {"approval/appr-1/1", "licence/lic-1/2026"}
