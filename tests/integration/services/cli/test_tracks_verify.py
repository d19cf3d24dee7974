"""``liandan tracks --verify`` tells which files are not what was archived."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra.local.stack import LocalStack
from infra.runtime.settings import TRACKS_TOPIC
from services.archiver.tracks import TrackArchiver
from services.cli.main import app
from tests.fresh_topic import send, writer
from tests.terminal_frames import PLATE, frame, position


@pytest.fixture
async def archived(stack: LocalStack, tmp_path: Path) -> Any:
    """Two files of the topic itself, on record; nothing else is."""
    settings = stack.settings.model_copy(
        update={"tracks_directory": tmp_path, "tracks_file_s": 0.1}
    )
    async with writer(settings) as connection:
        for count in (1, 2):
            await send(settings, TRACKS_TOPIC, [frame(0x0200, position())])
            stop = asyncio.Event()
            task = asyncio.ensure_future(TrackArchiver(settings, stop).run())
            async with asyncio.timeout(20):
                while await connection.fetchval("SELECT count(*) FROM track_file"
                                                " WHERE topic = $1", TRACKS_TOPIC) < count:  # fmt: skip
                    await asyncio.sleep(0.02)
            stop.set()
            await task
        rows = await connection.fetch(
            "SELECT name FROM track_file WHERE topic = $1 ORDER BY name", TRACKS_TOPIC
        )
    return [tmp_path / row["name"] for row in rows]


async def liandan(stack: LocalStack, directory: Path, *words: str) -> Result:
    environment = {
        "LIANDAN_HOME": str(stack.home),
        "LIANDAN_TRACKS_DIRECTORY": str(directory),
        "COLUMNS": "200",
    }
    line = ["tracks", *words]
    return await asyncio.to_thread(CliRunner().invoke, app, line, env=environment)


async def test_a_tampered_or_lost_file_is_told(
    stack: LocalStack, archived: list[Path], tmp_path: Path
) -> None:
    done = await liandan(stack, tmp_path, PLATE, "--verify")
    assert done.exit_code == 0, done.output
    assert "2 个文件与登记的摘要相符" in done.stderr
    altered, lost = archived
    content = bytearray(altered.read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    lost.unlink()
    done = await liandan(stack, tmp_path, "--verify")
    assert done.exit_code == 1
    told = {line.split()[0]: line for line in done.stderr.splitlines()}
    assert "与登记的摘要不符" in told[altered.relative_to(tmp_path).as_posix()]
    assert "不见了" in told[lost.relative_to(tmp_path).as_posix()]
