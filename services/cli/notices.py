"""``liandan notices``: what a unit should know of its own papers and quantities."""

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.text import Text

from infra.runtime.settings import Settings
from services.cli.console import out, say
from services.cli.failures import quiet_logs, reaching, served
from services.cli.gateway_client import GatewayClient
from services.cli.refusals import print_answered

__all__ = ["notices"]


def notices(
    key: Annotated[str, typer.Option(envvar="LIANDAN_API_KEY", help="密钥 / token ldk_…")],
    url: Annotated[str, typer.Option(help="网关地址 / gateway (default: the running one)")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="机器可读 / for machines")] = False,
) -> None:
    """本单位的提示：将到期的、将用完的 / What of your own ends soon or will be used up.

    退出码 / exit code: 0；1 被拒 / refused；3 网关不可用 / away.
    """
    with served():
        quiet_logs()
        answer = asyncio.run(_ask(url or Settings().gateway_url, key))
        if "notices" not in answer:
            raise typer.Exit(print_answered("notices", answer))
        if as_json:
            print(json.dumps(answer, ensure_ascii=False, indent=1))
            return
        for notice in answer["notices"]:
            out.print(
                Text.assemble(
                    (notice["day"] or "—", "cyan"), "  ", notice["zh"], "\n            ",
                    (notice["en"], "dim"),
                ),
                soft_wrap=True,
            )  # fmt: skip
        say(
            f"{answer['unit']}：提示 {len(answer['notices'])} 条",
            f"{len(answer['notices'])} notices",
        )


async def _ask(url: str, token: str) -> dict[str, Any]:
    async with GatewayClient(url) as client:
        with reaching(f"网关 gateway {url}"):
            return await client.notices(token)
