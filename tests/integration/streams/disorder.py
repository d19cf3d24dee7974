"""One line told of events and records by turns, in any order, with copies, and judging in between."""

import json
import random
from collections.abc import Sequence
from typing import Protocol

__all__ = ["TellingLine", "retracted", "tell_in_disorder"]


class TellingLine(Protocol):
    """A line under test."""

    async def say(self, *values: bytes) -> None:
        """Have events come in."""

    async def learn(self, *lines: bytes) -> None:
        """Record a change of the registry."""

    async def judge(self) -> None:
        """Judge what is dirty."""


def retracted(line: bytes) -> bytes:
    """Return the record that takes another back."""
    return json.dumps({**json.loads(line), "retracted": True}, ensure_ascii=False).encode()


async def tell_in_disorder(
    line: TellingLine,
    rng: random.Random,
    events: Sequence[bytes],
    records: Sequence[bytes],
    most: int,
) -> None:
    """Tell every event twice, ``most`` at a time, and every record, judging now and then."""
    said, left = [*events, *events], list(records)
    rng.shuffle(said)
    rng.shuffle(left)
    while said or left:
        step = rng.choice(("say", "say", "learn", "judge"))
        if step == "say" and said:
            await line.say(*[said.pop() for _ in range(min(len(said), rng.randint(1, most)))])
        elif step == "learn" and left:
            await line.learn(*[left.pop() for _ in range(rng.randint(1, len(left)))])
        elif step == "judge":
            await line.judge()
