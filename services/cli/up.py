"""``liandan up``: the whole local stack in the foreground."""

from typing import Annotated

import typer

from infra.local.service import (
    ARCHIVER,
    CONSOLE,
    COURIER,
    GATEWAY,
    MEDICAL_WORKER,
    TRACK_WORKER,
    worker,
)
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from services.cli.addresses import print_addresses, process_table
from services.cli.child_events import EventTeller
from services.cli.console import out, say
from services.cli.failures import quiet_logs, served
from services.cli.foreground import INTERRUPTED, run_foreground, until_signalled
from services.cli.preparing import Preparing

__all__ = ["up"]


def up(
    workers: Annotated[int, typer.Option(min=1, max=16, help="研判进程数 / stream workers")] = 1,
) -> None:
    """启动本地环境，Ctrl-C 停止 / Kafka, Postgres, gateway, console and the rest; Ctrl-C stops.

    退出码 / exit code: 0 已停止 / stopped by hand; 2 无法启动 / cannot start.
    """
    with served():
        settings = Settings()
        quiet_logs(settings.home.expanduser() / "logs" / "liandan.log")
        code = run_foreground(_up(settings, workers))
    raise typer.Exit(0 if code == INTERRUPTED else code)


async def _up(settings: Settings, workers: int) -> int:
    say("联单本地环境", f"Liandan local stack: {settings.home.expanduser().absolute()}", "bold")
    services = (
        GATEWAY,
        ARCHIVER,
        COURIER,
        CONSOLE,
        MEDICAL_WORKER,
        TRACK_WORKER,
        *(worker(n) for n in range(1, workers + 1)),
    )
    events = EventTeller()
    with Preparing() as preparing:
        stack = LocalStack(settings, services, progress=preparing.tell, on_event=events.tell)
        await stack.start()
    try:
        out.print()
        out.print(process_table(stack))
        out.print()
        print_addresses(stack)
        out.print()
        say("✓ 已就绪，按 Ctrl-C 停止", "ready; Ctrl-C stops everything", "bold green")
        events.on = True
        await until_signalled()
    finally:
        events.on = False
        await stack.stop()
    say("✓ 已全部停止", "all stopped", "green")
    return 0
