"""``liandan play``: the demo's world on a line that runs already, containers for instance."""

import asyncio
import time
from typing import Annotated

import typer

from infra.runtime.settings import Settings
from services.cli.console import Failure, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.line_state import read_line_state
from services.cli.outcome import Outcome, measure
from services.cli.summary import print_summary
from services.cli.world_play import STANDSTILL_S, play_world
from services.cli.world_posting import Posted
from services.simulator import LEAST, MOST, USUAL, World, build_world

__all__ = ["play"]

_SEE = (
    "请用 liandan doctor 查原因，或看各服务的日志。",
    "Ask `liandan doctor` for the cause, or read the services' logs.",
)


def play(
    world: Annotated[str, typer.Option(help="demo | quiet")] = "demo",
    seed: Annotated[int, typer.Option(help="随机种子 / another seed, another world")] = 7,
    manifests: Annotated[int, typer.Option(help=f"联单数 / manifests, {LEAST} … {MOST}")] = USUAL,
    patience: Annotated[
        float,
        typer.Option(
            min=1, help="多少秒没有进展即放弃 / give up after so many seconds at a standstill"
        ),
    ] = STANDSTILL_S,
    grade_only: Annotated[
        bool,
        typer.Option(
            "--grade-only", help="不上报，只核对库中告警 / post nothing, grade what is there"
        ),
    ] = False,
) -> None:
    """在已运行的空环境上演示：上报、研判、核对 / A labelled world on a running, empty line, graded.

    研判进程宜设 LIANDAN_DEADLINE_SETTLE_S=1 / best with that setting of the workers: else silence
    is told only after a quarter of an hour (--patience 1000).
    退出码 / exit code: 0 全部查出且无误报 / all found, no false alarm; 1 有出入 / a difference;
    2 环境不空 / the line is not empty; 3 中途出错 / something failed.
    """
    with served():
        try:
            built = build_world(world, seed, manifests)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        quiet_logs()
        began = time.monotonic()
        outcome = asyncio.run(_grade(built) if grade_only else _play(built, patience))
        print_summary(outcome, time.monotonic() - began)
    raise typer.Exit(0 if outcome.right else 1)


async def _play(world: World, patience_s: float) -> Outcome:
    settings = Settings()
    say("联单演示", f"Liandan demo on {settings.gateway_url}", "bold")
    async with connected(settings.database_reader) as reader:
        with reaching("Postgres", _SEE):
            state = await read_line_state(reader)
    if state.judged or state.archived:
        raise Failure(
            f"此环境已有 {max(state.judged, state.archived)} 条事件，演示只在空环境上才能核对。",
            f"This line already holds {max(state.judged, state.archived)} events; a world can be"
            " graded on an empty one only.",
            "要核对已上报的演示，请加 --grade-only。",
            "To grade a world that was posted before, add --grade-only.",
            code=2,
        )
    with reaching("Postgres", _SEE):
        return await play_world(world, settings, _SEE, patience_s)


async def _grade(world: World) -> Outcome:
    """Measure what stands in the database; nothing is posted."""
    async with connected(Settings().database_reader) as reader:
        with reaching("Postgres", _SEE):
            withdrawn = await reader.fetchval("SELECT count(*) FROM alert WHERE state <> 'open'")
            state = await read_line_state(reader)
            return await measure(reader, world, Posted(), state, withdrawn)
