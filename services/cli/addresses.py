"""Where a running stack is to be found, and what its processes weigh."""

from rich.table import Table
from rich.text import Text

from infra.local.ports import HOST
from infra.local.stack import LocalStack
from services.cli.running import memory_mb

__all__ = ["address_table", "process_table"]


def address_table(stack: LocalStack) -> Table:
    """Return the addresses that people use."""
    settings = stack.settings
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (
        ("网关 gateway", f"{settings.gateway_url}/v1/events"),
        ("接口文档 API docs", f"{settings.gateway_url}/docs"),
        ("Kafka", settings.kafka_bootstrap),
        ("Postgres（只读 read only）", settings.database_reader),
        ("日志 logs", str(stack.home / "logs")),
    ):
        table.add_row(Text(name, "dim"), Text(value, "cyan"))
    return table


def process_table(stack: LocalStack) -> Table:
    """Return a row for each process: memory, metrics, log."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold dim")
    table.add_column("进程 process")
    table.add_column("pid", justify="right")
    table.add_column("内存 memory", justify="right")
    table.add_column("指标 metrics")
    table.add_column("日志 log")
    total = 0.0
    for name, pid in stack.pids().items():
        memory = memory_mb(pid)
        total += memory or 0
        metrics = ""
        if name not in ("kafka", "postgres"):
            metrics = f"http://{HOST}:{stack.metrics_port(name)}/metrics"
        shown = f"{memory:.0f} MB" if memory is not None else "?"
        table.add_row(name, str(pid), shown, Text(metrics, "cyan"), stack.log(name).name)
    table.add_row(Text("合计 total", "dim"), "", Text(f"{total:.0f} MB", "dim"))
    return table
