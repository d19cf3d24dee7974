"""Disorder on the wire: some events are posted late, some twice; none is ever changed."""

from datetime import datetime, timedelta

from services.simulator.dice import Dice
from services.simulator.trip import Said

__all__ = ["in_order_of_posting"]

_LATE, _TWICE = 0.05, 0.03


def in_order_of_posting(said: list[Said], dice: Dice) -> list[tuple[datetime, bytes]]:
    """Return when each event reaches the gateway, and its bytes, in that order.

    The order is that of event time, but about 5 % come after later events of the same manifest and
    about 3 % come a second time, byte for byte.
    """
    by_trip: dict[int, list[Said]] = {}
    for each in said:
        by_trip.setdefault(each.trip, []).append(each)
    posts: list[tuple[datetime, int, bytes]] = []
    for events in by_trip.values():
        events.sort(key=lambda each: each.time)
        for n, each in enumerate(events):
            when = each.time
            if n + 1 < len(events) and dice.chance(_LATE * 1.3):  # the last one cannot be late
                after = events[dice.between(n + 1, len(events) - 1)].time
                when = after + timedelta(seconds=dice.between(1, 6 * 3600))
            posts.append((when, len(posts), each.line))
            if dice.chance(_TWICE):
                again = when + timedelta(seconds=dice.between(1, 2 * 86_400))
                posts.append((again, len(posts), each.line))
    posts.sort(key=lambda post: post[:2])
    return [(when, line) for when, _, line in posts]
