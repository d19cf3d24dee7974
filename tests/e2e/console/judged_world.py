"""The demo's world as it stands in the database once all of it was judged, without posting it.

Events count as received shortly after they happened, late ones late, as in a year of service; posted
through a gateway all of them would be months late. So pictures are the same on every day.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from schemas.decode import decode_registry_record
from services.simulator import World
from streams.judging.registry import RegistryView
from streams.judging.statement import Statement, read_statement, to_micros
from tests.integration.services.console.judged import Judge

if TYPE_CHECKING:
    from streams.judging.outcome import Draw

_ON_THE_WAY = timedelta(minutes=2)
_TOGETHER = 200


def read_as_received(world: World) -> dict[str, list[Statement]]:
    """Return what is said of each manifest; an event was received when the latest before it was."""
    told: dict[str, list[Statement]] = defaultdict(list)
    latest: datetime | None = None
    for raw in world.events:
        statement = read_statement(raw, 0)
        time = statement.event.time
        latest = time if latest is None else max(latest, time)
        received = to_micros(latest + _ON_THE_WAY)
        told[statement.event.subject].append(
            msgspec.structs.replace(statement, received_us=received)
        )
    return told


async def write_judged(judge: Judge, world: World) -> None:
    """Judge the world twice, as the registry was at first and as it is in the end, and write it."""
    told = list(read_as_received(world).values())
    drawn: dict[str, dict[str, Draw]] = defaultdict(dict)
    for lines in (world.early, world.registry):
        view = RegistryView.known_at(decode_registry_record(line) for line in lines)
        for start in range(0, len(told), _TOGETHER):
            for decision in await judge.manifests(told[start : start + _TOGETHER], view):
                # Only those that changed: the others stand as they were drawn at first.
                for draw in decision.draws:
                    drawn[draw.limit][draw.manifest] = draw
    for limit, draws in drawn.items():
        await judge.limit(limit, list(draws.values()), view)
