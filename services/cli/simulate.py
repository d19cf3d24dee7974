"""``liandan simulate``: write a labelled world into files."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import explained, say
from services.simulator import LEAST, MOST, USUAL, build_world, write_world

__all__ = ["simulate"]


def simulate(
    out: Annotated[Path, typer.Option(help="写入的目录 / folder to write into")] = Path("world"),
    world: Annotated[str, typer.Option(help="demo | quiet（无违法 / nothing planted）")] = "demo",
    seed: Annotated[int, typer.Option(help="随机种子；同一种子结果逐字节相同 / same bytes")] = 7,
    scale: Annotated[int, typer.Option(help=f"联单数 / manifests, {LEAST} … {MOST}")] = USUAL,
) -> None:
    """生成模拟数据及其标注 / Write registry.ndjson, events.ndjson and labels.ndjson."""
    with explained():
        try:
            built = build_world(world, seed, scale)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        write_world(built, out)
        planted = sum(label.label == "violation" for label in built.labels)
        say(
            f"✓ {out}：登记 {len(built.registry)} 条，事件 {len(built.events)} 条，"
            f"联单 {built.manifests} 份，植入违法 {planted} 起",
            f"{len(built.registry)} registry records, {len(built.events)} events,"
            f" {built.manifests} manifests, {planted} violations planted",
        )
        say(
            f"  liandan judge --registry {out}/registry.ndjson --events {out}/events.ndjson"
            f" --out {out}/alerts.ndjson",
            "next",
        )
