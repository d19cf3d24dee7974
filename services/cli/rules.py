"""``liandan rules``: the rule book, one rule of it, and what every rule says of one manifest."""

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from schemas.alert import LegalBasis
from services.cli.console import Failure, explained, out, say
from services.cli.judge import instant_option, present, read_registry
from services.cli.parameters import SetOption, book_with
from services.cli.refusals import print_problems
from services.cli.rule_versions import approve, propose, versions
from streams.judging.on_files import judge_lines
from streams.judging.outcome import Outcome, State
from streams.judging.rules import RULE_BOOK, AnyRule, LimitRule, MedicalRule, TrackRule
from streams.judging.rules.about import ABOUT, EVERY_RULE, Figure, law_of
from streams.judging.rules.parameter import Parameter
from streams.judging.severity import SEVERITY

__all__ = ["rules_app"]

rules_app = typer.Typer(
    name="rules",
    help="规则：有哪些、依据什么、对一份联单怎么说 / the rules, their law, and what they say of a manifest",
    no_args_is_help=True,
)

rules_app.command()(propose)
rules_app.command()(approve)
rules_app.command()(versions)

_JSON = Annotated[bool, typer.Option("--json", help="机器可读 / for machines")]
_STATES: dict[State, tuple[str, str, str]] = {
    "violated": ("违法", "violated", "bold red"),
    "needs_review": ("待核", "for review", "yellow"),
    "notice": ("提示", "notice", "cyan"),
    "passed": ("通过", "passed", "green"),
    "not_applicable": ("不适用", "not applicable", "dim"),
}


_SCOPES = {
    "hospital_day": ("医疗卫生机构一日", "a day of an institution of medical waste"),
    "hospital_week": ("医疗卫生机构一周", "a week of an institution of medical waste"),
    "plant_day": ("处置单位一日", "a day of a plant of medical waste"),
    "trip": ("车辆的一次行程", "a vehicle's journey on a manifest"),
    "plate": ("一辆车及其全部联单", "a vehicle and all its manifests"),
}


def _scope(rule: AnyRule) -> tuple[str, str]:
    if isinstance(rule, LimitRule):
        return "累计上限", "a limit over many manifests"
    if isinstance(rule, MedicalRule | TrackRule):
        return _SCOPES[rule.scope]
    return "逐份联单", "one manifest"


@rules_app.command("list")
def list_rules(as_json: _JSON = False) -> None:
    """列出全部规则 / List all rules."""
    if as_json:
        print(json.dumps([_told(rule) for rule in RULE_BOOK.rules], ensure_ascii=False, indent=1))
        return
    table = Table(box=None, pad_edge=False)
    for head in ("规则 rule", "版本", "名称", "title"):
        table.add_column(head, no_wrap=head != "title")
    for rule in RULE_BOOK.rules:
        table.add_row(Text(rule.id, "bold"), str(rule.version), rule.title_zh, rule.title_en)
    out.print(table)


@rules_app.command("show")
def show_rule(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="规则 / the rule's id")],
    as_json: _JSON = False,
) -> None:
    """一条规则：法律依据、参数、所查登记 / One rule: its law by date, its figures, what it asks."""
    with explained():
        rule = _rule(rule_id)
        if as_json:
            print(json.dumps(_told(rule), ensure_ascii=False, indent=1))
            return
        about = ABOUT[rule.id]
        out.print(Text.assemble((rule.id, "bold"), f"  版本 version {rule.version}"))
        say(rule.title_zh, rule.title_en)
        say(f"对象：{_scope(rule)[0]}", _scope(rule)[1])
        if about.asks:
            say(f"所查登记：{'、'.join(about.asks)}", "records it asks for")
        out.print()
        if about.own_law:
            say("依据：所涉登记记录载明的文件", "its law is the document of the record it rests on")
        law = law_of(rule.id)
        if law["before"] == law["since"]:
            _print_law("依据", "law", law["since"])
        else:
            _print_law("2026-08-15 起的行为", "acts since that day", law["since"])
            _print_law("此前的行为", "acts before it", law["before"])
        out.print(Text("参数  figures", "bold"))
        for of, parameters in (("", rule.parameters), ("severity.", SEVERITY)):
            for p in parameters.declared:
                unit = p.unit[0] if p.unit[0] == p.unit[1] else " / ".join(p.unit)
                figure = f"{of}{p.name} = {p.default} {unit}  ({p.least}–{p.most})"
                out.print(Text(f"  {figure}  [{_status(p)}]  {p.zh}  {p.en}（{p.source}）"))
        for f in EVERY_RULE:
            out.print(Text(f"  {f.name} = {f.value}  [{_status(f)}]  {f.zh}  {f.en}（{f.source}）"))


