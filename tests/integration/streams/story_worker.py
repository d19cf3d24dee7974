"""The stream's own worker process, on a topic of a test, with the stories' time in place of ours.

``python -m tests.integration.streams.story_worker '{"topic": …, "clocks": …, "settings": {…}}'``. The
file ``clocks`` holds each partition's time as the test wants it; while it holds none for a partition,
that partition knows only the times of its records, as one that has not caught up.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

from infra.runtime.logs import configure_logs
from infra.runtime.settings import Settings
from streams.judge_worker import JudgeWorker
from streams.worker import run


class StoryWorker(JudgeWorker):
    """A worker that takes "now" from a file."""

    def __init__(self, settings: Settings, topic: str, clocks: Path) -> None:
        super().__init__(settings, topic)
        self._file, self._read_at = clocks, -1
        self._clocks: dict[str, str] = {}

    async def tick(
        self, partition: int, position: int, end_offset: int | None, checked_at: datetime | None
    ) -> None:
        changed = self._file.stat().st_mtime_ns
        if changed != self._read_at:
            self._clocks, self._read_at = json.loads(self._file.read_text()), changed
        told = self._clocks.get(str(partition)) if checked_at is not None else None
        now = datetime.fromisoformat(told) if told is not None else None
        await super().tick(partition, position, end_offset, now)


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    asked = Settings(**order["settings"])
    configure_logs(asked.worker_id)
    sys.exit(run(asked, StoryWorker(asked, order["topic"], Path(order["clocks"])), order["topic"]))
