"""``liandan check``: what every rule says of a draft manifest, before it is filed."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from infra.runtime.settings import Settings
from services.cli.console import Failure, out, say
from services.cli.event_file import read_event_file
from services.cli.failures import quiet_logs, reaching, served
from services.cli.gateway_client import GatewayClient
from services.cli.key_file import TokenRing
from services.cli.refusals import print_answered

__all__ = ["check"]

_LIGHTS = {
    "green": ("绿：未发现问题", "green: nothing found", "bold green"),
    "review": ("黄：有待核查事项", "yellow: something is to be checked", "bold yellow"),
    "red": ("红：违法", "red: unlawful", "bold red"),
}
_STATES = {
    "violated": ("违法", "violated", "bold red"),
    "needs_review": ("待核", "for review", "yellow"),
    "notice": ("提示", "notice", "cyan"),
    "passed": ("通过", "passed", "green"),
    "not_applicable": ("不适用", "not applicable", "dim"),
}
_EXITS = {"green": 0, "review": 4, "red": 5}


def check(
    file: Annotated[Path, typer.Argument(help="一个 filed 事件 / one filed event, as JSON")],
    key: Annotated[str, typer.Option(envvar="LIANDAN_API_KEY", help="密钥 / token ldk_…")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="密钥文件 / keys of several sources")
    ] = None,
    url: Annotated[str, typer.Option(help="网关地址 / gateway (default: the running one)")] = "",
    ticket: Annotated[
        Path | None, typer.Option(help="票据写入此文件 / write the ticket there")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="机器可读 / for machines")] = False,
) -> None:
    """填报前预检：每条规则的结论、余量、应改之处；不保存任何内容 / Check a draft; nothing is stored.

    退出码 / exit code: 0 绿 green; 4 黄 review; 5 红 red; 1 草稿被拒 / the draft is refused; 3 网关不可用 / away.
    """
    with served():
        quiet_logs()
        if not key and key_file is None:
            raise typer.BadParameter("请给出 --key 或 --key-file / give --key or --key-file")
        ring = TokenRing(key) if key_file is None else TokenRing.of_file(key_file)
        drafts = read_event_file(file)
        if len(drafts) != 1:
            raise Failure(
                f"{file} 中应只有一个事件。", f"{file} should hold one event.", code=2
            )  # fmt: skip
        token = ring.token(drafts[0].source)
        if token is None:
            raise Failure(
                f"没有 {drafts[0].source} 的密钥。",
                f"There is no key for {drafts[0].source}.",
                code=2,
            )
        answer = asyncio.run(_ask(url or Settings().gateway_url, token, drafts[0].raw))
        if "outcome" not in answer:
            raise typer.Exit(print_answered(str(file), answer))
        if ticket is not None and answer["ticket"]:
            ticket.write_text(answer["ticket"] + "\n")
        if as_json:
            print(json.dumps(answer, ensure_ascii=False, indent=1))
        else:
            _print(answer)
    raise typer.Exit(_EXITS[answer["outcome"]])


async def _ask(url: str, token: str, draft: bytes) -> dict[str, Any]:
    async with GatewayClient(url) as client:
        with reaching(f"网关 gateway {url}"):
            return await client.check(token, draft)


def _print(answer: dict[str, Any]) -> None:
    zh, en, style = _LIGHTS[answer["outcome"]]
    out.print(Text.assemble((f"● {zh}", style), f"  {en}  ", (answer["subject"], "bold")))
    assumed = answer["assumed"]
    say(f"起运按 {assumed['departs_at']}：{assumed['zh']}", assumed["en"])
    told = [*answer["outcomes"], *(o for limit in answer["limits"] for o in limit["outcomes"])]
    for state in _STATES:
        for outcome in (o for o in told if o["state"] == state):
            _print_outcome(outcome)
    out.print()
    if answer["ticket"]:
        say(f"预检票据，至 {answer['ticket_expires_at']}：", "check ticket, valid until then:")
        out.print(Text(answer["ticket"]), soft_wrap=True)
    else:
        say("本网关未配置签名密钥，不出具票据。", "This gateway has no signing key: no ticket.")


def _print_outcome(outcome: dict[str, Any]) -> None:
    zh, en, style = _STATES[outcome["state"]]
    margin = f"  余量 margin {outcome['margin']}" if outcome.get("margin") else ""
    out.print()
    out.print(Text.assemble((f"{zh} {en}", style), f"  {outcome['rule']}{margin}"))
    out.print(Text.assemble("  ", outcome["zh"], "\n  ", (outcome["en"], "dim")), soft_wrap=True)
    for cure in outcome.get("cures", ()):
        out.print(Text.assemble("  → ", cure["zh"], "\n    ", (cure["en"], "dim")), soft_wrap=True)
