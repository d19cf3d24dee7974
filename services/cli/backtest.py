"""``liandan backtest``: what other parameters, or a draft rule, would have said of the same events."""

import asyncio
import importlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from infra.runtime.memory import seldom_collected
from infra.runtime.settings import Settings
from schemas.alert import Alert
from services.cli.archive import archive
from services.cli.console import Failure, both, out, say
from services.cli.demo_home import running_settings
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.judge import instant_option, present, read_registry
from services.cli.parameters import SetOption, book_with
from streams.judging.backtest import Difference, compare
from streams.judging.on_files import FileVerdict, Judging, judge_lines_by
from streams.judging.rules import RULE_BOOK, LimitRule, ManifestRule, RuleBook

__all__ = ["Asked", "backtest", "on_archive", "print_difference"]

_KINDS = {
    "new": ("新增", "new", "bold red"),
    "lost": ("消失", "lost", "bold green"),
    "changed": ("改变", "changed", "yellow"),
}


class Asked(NamedTuple):
    """What is compared with the book that is in force, and over which acts."""

    draft: RuleBook
    rules: tuple[str, ...]
    since: datetime | None
    until: datetime | None


def backtest(
    rule: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="只比较这条规则；草案规则写 模块:名称 / compare this rule only; a draft: MODULE:NAME",
        ),
    ] = None,
    set_: SetOption = None,
    since: Annotated[
        str | None, typer.Option("--from", help="行为时间自此起 / acts from this instant on")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="行为时间至此前 / acts before this instant")
    ] = None,
    registry: Annotated[
        Path | None, typer.Option(help="登记库 NDJSON，与 --events 同用 / with --events: files")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="事件 NDJSON；不给则用已存档的日志 / default: the archive")
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(help="以此刻为当前时间 / the clock; default: how far the line has judged"),
    ] = None,
    as_known_at: Annotated[
        str | None,
        typer.Option(help="只用此刻之前已知的内容 / leave out what was not known at that moment"),
    ] = None,
    samples: Annotated[int, typer.Option(min=0, max=1000, help="各类举例数 / samples of each")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="机器可读 / for machines")] = False,
) -> None:
    """用参数草案或规则草案重判历史，列出差别 / Judge the past by a draft, and print the difference.

    只读，不写入任何内容 / reads only, writes nothing。`--set` 在只有一个 `--rule` 时可省规则名 /
    with one --rule, --set takes the parameter's bare name.
    退出码 / exit code: 0; 3 数据库不可用 / the database is away.
    """
    with served():
        quiet_logs()
        asked = _asked(rule or (), set_, since, until)
        clock = instant_option(now, "--now")
        known_at = instant_option(as_known_at, "--as-known-at")
        if (registry is None) is not (events is None):
            raise typer.BadParameter("--registry, --events", param_hint="--events")
        if registry is not None and events is not None:
            records = read_registry(registry)
            with events.open("rb") as lines, seldom_collected():
                before, after = judge_lines_by(
                    [RULE_BOOK, asked.draft],
                    records,
                    lines,
                    now=clock,
                    known_at=known_at,
                    present=present(),
                )
        else:
            before, after = asyncio.run(
                on_archive(running_settings(), asked.draft, clock, known_at)
            )
        found = compare(
            before.alerts, after.alerts, since=asked.since, until=asked.until, rules=asked.rules
        )
        if as_json:
            print(json.dumps(_told(found, asked, before), ensure_ascii=False, indent=1))
        else:
            print_difference(found, asked, before, samples)


def _asked(
    rules: Sequence[str], set_: Sequence[str] | None, since: str | None, until: str | None
) -> Asked:
    """Read what is to be compared. Raises BadParameter, Failure."""
    book, named = RULE_BOOK, []
    for each in rules:
        if ":" in each:
            draft = _draft(each)
            book, each = _with(book, draft), draft.id
        elif each not in {known.id for known in book.rules}:
            raise Failure(
                f"没有规则 {each}。", f"There is no rule {each}.",
                "liandan rules list 列出全部规则。", "`liandan rules list` lists them.", code=2,
            )  # fmt: skip
        named.append(each)
    book = book_with(set_, named[0] if len(named) == 1 else None, book)
    return Asked(book, tuple(named), instant_option(since, "--from"), instant_option(until, "--to"))


