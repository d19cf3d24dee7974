"""A story of vehicles as the workers have judged it, in the database."""

import itertools
from collections import defaultdict
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from infra.runtime.offsets import OffsetTable
from infra.runtime.postgres import open_pool
from infra.runtime.settings import Settings
from schemas.decode import decode_registry_record
from services.registry import write_change_set
from streams.judging.registry import RegistryView
from streams.judging.statement import read_statement, to_micros
from streams.judging.tracks.said import read_track
from streams.postgres_state import PostgresState
from streams.track_batch import keep_tracks
from streams.track_worker import KnownPlaces
from streams.vehicles import judge_dirty_vehicles
from tests.integration.services.console.judged import Judge
from tests.tracks.story import Story, all_stories

_serials = itertools.count(700)


class Told:
    """A story as the workers have judged it."""

    def __init__(self, story: Story) -> None:
        self.plate, self.number = story.plate("truck"), story.number(next(iter(story.manifests)))
        self.story = story

    @property
    def path(self) -> str:
        return f"/journeys/{quote(self.plate)}/{self.number}"


async def tell(settings: Settings, judge: Judge, name: str) -> Told:
    """Write a story's registry, judge its manifests and its positions, and feed the alerts."""
    story = next(s for s in all_stories() if s.name == name)
    serial = next(_serials)
    story = msgspec.structs.replace(story, name=f"{name}-{serial}", serial=serial)
    await write_change_set(settings.database_registry, story.registry_lines, "test")
    view = RegistryView.known_at(map(decode_registry_record, story.registry_lines))
    said, tracks = defaultdict(list), []
    for raw in story.event_lines:
        received = to_micros(datetime.fromisoformat(msgspec.json.decode(raw)["liandanreceivedat"]))
        if b"vehicle.track" in raw:
            tracks.append(read_track(raw, received))
        else:
            statement = read_statement(raw, received)
            said[statement.event.subject].append(statement)
    await judge.manifests(list(said.values()), view)
    pool = await open_pool(settings.database_writer, most=2)
    try:
        offsets = OffsetTable("judge", f"tracks-of-{serial}", "one")
        state = PostgresState(pool, offsets, timedelta(0), small=True)
        await state.take([0])
        async with state.batch(0) as tx:
            await tx.advance(0, 1, b"0" * 32, datetime.now().astimezone())
            await keep_tracks(tx.connection, tracks)
        while (await judge_dirty_vehicles(state, RegistryView(), KnownPlaces(None))).taken:
            pass
    finally:
        await pool.close()
    await judge.feed()
    return Told(story)
