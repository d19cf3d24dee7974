"""What a channel is to be told: pure decisions over the newest revision of each alert.

At once: violations and reviews of high or critical severity, and the withdrawal of what was told.
In the digest: the rest. Notices are for the unit and never go to officers' channels. What opens
and is withdrawn before anyone was told of it is no news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.courier.channel import Channel

__all__ = ["AT_ONCE", "RANKS", "Change", "Item", "Newest", "Told", "at_once", "in_digest"]

AT_ONCE = ("high", "critical")
RANKS = {"critical": 0, "high": 1, "medium": 2, "low": 3}

Change = Literal["opened", "raised", "withdrawn"]


@dataclass(frozen=True)
class Newest:
    """The newest revision of an alert within a stretch of the feed. ``age_s``: since it was judged."""

    feed_seq: int
    alert_id: UUID
    state: str
    severity: str
    finding: str
    origin_region: str | None
    destination_region: str | None
    age_s: float


@dataclass(frozen=True)
class Told:
    """What the channel was last told of an alert."""

    state: str
    severity: str


@dataclass(frozen=True)
class Item:
    """One piece of news."""

    newest: Newest
    change: Change


def at_once(channel: Channel, revisions: Sequence[Newest], told: Mapping[UUID, Told]) -> list[Item]:
    """Return what cannot wait, the gravest first."""
    items = []
    for newest in revisions:
        before = _standing(newest, told)
        if newest.state == "withdrawn":
            if before is not None and before.severity in AT_ONCE:
                items.append(Item(newest, "withdrawn"))
        elif newest.severity in AT_ONCE and hears(channel, newest):
            if before is None:
                items.append(Item(newest, "opened"))
            elif RANKS[newest.severity] < RANKS[before.severity]:
                items.append(Item(newest, "raised"))
    return _by_gravity(items)


def in_digest(
    channel: Channel, revisions: Sequence[Newest], told: Mapping[UUID, Told]
) -> list[Item]:
    """Return the rest: what opened and was not told by name, what was withdrawn since."""
    items = []
    for newest in revisions:
        before = _standing(newest, told)
        if newest.state == "withdrawn":
            if before is not None:
                items.append(Item(newest, "withdrawn"))
        elif before is None and hears(channel, newest):
            items.append(Item(newest, "opened"))
    return _by_gravity(items)


def hears(channel: Channel, newest: Newest) -> bool:
    """Whether a channel is told of such alerts at all."""
    if newest.finding == "notice":
        return False
    if channel.severities and newest.severity not in channel.severities:
        return False
    return not channel.regions or any(
        region is not None and region.startswith(wanted)
        for wanted in channel.regions
        for region in (newest.origin_region, newest.destination_region)
    )


def _standing(newest: Newest, told: Mapping[UUID, Told]) -> Told | None:
    before = told.get(newest.alert_id)
    return before if before is not None and before.state == "open" else None


def _by_gravity(items: list[Item]) -> list[Item]:
    return sorted(items, key=lambda i: (RANKS[i.newest.severity], i.newest.feed_seq))