def _draft(place: str) -> ManifestRule | LimitRule:
    """Import a draft rule by ``module:name``. Raises Failure."""
    module, _, name = place.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise Failure(
            f"无法读取规则草案 {place}（{error}）。",
            f"The draft rule {place} cannot be read ({error}).",
            code=2,
        ) from None
    if not isinstance(found, ManifestRule | LimitRule):
        raise Failure(f"{place} 不是规则。", f"{place} is not a rule.", code=2)
    return found


def _with(book: RuleBook, draft: ManifestRule | LimitRule) -> RuleBook:
    """Return the book with a draft in place of the rule of its id, or after the others."""
    if isinstance(draft, LimitRule):
        return book._replace(limit=(*(r for r in book.limit if r.id != draft.id), draft))
    return book._replace(manifest=(*(r for r in book.manifest if r.id != draft.id), draft))


async def on_archive(
    settings: Settings, draft: RuleBook, now: datetime | None, known_at: datetime | None
) -> list[FileVerdict]:
    """Judge the archive by the book in force and by a draft, in one snapshot."""
    async with connected(settings.database_reader) as connection:
        with reaching("Postgres"):
            async with archive(connection, known_at) as kept:
                clock = now or kept.clock
                judgings = [
                    Judging(kept.view, clock, b, keep_outcomes=False) for b in (RULE_BOOK, draft)
                ]
                async for subject, said in kept.manifests:
                    for judging in judgings:
                        judging.take(subject, said)
                for facts in kept.medical.days(known_at):
                    for judging in judgings:
                        judging.take_day(facts)
                for judging in judgings:
                    judging.count(kept.medical.events)
    return [judging.finish() for judging in judgings]


def print_difference(found: Difference, asked: Asked, before: FileVerdict, samples: int) -> None:
    """Print parameters, counts, provinces, units and samples."""
    for named, value in asked.draft.parameter_set.items():
        say(f"参数草案：{named} = {value}", "draft parameter")
    clock = before.now.isoformat() if before.now is not None else "-"
    say(f"事件 {before.events} 条，时钟 {clock}", f"{before.events} events, clock as told")
    say(
        f"新增 {len(found.new)} 项，消失 {len(found.lost)} 项，改变 {len(found.changed)} 项，"
        f"不变 {found.same} 项",
        f"{len(found.new)} new, {len(found.lost)} lost, {len(found.changed)} changed, "
        f"{found.same} the same",
    )
    if not found.touched:
        return
    out.print()
    out.print(_counts("省份 province", found.by_province()))
    out.print()
    out.print(_counts("单位 unit", dict(list(found.by_unit().items())[:20])))
    shown: Counter[str] = Counter()
    for kind, alert in found.touched:
        if shown[kind] < samples:
            shown[kind] += 1
            zh, en, style = _KINDS[kind]
            out.print()
            out.print(Text.assemble((f"{zh} {en}", style), f"  {alert.subject}  {alert.rule}"))
            out.print(both(f"  {alert.text_zh}", alert.text_en), soft_wrap=True)


def _counts(head: str, counted: Mapping[str, Counter[str]]) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold dim")
    table.add_column(head)
    for zh, en, _ in _KINDS.values():
        table.add_column(f"{zh} {en}", justify="right")
    for name, counts in counted.items():
        table.add_row(name, *(str(counts[kind]) for kind in _KINDS))
    return table


def _told(found: Difference, asked: Asked, before: FileVerdict) -> dict[str, Any]:
    def plain(alert: Alert) -> Any:
        return msgspec.to_builtins(alert)

    return {
        "rules": list(asked.rules),
        "parameters": dict(asked.draft.parameter_set),
        "events": before.events,
        "clock": before.now.isoformat() if before.now is not None else None,
        "counts": {
            "new": len(found.new),
            "lost": len(found.lost),
            "changed": len(found.changed),
            "same": found.same,
        },
        "by_province": found.by_province(),
        "by_unit": found.by_unit(),
        "new": [plain(alert) for alert in found.new],
        "lost": [plain(alert) for alert in found.lost],
        "changed": [{"before": plain(c.before), "after": plain(c.after)} for c in found.changed],
    }
