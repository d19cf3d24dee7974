"""``tests/cases/INDEX.md``: every case by rule, with its one sentence."""

from collections.abc import Iterable

from streams.judging.rules import RULE_BOOK
from tests.cases.story import Case, all_cases

__all__ = ["index_page"]

_HEAD = """\
# 案例索引 · Cases by rule

<!-- 由案例生成，请勿手改 / Made from the cases by LIANDAN_WRITE_GOLDEN=1 pytest tests/cases. -->

怎么写、怎么读见 [README](README.md)。How to read and write them: [README](README.md)."""


def index_page() -> str:
    """Return the page as the cases are now."""
    cases = all_cases()
    lawful = sum(case.lawful for case in cases)
    told = f"共 {len(cases)} 个案例，其中合法 {lawful} 个。{len(cases)} cases, {lawful} of them lawful."
    sections = [_HEAD, told]
    rules = sorted([*RULE_BOOK.manifest, *RULE_BOOK.limit], key=lambda r: r.id)
    for rule in rules:
        found = [c for c in cases if any(e.rule == rule.id for e in c.expect)]
        silent = [c for c in cases if rule.id in c.reasons]
        sections.append(
            "\n".join(
                (
                    f"## `{rule.id}` {rule.title_zh} · {rule.title_en}\n",
                    *_rows("应当发现 · found", found),
                    *_rows("应当沉默 · silent", silent),
                )
            ).rstrip()
        )
    return "\n\n".join(sections) + "\n"


def _rows(title: str, cases: Iterable[Case]) -> list[str]:
    rows = [f"- [{c.name}]({c.family}/{c.name}.yaml)<br>{c.why_zh}<br>{c.why_en}" for c in cases]
    return [f"{title}\n", *rows, ""] if rows else []
