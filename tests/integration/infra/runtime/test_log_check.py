"""Whether the log is still the same: real Kafka, real damage."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from typer.testing import CliRunner

from infra.local.ports import free_port
from infra.local.stack import LocalStack
from infra.runtime.offsets import (
    LogBroken,
    OffsetTable,
    Position,
    accept_log,
    cluster_id_of,
    record_digest,
    verify_log,
)
from infra.runtime.settings import Settings
from services.cli.offsets import offsets_app
from tests.fresh_topic import create_topic, delete_records, delete_topic, send, writer

VALUES = [b"zero", b"one", b"two", None]


def at(next_offset: int, value: bytes | None = b"", partition: int = 0) -> Position:
    return Position(partition, next_offset, record_digest(value), 1, None)


@pytest.fixture
async def settings(stack: LocalStack) -> Settings:
    return stack.settings


@pytest.fixture
async def topic(settings: Settings) -> AsyncIterator[str]:
    name = await create_topic(settings, 2)
    await send(settings, name, VALUES)
    yield name


async def verify(settings: Settings, topic: str, *positions: Position) -> None:
    by_partition = {position.partition: position for position in positions}
    await verify_log(settings, topic, by_partition, consumer="test")


async def broken(settings: Settings, topic: str, *positions: Position) -> LogBroken:
    with pytest.raises(LogBroken) as caught:
        await verify(settings, topic, *positions)
    assert "liandan offsets accept --consumer test" in caught.value.cure
    return caught.value


async def test_the_same_log_passes_at_every_position(settings: Settings, topic: str) -> None:
    fresh = Position(1, 0, None, 1, None)
    await verify(settings, topic, fresh._replace(partition=0), fresh)
    for n, value in enumerate(VALUES):
        await verify(settings, topic, at(n + 1, value), fresh)


async def test_a_lost_tail_is_noticed(settings: Settings, topic: str) -> None:
    await delete_topic(settings, topic)
    await create_topic(settings, 2, topic)
    await send(settings, topic, [b"zero"])
    error = await broken(settings, topic, at(4, None))
    assert "lost its tail: it was read up to 4 and ends at 1 now" in error.sentence_en


async def test_a_log_that_grew_past_the_position_again_is_noticed_by_its_digest(
    settings: Settings, topic: str
) -> None:
    await delete_topic(settings, topic)
    await create_topic(settings, 2, topic)
    await send(settings, topic, [b"other"] * 9)
    error = await broken(settings, topic, at(4, None))
    assert "record 3 is not the one" in error.sentence_en


async def test_records_deleted_unread_are_noticed(settings: Settings, topic: str) -> None:
    await delete_records(settings, topic, 0, 2)
    error = await broken(settings, topic, at(1, b"zero"))
    assert "starts at 2: 1 records from 1 on" in error.sentence_en
    zero = Position(0, 0, None, 1, None)
    assert "starts at 2: 2 records from 0 on" in (await broken(settings, topic, zero)).sentence_en
    await verify(settings, topic, at(3, b"two"))


async def test_a_record_that_cannot_be_compared_any_more_is_not_trusted(
    settings: Settings, topic: str
) -> None:
    await delete_records(settings, topic, 0, 2)
    error = await broken(settings, topic, at(2, b"one"))
    assert "record 1 was deleted" in error.sentence_en


async def test_a_deleted_topic_is_noticed(settings: Settings, topic: str) -> None:
    await delete_topic(settings, topic)
    error = await broken(settings, topic, at(4, None), Position(1, 0, None, 1, None))
    assert "gone" in error.sentence_en
    with pytest.raises(KafkaError):  # never read: it may be about to be created
        await verify(settings, topic, Position(0, 0, None, 1, None))


async def test_every_broken_partition_is_named(settings: Settings, topic: str) -> None:
    error = await broken(settings, topic, at(2, b"other"), at(1, b"x", partition=1))
    assert error.cure.count("--partition") == 2


async def test_another_cluster_is_noticed(settings: Settings, topic: str) -> None:
    here = await cluster_id_of(settings)
    position = {0: at(4, None)}
    await verify_log(settings, topic, position, consumer="test", cluster_id=here)
    with pytest.raises(LogBroken, match="the Kafka cluster was elsewhere"):
        await verify_log(settings, topic, position, consumer="test", cluster_id="elsewhere")


async def test_kafka_away_is_no_broken_log(settings: Settings) -> None:
    away = settings.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{free_port()}"})
    with pytest.raises(KafkaError):
        await verify_log(away, "any", {0: at(1)}, consumer="test")
    with pytest.raises(KafkaError):
        await cluster_id_of(away)


@pytest.mark.parametrize(
    ("to", "expected"), [("start", (2, None)), ("end", (4, b"")), (3, (3, b"two"))]
)
async def test_what_was_accepted_passes_and_fences_the_owner(
    settings: Settings, topic: str, to: Any, expected: tuple[int, bytes | None]
) -> None:
    await delete_records(settings, topic, 0, 2)
    table = OffsetTable("test", topic, "a cluster of the past")
    async with writer(settings) as connection:
        old = (await table.take(connection, [0]))[0]
        await table.advance(connection, old, next_offset=1, digest=b"d", clock=None)
        sentence = await accept_log(settings.database_writer, settings, "test", topic, 0, to=to)
        assert "a cluster of the past" in sentence
        here = OffsetTable("test", topic, await cluster_id_of(settings))
        position = (await here.take(connection, [0]))[0]
    digest = None if expected[1] is None else record_digest(expected[1])
    assert (position.next_offset, position.digest, position.epoch) == (expected[0], digest, 3)
    await verify(settings, topic, position)


async def test_accepting_says_what_follows(settings: Settings, topic: str) -> None:
    async def accept(to: Any) -> str:
        return await accept_log(settings.database_writer, settings, "test", topic, 0, to=to)

    assert "2 records from 0 to 1 will be skipped" in await accept(2)
    assert "from 0 on will be read and judged again" in await accept("start")
    assert "stays at 0. 0…4: 4" in await accept("start")
    with pytest.raises(ValueError, match="outside the log"):
        await accept(5)
    with pytest.raises(ValueError, match="no partition"):
        await accept_log(settings.database_writer, settings, "test", topic, 7, to="end")


def test_the_command_of_a_broken_log_runs_as_it_is_written(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = stack.settings
    monkeypatch.setenv("LIANDAN_HOME", str(stack.home))
    cure = LogBroken.at("cli-test", "manifest.events", [(0, "", "")]).cure
    program, group, *arguments = cure.split()
    assert (program, group) == ("liandan", "offsets")
    assert Settings().kafka_bootstrap == settings.kafka_bootstrap
    done = CliRunner().invoke(offsets_app, arguments)
    assert done.exit_code == 0, done.output
    assert "cli-test manifest.events/0" in done.output
    shown = CliRunner().invoke(offsets_app, ["show"], env={"COLUMNS": "200"})
    assert "cli-test" in shown.output
    wrong = CliRunner().invoke(offsets_app, [*arguments[:-1], "somewhere"])
    assert wrong.exit_code == 2
