"""How fast a registry change reaches what it touches: ``python -m bench.rejudge [rate] [touched]``.

A private stack with one worker and the archiver. ``touched`` manifests go to one receiver, as many
to a second one; both are licensed. Then events flow to a third receiver at ``rate`` a second, and
in the middle of it the first receiver's licence is retracted. Prints one JSON object: how long until
every touched manifest has its open alert, and what was written for manifests of the second.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.rejudge_events import FLOWING, TOUCHED, UNTOUCHED, licence, manifest, permit
from infra.local.residence import remove_home
from infra.local.service import ARCHIVER, worker
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.settings import MANIFEST_TOPIC, Settings, home_from_environment
from schemas.receipt import event_digest
from services.registry import write_change_set

RULE = "licence.receiver_unlicensed"
SLICE_S = 0.05
"""The flow is cut into slices of this length, each sent at its time."""


@dataclass(frozen=True)
class Figures:
    """What one run saw. Seconds count from the moment the change was asked for."""

    asked_events_per_s: int
    sent_events_per_s: int
    judged_events_per_s: int
    lag_at_change: int
    """Events sent and not yet judged when the licence was retracted."""
    touched: int
    first_alert_s: float
    last_alert_s: float
    write_s: float
    """Of that, the change set's own transaction."""
    history_of_untouched: int
    """Rows of verdict history written for untouched manifests from the change on."""
    rejudged_untouched: int
    """Untouched manifests whose row was written again from the change on."""
    rejudged_flowing: int
    """Flowing manifests that had come to rest before the change and were written again."""


async def measure(settings: Settings, rate: int, touched: int, seconds: float) -> Figures:
    """Run the whole story on a running stack with a worker, nothing else in it."""
    quiet = [manifest(n, TOUCHED if n < touched else UNTOUCHED) for n in range(2 * touched)]
    flow = [manifest(2 * touched + n, FLOWING) for n in range(int(rate * seconds / 2))]
    lines = [*(licence(u) for u in (TOUCHED, UNTOUCHED, FLOWING)), permit()]
    await write_change_set(settings.database_registry, lines, "bench")
    reader = await asyncpg.connect(settings.database_reader)
    try:
        async with new_producer(settings) as producer:
            await _send(producer, [(s, raw) for s, raws in quiet for raw in raws])
            await _judged(reader, 4 * touched)
            if await _open(reader):
                raise RuntimeError("alerts before the change")
            return await _while_flowing(settings, reader, producer, flow, rate, touched)
    finally:
        await reader.close()


async def _while_flowing(
    settings: Settings,
    reader: Any,
    producer: AIOKafkaProducer,
    flow: Sequence[tuple[str, list[bytes]]],
    rate: int,
    touched: int,
) -> Figures:
    events = [(subject, raw) for subject, raws in flow for raw in raws]
    began = time.perf_counter()
    sent = _Count()
    flowing = asyncio.create_task(_flow(producer, events, rate, sent))
    while sent.n < len(events) * 0.4:  # noqa: ASYNC110 - the flow has no other signal
        await asyncio.sleep(0.01)
    mark = await reader.fetchval("SELECT coalesce(max(id), 0) FROM verdict_history")
    lag = sent.n - (await _done(reader) - 4 * touched)
    asked_at = await reader.fetchval("SELECT clock_timestamp()")
    asked = time.perf_counter()
    change = await write_change_set(
        settings.database_registry, [licence(TOUCHED, retracted=True)], "bench"
    )
    wrote = time.perf_counter() - asked
    first = 0.0
    while (found := await _open(reader)) < touched:
        first = first or (time.perf_counter() - asked if found else 0.0)
        if time.perf_counter() - asked > 60:
            raise TimeoutError(f"{found} of {touched} alerts")
        await asyncio.sleep(0.01)
    last = time.perf_counter() - asked
    sent_s = await flowing
    await _judged(reader, 4 * touched + len(events))
    judged_s = time.perf_counter() - began
    row = await reader.fetchrow(
        "SELECT (SELECT count(*) FROM verdict_history h JOIN manifest m USING (subject)"
        "  WHERE m.receiver = $1 AND h.id > $2) AS history,"
        " (SELECT count(*) FROM manifest WHERE receiver = $1 AND updated_at >= $3) AS untouched,"
        " (SELECT count(*) FROM manifest WHERE receiver = $4 AND registry_seq >= $5"
        "  AND subject = ANY ($6::text[])) AS flowing",
        UNTOUCHED,
        mark,
        asked_at,
        FLOWING,
        change.seq,
        [subject for subject, _ in flow[: len(flow) // 10]],
    )
    return Figures(
        rate, round(len(events) / sent_s), round(len(events) / judged_s), lag, touched,
        round(first or last, 3), round(last, 3), round(wrote, 3),
        row["history"], row["untouched"], row["flowing"],
    )  # fmt: skip


class _Count:
    n = 0


def _slices(events: Sequence[Any], each: int) -> Iterator[Sequence[Any]]:
    return (events[n : n + each] for n in range(0, len(events), each))


async def _flow(
    producer: AIOKafkaProducer, events: Sequence[tuple[str, bytes]], rate: int, sent: _Count
) -> float:
    began = time.perf_counter()
    for number, part in enumerate(_slices(events, max(1, round(rate * SLICE_S)))):
        await asyncio.sleep(max(0.0, began + number * SLICE_S - time.perf_counter()))
        await _send(producer, part)
        sent.n += len(part)
    return time.perf_counter() - began


async def _send(producer: AIOKafkaProducer, events: Sequence[tuple[str, bytes]]) -> None:
    now = str(time.time_ns() // 1000).encode()
    futures = [
        await producer.send(
            MANIFEST_TOPIC,
            raw,
            key=subject.encode(),
            headers=[("received_at", now), ("digest", event_digest(raw).encode())],
        )
        for subject, raw in events
    ]
    await asyncio.gather(*futures)


async def _done(reader: Any) -> int:
    return int(
        await reader.fetchval(
            "SELECT coalesce(sum(next_offset), 0) FROM consumer_offset WHERE consumer = 'judge'"
        )
    )


async def _judged(reader: Any, events: int) -> None:
    async with asyncio.timeout(120):
        while await _done(reader) < events:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)


async def _open(reader: Any) -> int:
    return int(
        await reader.fetchval("SELECT count(*) FROM alert WHERE rule = $1 AND state = 'open'", RULE)
    )


async def _main(rate: int, touched: int, home: Path) -> dict[str, object]:
    settings = Settings(home=home, gateway_port=0)
    cache = home_from_environment() / "cache"
    async with LocalStack(settings, [ARCHIVER, worker(1)], cache=cache) as stack:
        figures = await measure(stack.settings, rate, touched, 8)
    return asdict(figures) | {"cpus": os.cpu_count(), "load_average": os.getloadavg()[0]}


if __name__ == "__main__":
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)
    try:
        asked_rate = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
        count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
        print(json.dumps(asyncio.run(_main(asked_rate, count, home))))
    finally:
        remove_home(home)
