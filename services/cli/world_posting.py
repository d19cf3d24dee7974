"""Posting a world as its firms would: each with its own key, roughly in the world's order."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, pairwise
from typing import Any, Protocol

import msgspec

from schemas.track import TRACK_TYPE
from services.cli.console import Failure
from services.cli.gateway_client import MAX_EVENTS, GatewayClient, Item
from services.cli.keys import create_key
from services.cli.world_terminals import WorldTerminals
from services.simulator import World

__all__ = ["Backstage", "Posted", "create_keys", "post_world"]

_LEAST_WINDOW, _MOST_WINDOWS = 25, 40
_WINDOW_S = 0.08
"""A window of a small world takes so long at the least: alerts are to be seen coming.

More windows than forty are seen no better, and cost the line a transaction and the reader two lines for
each alert of silence that the next window withdraws.
"""


class _Head(msgspec.Struct):
    source: str
    type: str = ""
    subject: str = ""


@dataclass
class Posted:
    """What the gateway said. ``refused``: the problem of each event that it did not keep.

    ``conflicts``: of those accepted, what only another gateway took. Vehicles' positions are no part of
    ``accepted``: their log is read on roads of its own. ``positions``: events of them that were accepted;
    ``frames``: how many more a terminal told itself.
    """

    events: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    positions: int = 0
    frames: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, items: Sequence[Item], heads: "Sequence[_Head] | None" = None) -> None:
        """Count the items of one answer; ``heads``: of what was posted, in the same order."""
        self.events += len(items)
        tracks = [head.type == TRACK_TYPE for head in heads or ()] or [False] * len(items)
        for item, of_track in zip(items, tracks, strict=True):
            if item.conflict:
                self.conflicts += 1
                self.accepted += 1
            elif not item.kept:
                self.refused.append(item.problem or {"status": item.status})
            elif item.duplicate:
                self.duplicates += 1
            elif of_track:
                self.positions += 1
            else:
                self.accepted += 1


class Backstage(Protocol):
    """What happens to the world beside the firms' posting."""

    async def record(self, lines: Sequence[bytes]) -> None:
        """Write records into the registry."""
        ...

    async def take_elsewhere(self, events: Sequence[bytes]) -> None:
        """Take events at a gateway that does not know what contradicts them."""
        ...


async def create_keys(connection: Any, world: World) -> dict[str, str]:
    """Create an API key for each firm of the world: source to token, all from one moment on."""
    async with connection.transaction():
        return {
            firm.source: (await create_key(connection, firm.uscc, f"demo {firm.name}")).token
            for firm in {firm.source: firm for firm in world.firms}.values()
        }


async def post_world(
    client: GatewayClient,
    world: World,
    tokens: Mapping[str, str],
    backstage: Backstage,
    advance: Callable[[int], None],
    terminals: WorldTerminals | None = None,
) -> Posted:
    """Post window by window; within a window all firms post at once. Raises Failure.

    Between windows the registry learns what the world records late. What ``terminals`` speak for goes by them.
    """
    posted = Posted()
    size = max(_LEAST_WINDOW, len(world.events) // _MOST_WINDOWS)
    late: dict[int, list[bytes]] = defaultdict(list)
    for place, line in world.late:
        late[place].append(line)
    for start, end in pairwise(
        sorted({*range(0, len(world.events), size), len(world.events), *late})
    ):
        if start in late:
            await backstage.record(late[start])
        window = world.events[start:end]
        heads = [_head(event) for event in window]
        spoken = [terminals is not None and terminals.speaks_for(head.subject) for head in heads]
        batches = [
            (_token_of(tokens, source), [head for head, _ in some], [event for _, event in some])
            for source, told in _by_source(window, heads, spoken).items()
            for some in (told[at : at + MAX_EVENTS] for at in range(0, len(told), MAX_EVENTS))
        ]
        pause = asyncio.create_task(asyncio.sleep(_WINDOW_S if size == _LEAST_WINDOW else 0))
        answers, frames = await asyncio.gather(
            asyncio.gather(*(client.post(token, events) for token, _, events in batches)),
            _spoken(terminals, list(compress(window, spoken))),
        )
        posted.frames += frames
        contradicting: list[bytes] = []
        for (_, of, events), items in zip(batches, answers, strict=True):
            posted.add(items, of)
            contradicting += [e for e, item in zip(events, items, strict=True) if item.conflict]
        if contradicting:
            await backstage.take_elsewhere(contradicting)
        await pause
        advance(len(window))
    return posted


async def _spoken(terminals: WorldTerminals | None, events: Sequence[bytes]) -> int:
    return await terminals.send(events) if terminals is not None and events else 0


_head = msgspec.json.Decoder(_Head).decode


def _by_source(
    events: Sequence[bytes], heads: Sequence[_Head], spoken: Sequence[bool]
) -> dict[str, list[tuple[_Head, bytes]]]:
    """Return what is posted, by who posts it."""
    grouped: dict[str, list[tuple[_Head, bytes]]] = defaultdict(list)
    for event, head, by_terminal in zip(events, heads, spoken, strict=True):
        if not by_terminal:
            grouped[head.source].append((head, event))
    return grouped


def _token_of(tokens: Mapping[str, str], source: str) -> str:
    try:
        return tokens[source]
    except KeyError:
        raise Failure(f"{source} 没有密钥。", f"There is no key for {source}.") from None
