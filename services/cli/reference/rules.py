"""``docs/reference/rules.md``: the rule book."""

import inspect
import sys
from collections.abc import Sequence

from schemas.alert import LegalBasis
from services.cli.reference.page import code, page, table
from streams.judging.rules import RULE_BOOK, AnyRule
from streams.judging.rules.about import ABOUT, EVERY_RULE, Figure, law_of
from streams.judging.rules.parameter import Parameters, Status
from streams.judging.severity import SEVERITY

__all__ = ["rules_page"]

_INTRO = """\
每条规则都是联单事实、登记库、时刻的纯函数；所引法律以行为发生之日为准。新写一条见
[写一条规则](../how-to/write-a-rule.md)。
Each rule is a pure function of a manifest's facts, the registry and the clock; the law it cites is that
of the date of the act. To add one see [Write a rule](../how-to/write-a-rule.md)."""

_EVERY = """\
在终端查看：`liandan rules show RULE`；一份联单各条规则的结论：`liandan rules explain`。以下对全部规则有效：
In the terminal: `liandan rules show RULE`; every rule's word on one manifest: `liandan rules explain`. All rules:"""
_SEVERITY = """\
各条规则的发现按数量定严重程度，分界以 `severity.<参数>` 设定（草案用 `--set`，正式用规则版本）：
Findings of every rule are graded by quantity; the cuts are set as `severity.<parameter>` (a draft by
`--set`, for good by a version of the book):"""


def rules_page() -> str:
    """Return the page."""
    return page(
        "规则",
        "Rules",
        _INTRO,
        "## 逐份联单 · Of one manifest",
        _table(RULE_BOOK.manifest),
        "## 累计上限 · Of a limit over many manifests",
        _table(RULE_BOOK.limit),
        "## 医疗废物一日 · Of a day of an institution or plant of medical waste",
        _table(RULE_BOOK.medical),
        "## 车辆轨迹 · Of a vehicle's journey, and of a vehicle",
        _table(RULE_BOOK.track),
        "## 各条规则 · Each rule",
        _EVERY,
        _SEVERITY,
        *_parameters(SEVERITY),
        _figures(EVERY_RULE),
        *(part for rule in _sorted() for part in _rule(rule)),
    )


def _sorted() -> Sequence[AnyRule]:
    return RULE_BOOK.rules


def _rule(rule: AnyRule) -> list[str]:
    """Return what a rule rests on: law by the date of the act, figures, records."""
    about, law = ABOUT[rule.id], law_of(rule.id)
    parts = [f"### {code(rule.id)} {rule.title_zh} · {rule.title_en}"]
    if about.asks:
        parts.append(f"所查登记 asks for: {', '.join(map(code, about.asks))}")
    if about.own_law:
        parts.append(
            "依据为所涉登记记录载明的文件 · its law is the document of the record it rests on"
        )
    elif law["before"] == law["since"]:
        parts.append(_law(law["since"]))
    else:
        parts += ["2026-08-15 起的行为 · acts since that day:", _law(law["since"])]
        parts += ["此前的行为 · acts before it:", _law(law["before"])]
    return [*parts, *_parameters(rule.parameters)]


def _law(cited: Sequence[LegalBasis]) -> str:
    return "\n".join(
        f"- 《{b.law}》{b.article}：{b.zh}"
        + (f"；{b.penalty_zh}" if b.penalty_zh else "")
        + (f"（{b.note_zh}）" if b.note_zh else "")
        + f"<br>{b.en}"
        + (f"; {b.penalty_en}" if b.penalty_en else "")
        for b in cited
    )


def _parameters(parameters: Parameters) -> list[str]:
    if not parameters.declared:
        return []
    head = (
        "参数 parameter",
        "值 value",
        "可设 range",
        "性质 status",
        "含义 meaning",
        "出处 source",
    )
    rows = [
        (
            code(p.name),
            f"{p.default} {p.unit[0]}"
            if p.unit[0] == p.unit[1]
            else f"{p.default} {p.unit[0]}<br>{p.default} {p.unit[1]}",
            f"{p.least}–{p.most}",
            _status(p.status),
            f"{p.zh}<br>{p.en}",
            p.source,
        )
        for p in parameters.declared
    ]
    return [table(head, rows)]


def _figures(figures: Sequence[Figure]) -> str:
    head = ("固定值 figure", "值 value", "性质 status", "含义 meaning", "出处 source")
    rows = [
        (code(f.name), f.value, _status(f.status), f"{f.zh}<br>{f.en}", f.source) for f in figures
    ]
    return table(head, rows)


def _status(status: Status) -> str:
    return "法定 law" if status == "law" else "自定 ours"


def _table(rules: Sequence[AnyRule]) -> str:
    head = ("规则 rule", "版本 version", "名称", "title", "代码 code")
    return table(
        head,
        [
            (code(r.id), str(r.version), r.title_zh, r.title_en, _place(r))
            for r in sorted(rules, key=lambda r: r.id)
        ],
    )


def _place(rule: AnyRule) -> str:
    """Return the module in which the rule is written, as a link."""
    module = inspect.getmodule(rule.judge)
    name = module.__name__ if module is not None else sys.modules[__name__].__name__
    path = "/".join(name.split(".")) + ".py"
    return f"[{name.rpartition('.')[2]}](../../{path})"
