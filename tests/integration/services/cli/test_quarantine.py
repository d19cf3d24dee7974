"""``liandan quarantine`` on a real database: list, show, answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra.local.stack import LocalStack
from services.cli.main import app

_PUT = """
INSERT INTO quarantine (consumer, topic, partition, kafka_offset, reason, detail, source, event_id,
    subject, raw, created_at)
VALUES ('judge', 'quarantine-cli', 0, $1, 'alias_subject', '{"subject": "right"}', $2, $3, 'wrong',
    $4, clock_timestamp() - interval '3 days') RETURNING id
"""


@pytest.fixture
async def rows(stack: LocalStack) -> AsyncIterator[list[int]]:
    """Three rows; nothing else is in quarantine."""
    connection = await asyncpg.connect(stack.settings.database_migrator)
    await connection.execute("DELETE FROM quarantine")
    raw = '{"说": "你好"}'.encode() + b"\xff"
    source = "urn:uscc:91130100MA0000000Y"
    yield [await connection.fetchval(_PUT, n, source, f"event-{n}", raw) for n in range(3)]
    await connection.execute("DELETE FROM quarantine WHERE topic = 'quarantine-cli'")
    await connection.close()


@pytest.fixture
def liandan(stack: LocalStack) -> Callable[..., Any]:
    environment = {"LIANDAN_HOME": str(stack.home), "COLUMNS": "200"}

    async def run(*words: Any) -> Result:
        """Commands have an event loop of their own."""
        line = ["quarantine", *map(str, words)]
        return await asyncio.to_thread(CliRunner().invoke, app, line, env=environment)

    return run


async def test_what_waits_is_listed_and_goes_once_it_is_answered(
    liandan: Any, rows: list[int]
) -> None:
    done = await liandan("list")
    assert done.exit_code == 0
    for row in rows:
        assert str(row) in done.stdout
    for told in ("3 d", "alias_subject", "event-1"):
        assert told in done.stdout
    done = await liandan("answer", rows[0], rows[1], "--note", "已电话通知该厂以正确编号补报")
    assert done.exit_code == 0, done.stderr
    assert "已处理 2 条" in done.stdout
    left = (await liandan("list")).stdout
    assert "event-2" in left
    assert "event-1" not in left
    everything = (await liandan("list", "--all")).stdout
    assert "event-1" in everything
    assert "已电话通知" in everything


async def test_one_is_shown_with_the_bytes_as_they_came(liandan: Any, rows: list[int]) -> None:
    done = await liandan("show", rows[2])
    assert done.exit_code == 0
    for told in ("event-2", '{"subject": "right"}', '{"说": "你好"}\\xff'):
        assert told in done.stdout


async def test_a_row_is_answered_once_and_the_rest_of_the_call_counts(
    liandan: Any, rows: list[int], stack: LocalStack
) -> None:
    assert (await liandan("answer", rows[0], "--note", "first")).exit_code == 0
    done = await liandan("answer", rows[0], rows[1], 10**9, "--note", "second")
    assert done.exit_code == 1
    assert str(rows[0]) in done.stderr
    assert str(10**9) in done.stderr
    connection = await asyncpg.connect(stack.settings.database_reader)
    answers = await connection.fetch(
        "SELECT answer FROM quarantine WHERE topic = 'quarantine-cli' ORDER BY id"
    )
    await connection.close()
    assert [row["answer"] for row in answers] == ["first", "second", None]


async def test_an_answer_says_something_and_not_too_much(liandan: Any, rows: list[int]) -> None:
    assert (await liandan("answer", rows[0], "--note", " ")).exit_code == 2
    assert (await liandan("answer", rows[0], "--note", "x" * 501)).exit_code == 2
    assert (await liandan("show", 10**9)).exit_code == 1