@rules_app.command("explain")
def explain(
    number: Annotated[str, typer.Argument(metavar="MANIFEST", help="联单编号 / manifest number")],
    registry: Annotated[Path, typer.Option(help="登记库 NDJSON / registry records")],
    events: Annotated[Path, typer.Option(help="事件 NDJSON / events, one a line")],
    now: Annotated[
        str | None,
        typer.Option(help="以此刻为当前时间（默认：文件中最晚时间）/ the clock; default: latest"),
    ] = None,
    as_known_at: Annotated[
        str | None,
        typer.Option(help="只用此刻之前已知的内容 / leave out what was not known at that moment"),
    ] = None,
    set_: SetOption = None,
    as_json: _JSON = False,
) -> None:
    """每条规则对一份联单的结论，含通过和不适用 / Every rule's word on one manifest.

    通过的附余量，不适用的附原因 / with the margin of what passed, and why what does not apply does not.
    """
    with explained():
        clock = instant_option(now, "--now")
        known_at = instant_option(as_known_at, "--as-known-at")
        book = book_with(set_)
        records = read_registry(registry)
        with events.open("rb") as lines:
            verdict = judge_lines(
                records, lines, now=clock, known_at=known_at, present=present(), book=book
            )
        for refused in verdict.refused:
            print_problems(f"{events}:{refused.line}", refused.problems)
        outcomes = verdict.outcomes.get(number)
        if outcomes is None:
            near = difflib.get_close_matches(number, verdict.outcomes, n=3)
            raise Failure(
                f"事件中没有联单 {number}。{_near_zh(near)}",
                f"The events hold no manifest {number}.{_near_en(near)}",
                code=2,
            )
        if as_json:
            told = [msgspec.to_builtins(outcome) for outcome in outcomes]
            print(json.dumps(told, ensure_ascii=False, indent=1))
            return
        out.print(Text(number, "bold"))
        for state in _STATES:
            for outcome in (o for o in outcomes if o.state == state):
                _print_outcome(outcome)


def _status(figure: Parameter | Figure) -> str:
    return "法定 law" if figure.status == "law" else "自定 ours"


def _print_outcome(outcome: Outcome) -> None:
    zh, en, style = _STATES[outcome.state]
    margin = f"  余量 margin {outcome.margin}" if outcome.margin else ""
    out.print()
    out.print(
        Text.assemble(
            (f"{zh} {en}", style), f"  {outcome.rule}", (f"  {outcome.reason}", "dim"), margin
        )
    )
    out.print(Text.assemble("  ", outcome.zh, "\n  ", (outcome.en, "dim")), soft_wrap=True)
    for name, value in outcome.parameters:
        out.print(Text(f"  参数已改 parameter set: {name} = {value}", "yellow"))
    for basis in outcome.law:
        out.print(Text(f"  ⚖ {basis.law} {basis.article}", "dim"), soft_wrap=True)


def _print_law(zh: str, en: str, cited: Iterable[LegalBasis]) -> None:
    cited = list(cited)
    if not cited:
        return
    out.print(Text.assemble((zh, "bold"), "  ", (en, "dim")))
    for basis in cited:
        penalty = f"；{basis.penalty_zh}" if basis.penalty_zh else ""
        note = f"（{basis.note_zh}）" if basis.note_zh else ""
        out.print(Text(f"  {basis.law} {basis.article}：{basis.zh}{penalty}{note}"), soft_wrap=True)
        out.print(Text(f"    {basis.en}", "dim"), soft_wrap=True)
    out.print()


def _rule(rule_id: str) -> AnyRule:
    found = {rule.id: rule for rule in RULE_BOOK.rules}
    if rule_id not in found:
        near = difflib.get_close_matches(rule_id, found, n=3, cutoff=0.4)
        raise Failure(
            f"没有规则 {rule_id}。{_near_zh(near)}",
            f"There is no rule {rule_id}.{_near_en(near)}",
            code=2,
        )
    return found[rule_id]


def _near_zh(near: Iterable[str]) -> str:
    names = "、".join(near)
    return f"相近的有：{names}。" if names else ""


def _near_en(near: Iterable[str]) -> str:
    names = ", ".join(near)
    return f" Near: {names}." if names else ""


def _told(rule: AnyRule) -> dict[str, Any]:
    about = ABOUT[rule.id]
    return {
        "id": rule.id,
        "family": rule.id.partition(".")[0],
        "version": rule.version,
        "title_zh": rule.title_zh,
        "title_en": rule.title_en,
        "scope": rule.scope
        if isinstance(rule, MedicalRule | TrackRule)
        else "limit"
        if isinstance(rule, LimitRule)
        else "manifest",
        "reads": getattr(rule, "reads", None),
        "deadline": getattr(rule, "due", None) is not None,
        "asks": about.asks,
        "law": {when: msgspec.to_builtins(cited) for when, cited in law_of(rule.id).items()},
        "law_is_the_records": about.own_law,
        "parameters": [p._asdict() for p in rule.parameters.declared],
        "severity": [p._asdict() for p in SEVERITY.declared],
        "gravest": rule.gravest,
        "fixed": [figure._asdict() for figure in EVERY_RULE],
    }
