"""Webhook endpoints and their attempts as tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from schemas.instant import CHINA

__all__ = ["attempt_table", "endpoint_table", "moment"]


def endpoint_table(rows: Sequence[Any]) -> Table:
    """Return one row for each endpoint: state, what waits, what was given up, filters."""
    table = Table(
        "编号 id", "网址 url", "状态 state", "待发 waiting", "放弃 given up", "最近送达 last",
        "筛选 filters", "备注 note",
    )  # fmt: skip
    for row in rows:
        filters = [*row["regions"], *row["severities"], *row["findings"]]
        waiting = str(row["waiting"])
        if row["oldest"] is not None:
            waiting += f"（自 {moment(row['oldest'])}）"
        table.add_row(
            row["id"],
            Text(row["url"], overflow="fold"),
            _state(row),
            waiting,
            str(row["given_up"]),
            moment(row["last"]),
            " ".join(filters) or "全部 all",
            Text(row["note"]),
        )
    return table


def attempt_table(rows: Sequence[Any]) -> Table:
    """Return one row for each attempt."""
    table = Table("时间 at", "feed_seq", "状态码 status", "秒 s", "说明 error")
    for row in rows:
        delivered = row["status"] is not None and 200 <= row["status"] < 300
        table.add_row(
            moment(row["at"]),
            str(row["feed_seq"] or "测试 test"),
            Text(str(row["status"] or "—"), "green" if delivered else "red"),
            f"{row['seconds']:.2f}",
            Text(row["error"]),
        )
    return table


def _state(row: Any) -> Text:
    if row["disabled_at"] is not None:
        return Text(f"已停用 disabled {moment(row['disabled_at'])}", "bold red")
    if row["failures"]:
        since = moment(row["failing_since"])
        return Text(f"失败 {row['failures']} 次 failing since {since}", "yellow")
    return Text("正常 ok", "green")


def moment(at: datetime | None) -> str:
    """Return a moment in China time, "" for none."""
    return at.astimezone(CHINA).strftime("%m-%d %H:%M:%S") if at else ""
