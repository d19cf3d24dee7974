"""The whole line with a small world on it, and loads that raise one alert each."""

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.stack import LocalStack
from services.cli.another_gateway import take_elsewhere
from services.cli.gateway_client import GatewayClient
from services.cli.world_posting import create_keys, post_world
from services.console.account import create_account
from services.registry import write_change_set
from services.simulator import World
from tests.integration.services.console.console_served import PASSWORD, connect

MODEL = "20262201226089"
"""A load of the world that crosses provinces without approval, and does nothing else wrong."""
ORIGIN, DESTINATION, ELSEWHERE = "22", "14", "54"
"""Provinces of that load, and one with which no load of the world has to do."""

_logins = itertools.count(1)
_serials = itertools.count(900_001)


class Line:
    """A running stack, seen from outside: firms post, the database tells what became of it."""

    def __init__(self, stack: LocalStack, world: World) -> None:
        self.stack, self.world = stack, world
        self._tokens: Mapping[str, str] = {}

    @property
    def address(self) -> str:
        """Where the console answers."""
        return self.stack.settings.console_address

    async def play(self) -> None:
        """Load the registry, post the world, and wait until it is judged and in the feed."""
        settings = self.stack.settings
        await write_change_set(settings.database_registry, self.world.early, "test")
        registry = await connect(settings.database_registry)
        self._tokens = await create_keys(registry, self.world)
        await registry.close()
        async with GatewayClient(settings.gateway_url) as client:
            await client.wait_for_key(list(self._tokens.values())[-1])
            posted = await post_world(client, self.world, self._tokens, self, lambda _: None)
        assert not [p for p in posted.refused if p.get("code") != "id_conflict"]
        await self.until(
            "SELECT sum(next_offset) >= $1 FROM consumer_offset WHERE consumer = 'judge'",
            posted.accepted,
        )
        await self.until(
            "SELECT NOT EXISTS (SELECT FROM dirty) AND NOT EXISTS (SELECT FROM rejudge)"
            " AND (SELECT count(*) FROM feed) >= (SELECT count(*) FROM alert)"
        )

    async def record(self, lines: Sequence[bytes]) -> None:
        """Write what the world's registry learns late."""
        await write_change_set(self.stack.settings.database_registry, lines, "test")

    async def take_elsewhere(self, events: Sequence[bytes]) -> None:
        """Put what the first gateway refuses into the log."""
        await take_elsewhere(self.stack.settings, events)

    async def new_load(self) -> str:
        """Post a load of its own number that raises one alert; return the number."""
        number = f"{MODEL[:8]}{next(_serials):06d}"
        for raw in self.world.events:
            event = json.loads(raw)
            verb = event["type"].split(".")[2]
            if event["subject"] == MODEL and verb in ("filed", "dispatched"):
                event |= {"subject": number, "id": f"{event['id'][:-6]}{number[-6:]}"}
                token = self._tokens[event["source"]]
                async with GatewayClient(self.stack.settings.gateway_url) as client:
                    (item,) = await client.post(token, [json.dumps(event).encode()])
                assert item.kept, item.problem
        return number

    async def alert_of(self, number: str) -> str:
        """Wait until the alert of a load is in the feed; return its id."""
        await self.until("SELECT count(*) = 1 FROM feed WHERE payload ->> 'subject' = $1", number)
        return str(await self.ask("SELECT id FROM alert WHERE subject = $1", number))

    async def officer(self, *regions: str) -> str:
        """Create an account; return its login."""
        login = f"officer{next(_logins)}"
        registry = await connect(self.stack.settings.database_registry)
        await create_account(registry, login, f"示例人员{login}", PASSWORD, regions, "officer")
        await registry.close()
        return login

    async def end_sessions(self, login: str) -> None:
        """Let so much time pass for an officer's sessions that they are over."""
        migrator = await connect(self.stack.settings.database_migrator)
        await migrator.execute(
            "UPDATE console_session SET last_seen_at = last_seen_at - idle_for WHERE login = $1",
            login,
        )
        await migrator.close()

    async def ask(self, sql: str, *arguments: Any) -> Any:
        """Return one value from the database."""
        reader = await connect(self.stack.settings.database_reader)
        try:
            return await reader.fetchval(sql, *arguments)
        finally:
            await reader.close()

    async def until(self, sql: str, *arguments: Any, within_s: float = 60) -> None:
        """Wait until a question is answered with yes."""
        async with asyncio.timeout(within_s):
            while not await self.ask(sql, *arguments):
                await asyncio.sleep(0.1)
