"""Whatever is thrown at a real gateway process: never a 5xx, flat memory, good events get through.

``python -m bench.hostile`` does the same at full length.
"""

import os
import signal

import pytest

from infra.local.service import GATEWAY
from tests.conftest import MakeStack
from tests.fuzz.assault import assault_on

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

BODIES = 3_000
GROWS_MB = 60
"""Warm-up apart: buffers of the largest bodies and the allocator's slack, not a leak."""


async def test_mutated_bodies_get_an_answer_each_and_never_a_5xx(make_stack: MakeStack) -> None:
    stack = await make_stack([GATEWAY])
    assault = await assault_on(stack)
    await assault.bodies(seed=1, count=BODIES // 3)  # warm
    before = assault.rss_mb()
    async with assault.watched():
        await assault.bodies(seed=2, count=BODIES - BODIES // 3)
    assert await assault.post_good() < 1
    assert not assault.broken, assault.broken[:5]
    assert sum(assault.statuses.values()) == BODIES
    assert assault.rss_mb() - before < GROWS_MB
    assert assault.late() == 0


async def test_rude_clients_shut_nobody_out(make_stack: MakeStack) -> None:
    stack = await make_stack([GATEWAY])
    assault = await assault_on(stack)
    before = assault.rss_mb()
    async with assault.watched():
        await assault.slow_bodies(100, 1.5)
        await assault.slow_heads(300, 0.5)
        await assault.half_closed(30)
        await assault.pipelined(4)
        await assault.malformed(1, 19)
        await assault.crowd(400)
    assert await assault.post_good() < 1
    assert not assault.broken, assault.broken[:5]
    assert assault.late() == 0
    assert assault.rss_mb() - before < GROWS_MB


@pytest.mark.skipif("LIANDAN_SOAK_MINUTES" not in os.environ, reason="with the soak")
async def test_without_kafka_the_only_5xx_is_503(make_stack: MakeStack) -> None:
    stack = await make_stack([GATEWAY], gateway_ack_timeout_s=0.5)
    assault = await assault_on(stack)
    stack.suspend_restart("kafka")
    stack.kill("kafka", signal.SIGKILL)
    await assault.bodies(seed=3, count=60)
    served = {status for status in assault.statuses if status >= 500}
    assert served | {status for status in assault.items if status >= 500} <= {503}
    assert not [one for one in assault.broken if "503" not in one], assault.broken[:5]
    stack.resume_restart("kafka")
    await stack.wait_ready("kafka")
