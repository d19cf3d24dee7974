"""A change of the registry judges again what it touches while events flow, and nothing else."""

import pytest

from bench.rejudge import measure
from infra.local.service import ARCHIVER, worker
from tests.conftest import MakeStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

RATE = 500
"""Events a second: what a loaded CI machine still does; ``bench/rejudge.py`` measures 2,000."""
WITHIN_S = 10


async def test_a_retracted_licence_reaches_all_that_it_touches_while_events_flow_and_nothing_else(
    make_stack: MakeStack,
) -> None:
    stack = await make_stack([ARCHIVER, worker(1)])
    seen = await measure(stack.settings, RATE, touched=150, seconds=8)
    assert seen.last_alert_s < WITHIN_S
    assert seen.history_of_untouched == 0
    assert seen.rejudged_untouched == 0
    assert seen.rejudged_flowing == 0
