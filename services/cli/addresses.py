"""Where a running stack is to be found, and what its processes weigh."""

from typing import TYPE_CHECKING

from rich.cells import set_cell_size
from rich.table import Table
from rich.text import Text

from infra.local.ports import HOST
from services.cli.console import out
from services.cli.running import memory_mb

if TYPE_CHECKING:  # a container has no local stack, and not what one stands on
    from infra.local.stack import LocalStack

__all__ = ["print_addresses", "process_table"]

_LABEL = 26


def print_addresses(stack: "LocalStack") -> None:
    """Print the addresses that people use, each whole on a line of its own."""
    settings = stack.settings
    for name, value in (
        ("监管台 console", settings.console_address),
        ("网关 gateway", f"{settings.gateway_url}/v1/events"),
        ("接口文档 API docs", f"{settings.gateway_url}/docs"),
        ("Kafka", settings.kafka_bootstrap),
        ("Postgres 只读 read only", settings.database_reader),
        ("日志 logs", str(stack.home / "logs")),
    ):
        label = set_cell_size(name, _LABEL)
        out.print(Text.assemble((label, "dim"), (value, "cyan")), soft_wrap=True)


def process_table(stack: "LocalStack") -> Table:
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
