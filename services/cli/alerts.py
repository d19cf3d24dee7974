"""``liandan alerts``: alerts of a running line in the terminal, or one manifest's in full."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from infra.runtime.settings import Settings
from schemas.alert import Alert
from services.cli.alert_card import card
from services.cli.alert_table import AlertTable
from services.cli.console import err, out, say
from services.cli.demo_home import running_settings
from services.cli.failures import connected, quiet_logs, reaching, served

__all__ = ["alerts"]

_LIST = """
SELECT state, body::text AS body, count(*) OVER () AS found FROM alert
WHERE finding <> 'notice' AND ($1 OR state = 'open')
ORDER BY changed_at DESC, id LIMIT $2
"""
_OF_SUBJECT = """
SELECT state, body::text AS body, count(*) OVER () AS found FROM alert
WHERE subject = $1 ORDER BY opened_at, id
"""


class _Format(StrEnum):
    TABLE = "table"
    NDJSON = "ndjson"


def alerts(
    subject: Annotated[
        str, typer.Argument(help="联单编号：详细列出 / a manifest number: tell its alerts in full")
    ] = "",
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="也列出已撤回的 / withdrawn ones too")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="最多几条 / at most")] = 50,
    form: Annotated[
        _Format, typer.Option("--format", help="终端输出 / what goes to stdout")
    ] = _Format.TABLE,
) -> None:
    """列出告警，新的在前 / Alerts, the newest first: violations, and what an officer must look at.

    本地环境或演示正在运行即可用 / of the local stack, or the demo, that runs here.
    退出码 / exit code: 0; 3 数据库不可用 / the database is away.
    """
    with served():
        quiet_logs()
        rows = asyncio.run(_read(running_settings(), subject, withdrawn, limit))
        if form is _Format.NDJSON:
            sys.stdout.buffer.write(b"".join(row["body"].encode() + b"\n" for row in rows))
            sys.stdout.flush()
            _tell_left_off(rows)
        elif subject:
            _tell(subject, [_alert(row) for row in rows])
        else:
            _list(rows)


async def _read(settings: Settings, subject: str, withdrawn: bool, limit: int) -> list[Any]:
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            if subject:
                return list(await connection.fetch(_OF_SUBJECT, subject))
            return list(await connection.fetch(_LIST, withdrawn, limit))


def _alert(row: Any) -> Alert:
    return msgspec.json.decode(row["body"], type=Alert)


def _tell(subject: str, found: list[Alert]) -> None:
    for alert in found:
        out.print(card(alert))
        out.print()
    n = sum(alert.state == "open" for alert in found)
    say(
        f"{subject}：告警 {len(found)} 条，其中 {n} 条未撤回",
        f"{len(found)} alerts, {n} of them open",
    )


def _tell_left_off(rows: list[Any]) -> None:
    """Say on stderr that a list for another program is not the whole of it."""
    if rows and rows[0]["found"] > len(rows):
        _say_found(rows[0]["found"], len(rows), to=err)


def _say_found(found: int, shown: int, to: Console = out) -> None:
    say(f"共 {found} 条，列出 {shown} 条", f"{found} in all, {shown} shown", to=to)


def _list(rows: list[Any]) -> None:
    table = AlertTable(out.width)
    if rows:
        out.print(table.header())
    for row in rows:
        out.print(table.row(_alert(row), "opened" if row["state"] == "open" else "withdrawn"))
    out.print()
    _say_found(rows[0]["found"] if rows else 0, len(rows))
