"""``liandan quarantine``: records that wait for an answer, their bytes, and the answer."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from infra.runtime.settings import Settings
from services.cli.console import Failure, out, say
from services.cli.failures import connected, quiet_logs, reaching, served

__all__ = ["quarantine_app"]

quarantine_app = typer.Typer(
    name="quarantine",
    help="隔离：未能采信、等待处理的记录 / records in quarantine that wait for an answer",
    no_args_is_help=True,
)

_LONGEST_ANSWER = 500
_LIST = """
SELECT id, created_at, consumer, reason, source, event_id, subject, answer
FROM quarantine WHERE answered_at IS NULL OR $1 ORDER BY created_at, id LIMIT $2
"""
_SHOW = "SELECT * FROM quarantine WHERE id = $1"
_ANSWER = """
UPDATE quarantine SET answered_at = clock_timestamp(), answer = $2
WHERE id = ANY ($1::bigint[]) AND answered_at IS NULL RETURNING id
"""


@quarantine_app.command("list")
def list_rows(
    everything: Annotated[
        bool, typer.Option("--all", help="含已处理的 / answered ones too")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """列出等待处理的记录，最早的在前 / List what waits for an answer, the oldest first."""
    with served():
        quiet_logs()
        rows = asyncio.run(_rows(Settings().database_reader, _LIST, everything, limit))
        if not rows:
            say("✓ 没有等待处理的记录", "nothing waits for an answer", "green")
            return
        table = Table("id", "age", "by", "reason", "source", "event", "subject", "answer")
        now = datetime.now(UTC)
        for row in rows:
            told = (row["source"], row["event_id"], row["subject"], row["answer"])
            table.add_row(
                str(row["id"]),
                _age((now - row["created_at"]).total_seconds()),
                row["consumer"],
                row["reason"],
                *(Text(value or "") for value in told),
            )
        out.print(table)


@quarantine_app.command()
def show(row: Annotated[int, typer.Argument(help="编号 / id")]) -> None:
    """显示一条记录：原因、出处、原始字节 / Show one: reason, place, and the bytes as they came."""
    with served():
        quiet_logs()
        rows = asyncio.run(_rows(Settings().database_reader, _SHOW, row))
        if not rows:
            raise Failure(f"没有编号 {row}。", f"There is no row {row}.", code=1)
        found = dict(rows[0])
        raw = found.pop("raw")
        detail = json.dumps(json.loads(found.pop("detail")), ensure_ascii=False)
        for name, value in {**found, "detail": detail}.items():
            if value is not None:
                out.print(Text(f"{name:<14}{value}"), soft_wrap=True)
        out.print(Text(raw.decode("utf-8", "backslashreplace")), soft_wrap=True)


@quarantine_app.command()
def answer(
    rows: Annotated[list[int], typer.Argument(help="编号 / ids")],
    note: Annotated[
        str, typer.Option(help="处理结果：通知了谁、如何更正 / what was done about it")
    ],
) -> None:
    """写明处理结果；记录本身一个字节也不改 / Note what was done; not one byte of the record changes."""
    with served():
        quiet_logs()
        if not note.strip() or len(note) > _LONGEST_ANSWER:
            raise typer.BadParameter(f"1–{_LONGEST_ANSWER} 个字 / characters", param_hint="--note")
        dsn = Settings().database_registry
        done = {row["id"] for row in asyncio.run(_rows(dsn, _ANSWER, rows, note.strip()))}
        if done:
            say(f"✓ 已处理 {len(done)} 条", "answered", "green")
        if left := [str(row) for row in rows if row not in done]:
            raise Failure(
                f"没有等待处理的编号 {'、'.join(left)}。",
                f"No row of that number waits for an answer: {', '.join(left)}.",
                code=1,
            )


async def _rows(dsn: str, query: str, *arguments: Any) -> list[Any]:
    async with connected(dsn) as connection:
        with reaching("Postgres"):
            return list(await connection.fetch(query, *arguments))


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
