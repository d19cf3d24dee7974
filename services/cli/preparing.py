"""Progress of a starting stack: a live list on a terminal, a line per stage elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column

from services.cli.console import out, say

__all__ = ["Preparing"]

_STAGES = {
    "jars": ("Kafka 程序文件", "Kafka's files"),
    "kafka": ("启动 Kafka", "Kafka"),
    "postgres": ("启动 Postgres", "Postgres"),
    "migrations": ("建表", "migrations"),
    "services": ("网关、归档、研判、投递、监管台", "gateway, archiver, judge, courier, console"),
}


class Preparing:
    """A context whose ``tell`` is the progress callback of ``LocalStack``."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._tasks: dict[str, int] = {}
        self._done: set[str] = set()
        self._live = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description}", table_column=Column(min_width=44)),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=out,
            disable=not out.is_terminal,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._live.stop()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of a stage are done."""
        zh, en = _STAGES.get(stage, (stage, stage))
        if stage not in self._tasks:
            self._tasks[stage] = self._live.add_task(f"{zh}  [dim]{en}[/dim]", total=total)
        self._live.update(self._live.task_ids[self._tasks[stage]], completed=done, total=total)
        if done == total and stage not in self._done:
            self._done.add(stage)
            if not out.is_terminal:
                say(f"✓ {zh}", f"{en}, {time.monotonic() - self._began:.1f} s")
