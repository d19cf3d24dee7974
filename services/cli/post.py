"""``liandan post``: events from a file to the gateway."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from infra.runtime.settings import Settings
from schemas.problems import Problem
from services.cli.console import Failure, err, out, say
from services.cli.event_file import FileEvent, batches, read_event_file
from services.cli.failures import quiet_logs, reaching, served
from services.cli.gateway_client import GatewayClient, Item
from services.cli.key_file import TokenRing
from services.cli.refusals import print_problems

__all__ = ["post"]

_Result = tuple[FileEvent, Item]


def post(
    file: Annotated[Path, typer.Argument(help="NDJSON、JSON 数组或单个事件 / NDJSON or JSON")],
    key: Annotated[
        str, typer.Option(envvar="LIANDAN_API_KEY", help="密钥 / token ldk_… (one source)")
    ] = "",
    key_file: Annotated[
        Path | None,
        typer.Option(help="密钥文件 / keys of several sources, from `liandan key create --out`"),
    ] = None,
    url: Annotated[str, typer.Option(help="网关地址 / gateway (default: the running one)")] = "",
) -> None:
    """向网关上报文件中的事件 / Post events; each refused one is told with place and reason.

    退出码 / exit code: 0 全部收下 / all kept; 1 有被拒的 / some refused; 3 网关不可用 / away.
    """
    with served():
        quiet_logs()
        if not key and key_file is None:
            raise typer.BadParameter("请给出 --key 或 --key-file / give --key or --key-file")
        ring = TokenRing(key) if key_file is None else TokenRing.of_file(key_file)
        events = read_event_file(file)
        if not events:
            raise Failure(f"{file} 中没有事件。", f"There is no event in {file}.", code=2)
        results = asyncio.run(_post(url or Settings().gateway_url, events, ring))
        refused = _report(file, results)
    raise typer.Exit(1 if refused else 0)


async def _post(url: str, events: list[FileEvent], ring: TokenRing) -> list[_Result]:
    results: list[_Result] = []
    bar = Progress(
        TextColumn("上报 posting"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    async with GatewayClient(url) as client:
        with bar, reaching(f"网关 gateway {url}"):
            task = bar.add_task("", total=len(events))
            for batch in batches(events):
                token = ring.token(batch[0].source)
                if token is None:
                    items = [_no_key(batch[0].source)] * len(batch)
                else:
                    raws = [event.raw for event in batch]
                    items = await client.post(token, raws, lines=batch[0].is_line)
                results += zip(batch, items, strict=True)
                bar.advance(task, len(batch))
    return results


def _no_key(source: str | None) -> Item:
    zh, en = f"没有 {source} 的密钥", f"there is no key for {source}"
    return Item(0, None, {"code": "key_missing", "detail_zh": zh, "detail_en": en})


def _report(file: Path, results: list[_Result]) -> int:
    """Print what was refused, in the order of the file, then the counts; return how many."""
    codes: Counter[str] = Counter()
    for event, item in sorted(results, key=lambda result: result[0].number):
        if item.kept:
            continue
        problem = item.problem or {}
        code = str(problem.get("code", item.status))
        codes[code] += 1
        head = Problem(code, "", problem.get("detail_zh", ""), problem.get("detail_en", ""))
        errors = [
            Problem(e["code"], e["pointer"], e["zh"], e["en"]) for e in problem.get("errors", ())
        ]
        print_problems(f"{file}:{event.number}", errors or [head])
    duplicates = sum(item.duplicate for _, item in results)
    accepted = len(results) - duplicates - codes.total()
    say(
        f"收下 {accepted} 条，此前已收 {duplicates} 条，拒收 {codes.total()} 条",
        f"{accepted} accepted, {duplicates} known before, {codes.total()} refused",
        "bold green" if not codes else "bold red",
    )
    for code, count in codes.most_common():
        out.print(f"    {code}  {count}")
    return codes.total()
