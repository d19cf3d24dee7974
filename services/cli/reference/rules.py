"""``docs/reference/rules.md``: the rule book."""

import inspect
import sys
from collections.abc import Sequence

from services.cli.reference.page import code, page, table
from streams.judging.rules import RULE_BOOK, LimitRule, ManifestRule

__all__ = ["rules_page"]

_INTRO = """\
每条规则都是联单事实、登记库、时刻的纯函数；所引法律以行为发生之日为准。新写一条见
[写一条规则](../how-to/write-a-rule.md)。
Each rule is a pure function of a manifest's facts, the registry and the clock; the law it cites is that
of the date of the act. To add one see [Write a rule](../how-to/write-a-rule.md)."""


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
    )


def _table(rules: Sequence[ManifestRule | LimitRule]) -> str:
    head = ("规则 rule", "版本 version", "名称", "title", "代码 code")
    return table(
        head,
        [
            (code(r.id), str(r.version), r.title_zh, r.title_en, _place(r))
            for r in sorted(rules, key=lambda r: r.id)
        ],
    )


def _place(rule: ManifestRule | LimitRule) -> str:
    """Return the module in which the rule is written, as a link."""
    module = inspect.getmodule(rule.judge)
    name = module.__name__ if module is not None else sys.modules[__name__].__name__
    path = "/".join(name.split(".")) + ".py"
    return f"[{name.rpartition('.')[2]}](../../{path})"
