"""A flood on one manifest costs its author, and nobody else's word is drowned by it."""

from datetime import UTC, datetime

from streams.batch import MOST_SAID, Input, SubjectCache, commit_batch
from streams.judging.memory_state import MemoryState
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, read_statement
from tests.integration.streams.speech import NOON, STRANGER, Speech


async def test_a_stranger_who_floods_a_manifest_does_not_drown_its_carrier() -> None:
    speech, state = Speech(7), MemoryState()
    view, cache = RegistryView(), SubjectCache(10)
    said: list[Statement] = []

    async def say(*raws: bytes) -> list[str]:
        start = len(said)
        said.extend(read_statement(raw, start + n, offset=start + n) for n, raw in enumerate(raws))
        given = Input(start, len(said), b"digest", datetime(2026, 9, 1, tzinfo=UTC), said[start:])
        result = await commit_batch(state, 0, given, view, cache)
        return [q.reason for q in result.quarantined]

    await say(speech.filed())
    flood = [
        speech.event("voided", STRANGER, speech.number(), NOON, {"reason": "示例"})
        for _ in range(MOST_SAID + 40)
    ]
    assert await say(*flood[:300]) == []
    assert await say(*flood[300:]) == ["too_many_events"] * 40
    assert await say(flood[0]) == [], "a copy of what is known is no excess"
    assert await say(speech.dispatched()) == []
    held = state.data.held[speech.number()][1]
    assert len(held.statements) == MOST_SAID + 2
    opened = {key.partition("|")[0] for key, m in held.memo.alerts.items() if m.state == "open"}
    assert {"cross_province.no_approval", "licence.receiver_unlicensed"} <= opened
