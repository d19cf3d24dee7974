"""The `alerts` topic: outbox rows go out in order and are marked once the broker has them."""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka.errors import KafkaError

from infra.runtime.kafka import new_producer
from infra.runtime.settings import Settings
from schemas.topics import HEADER_OUTBOX_ID
from services.courier.metrics import OUTBOX_AGE, SENT
from services.courier.outbox import WELL_FORMED

__all__ = ["AlertsTopic"]

_BATCH = 500
_STOP_S = 1.0

_UNSENT = f"""
SELECT id, key, topic, payload::text AS payload,
    extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
FROM outbox o WHERE sent_at IS NULL AND {WELL_FORMED} ORDER BY id LIMIT $1
"""  # noqa: S608 - no value in it
_MARK = "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY ($1::bigint[])"


class AlertsTopic:
    """Publishes what is unsent. Key: alert id; header ``id``: alert id and revision.

    Killed after the broker's word and before the mark it sends again, with the same id: twice at
    worst, never zero. Revisions of one alert keep their order: a row's id is greater than those
    of its alert's earlier revisions, which committed before it was written.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None

    async def publish(self, pool: Any) -> bool:
        """Send and mark one batch; True if more may be left. Raises KafkaError, OSError."""
        rows = await pool.fetch(_UNSENT, _BATCH)
        OUTBOX_AGE.set(max((row["age"] for row in rows), default=0.0))
        if not rows:
            return False
        try:
            sent = await self._send(rows)
        except BaseException:
            # An idempotent producer may wedge after an outage (pitfall 1017): never use it again.
            await self.close()
            raise
        await pool.execute(_MARK, [row["id"] for row in rows[:sent]])
        SENT.inc(sent)
        if sent < len(rows):
            await self.close()
            raise KafkaError(f"{len(rows) - sent} of {len(rows)} alerts were not acknowledged")
        return len(rows) == _BATCH

    async def close(self) -> None:
        """Let go of the producer; what it still has under way may arrive or not."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, OSError):  # TimeoutError is an OSError
                await asyncio.wait_for(producer.stop(), _STOP_S)

    async def _send(self, rows: Any) -> int:
        """Return how many from the first on are acknowledged.

        What is acknowledged behind a gap goes out again: its alert's order comes first.
        """
        patience = self._settings.gateway_ack_timeout_s
        if self._producer is None:
            producer = new_producer(self._settings)
            self._producer = producer
            async with asyncio.timeout(patience):
                await producer.start()
        futures = []
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(patience):
                for row in rows:
                    futures.append(  # noqa: PERF401 - what was sent before an error counts
                        await self._producer.send(
                            row["topic"],
                            row["payload"].encode(),
                            key=row["key"].partition(":")[0].encode(),
                            headers=[(HEADER_OUTBOX_ID, row["key"].encode())],
                        )
                    )
                await asyncio.wait(futures)
        sent = 0
        for future in futures:
            if not future.done() or future.cancelled() or future.exception() is not None:
                break
            sent += 1
        return sent
