"""Servers that lose updates are refused before anything is written."""

import asyncpg
import pytest
from typer.testing import CliRunner

from infra.postgres import MigrationError
from infra.postgres.release import require_sound_release
from services.cli.main import app


class Server:
    def __init__(self, number: int) -> None:
        self.number = number

    async def __call__(self, *_: object, **__: object) -> "Server":
        return self

    async def fetchval(self, query: str) -> str:
        number = {"SHOW server_version_num": str(self.number)}
        return number.get(query, f"{self.number // 10_000}.{self.number % 10_000}")

    async def close(self, **_: object) -> None:
        pass


@pytest.mark.parametrize("number", [180000, 180001])
async def test_a_release_that_loses_updates_is_refused_with_the_one_to_take(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncpg, "connect", Server(number))
    with pytest.raises(MigrationError, match=rf"18\.{number % 10}.*18\.2"):
        await require_sound_release("postgresql://x/")


@pytest.mark.parametrize("number", [160009, 170006, 180002, 180004, 190000])
async def test_other_releases_are_taken(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncpg, "connect", Server(number))
    await require_sound_release("postgresql://x/")


def test_migrate_says_so_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncpg, "connect", Server(180001))
    told = CliRunner().invoke(app, ["migrate"])
    assert told.exit_code == 3
    assert "会丢失并发更新" in told.output
    assert "Traceback" not in told.output
