"""``liandan demo``: the whole line on a small labelled world, and whether it told the truth."""

import time
from pathlib import Path
from typing import Annotated

import typer

from infra.local.ports import free_port
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
from infra.runtime.settings import Settings, home_from_environment
from services.cli.child_events import EventTeller
from services.cli.console import say
from services.cli.demo_home import DEMO_HOME, begin_anew
from services.cli.demo_officer import create_demo_officer, tell_demo_officer
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.foreground import run_foreground, until_signalled
from services.cli.preparing import Preparing
from services.cli.summary import print_summary
from services.cli.world_play import play_world
from services.simulator import LEAST, MOST, USUAL, World, build_world

__all__ = ["demo"]


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="看完即停 / stop after the summary; exit 0 if all right")
    ] = False,
    world: Annotated[str, typer.Option(help="demo | quiet")] = "demo",
    seed: Annotated[int, typer.Option(help="随机种子 / another seed, another world")] = 7,
    manifests: Annotated[int, typer.Option(help=f"联单数 / manifests, {LEAST} … {MOST}")] = USUAL,
) -> None:
    """一条命令看全程：起环境、上报、研判、核对 / The whole line on a labelled world, graded.

    退出码 / exit code: 0 全部查出且无误报 / all found, no false alarm; 1 有出入 / a difference;
    2 无法启动 / cannot start; 3 中途出错 / something failed; 130 中断 / interrupted.
    """
    with served():
        try:
            built = build_world(world, seed, manifests)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        shared = home_from_environment().expanduser().absolute()
        home = shared / DEMO_HOME
        begin_anew(home)
        quiet_logs(home / "logs" / "liandan.log")
        code = run_foreground(_demo(built, home, shared / "cache", once))
    raise typer.Exit(code)


async def _demo(world: World, home: Path, cache: Path, once: bool) -> int:
    began = time.monotonic()
    say("联单演示", f"Liandan demo: {home}", "bold")
    settings = Settings(
        home=home,
        deadline_settle_s=1,
        gateway_keys_refresh_s=0.2,
        terminals_port=Settings().terminals_port or free_port(),
    )
    events = EventTeller()
    with Preparing() as preparing:
        stack = LocalStack(
            settings,
            (GATEWAY, ARCHIVER, COURIER, CONSOLE, worker(), MEDICAL_WORKER, TRACK_WORKER),
            cache=cache,
            progress=preparing.tell,
            on_event=events.tell,
        )
        await stack.start()
    try:
        events.on = True
        logs = _see_logs(stack.settings)
        with reaching("Postgres", logs):
            async with connected(stack.settings.database_registry) as registry:
                await create_demo_officer(registry)
            tell_demo_officer(stack.settings)
            outcome = await play_world(world, stack.settings, logs)
        print_summary(outcome, time.monotonic() - began, stack)
        if not once:
            say("环境继续运行，按 Ctrl-C 停止。", "The stack stays up; Ctrl-C stops it.", "bold")
            say(f"  export LIANDAN_HOME={home}", "for liandan doctor, post, key … in another shell")
            tell_demo_officer(stack.settings)
            await until_signalled()
    finally:
        events.on = False
        await stack.stop()
    if not once:
        say("✓ 已全部停止", "all stopped", "green")
    return 0 if outcome.right else 1


def _see_logs(settings: Settings) -> tuple[str, str]:
    logs = settings.home / "logs"
    return f"原因见 {logs} 中的日志。", f"The logs in {logs} tell why."
