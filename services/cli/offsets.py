"""``liandan offsets``: where each consumer stands, and accepting another log by hand."""

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table

from infra.runtime.offsets import accept_log, cluster_id_of
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from services.cli.console import Failure, out, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.refeed import count_unjudged, refeed

__all__ = ["offsets_app"]

offsets_app = typer.Typer(
    name="offsets",
    help="位点：各消费者读到了哪里 / where each consumer stands in the log",
    no_args_is_help=True,
)

_SHOW = """
SELECT consumer, topic, partition, next_offset, epoch, clock, updated_at, cluster_id
FROM consumer_offset ORDER BY consumer, topic, partition
"""


@offsets_app.command()
def show() -> None:
    """列出全部位点 / List all positions."""
    table = Table("consumer", "topic", "partition", "next", "owner", "clock", "updated", "cluster")
    with served():
        quiet_logs()
        for row in asyncio.run(_rows(Settings())):
            clock, updated = (
                moment.isoformat(timespec="seconds") if moment else "" for moment in row[5:7]
            )
            table.add_row(*map(str, row[:5]), clock, updated, row[7])
        out.print(table)


async def _rows(settings: Settings) -> list[Any]:
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            return list(await connection.fetch(_SHOW))


@offsets_app.command()
def accept(
    consumer: Annotated[str, typer.Option(help="archiver, …")],
    partition: Annotated[int, typer.Option(min=0)],
    start: Annotated[str, typer.Option("--from", help="start | end | 位点 OFFSET")],
    topic: Annotated[str, typer.Option()] = MANIFEST_TOPIC,
) -> None:
    """接受现有日志，从指定处继续 / Accept the log as it is and go on from there.

    正在运行的进程会停下并从新位点重新开始。
    The process that runs is fenced and starts again from the new position.
    """
    if start not in ("start", "end") and not start.isdecimal():
        raise typer.BadParameter("start | end | OFFSET", param_hint="--from")
    to: Any = int(start) if start.isdecimal() else start
    with served():
        quiet_logs()
        typer.echo(asyncio.run(_accept(Settings(), consumer, topic, partition, to)))


async def _accept(settings: Settings, consumer: str, topic: str, partition: int, to: Any) -> str:
    with reaching("Kafka, Postgres"):
        try:
            return await accept_log(
                settings.database_writer, settings, consumer, topic, partition, to=to
            )
        except ValueError as error:  # no such partition or place in the log; in both languages
            raise Failure(str(error), "", code=1) from error


@offsets_app.command("refeed")
def send_again() -> None:
    """把已归档而未研判的事件送回日志 / Send what is archived but not judged into the log again.

    仅用于 Kafka 日志丢失之后、`offsets accept` 之前 / only after the loss of Kafka's log, and before
    `offsets accept`. 见 / see docs/how-to/restore.md
    """
    with served():
        quiet_logs()
        sent = asyncio.run(_refeed(Settings()))
        say(f"✓ 已送回 {sent} 条", "records sent again, byte for byte", "green")


async def _refeed(settings: Settings) -> int:
    async with connected(settings.database_reader) as connection:
        with reaching("Kafka"):
            cluster = await cluster_id_of(settings)
        with reaching("Postgres / Kafka"):
            unjudged = await count_unjudged(connection, cluster)
            if unjudged.records and not unjudged.other_log:
                raise Failure(
                    f"{unjudged.records} 条尚未研判，但日志仍在，研判会自行读取。",
                    f"{unjudged.records} are not judged yet, but the log is there: the worker will"
                    " read them.",
                    code=1,
                )
            return await refeed(connection, settings)
