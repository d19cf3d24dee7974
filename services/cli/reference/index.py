"""``docs/README.md``: every page of the documentation, by folder, under its own title."""

import re
from pathlib import Path

from services.cli.reference.page import page

__all__ = ["index_page"]

_FOLDERS = (
    (
        *("quick-start", "快速上手", "Quick start"),
        *("几分钟见到结果，按身份选一页。", "A result in minutes: choose by who you are."),
    ),
    ("how-to", "怎么做", "How to", "一页一件事。", "One task a page."),
    (
        "runbooks",
        "处置手册",
        "Runbooks",
        "每条运维告警一页。",
        "One page for each operational alert.",
    ),
    (
        "reference",
        "参考",
        "Reference",
        "由代码生成，与代码一致。",
        "Made from the code, and true to it.",
    ),
    (".", "为什么这样做", "Why it is so", "", ""),
)
"""Folder, its heading and what is said of it, zh and en."""
_FIRST = ("facility", "officer", "operator")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def index_page(docs: Path) -> str:
    """Return the index of the pages that lie under ``docs`` now."""
    sections = []
    for folder, zh, en, what_zh, what_en in _FOLDERS:
        paths = _pages(docs, docs / folder)
        if paths:
            links = "\n".join(f"- [{_title(p)}]({p.relative_to(docs)})" for p in paths)
            said = f"{what_zh} {what_en}".strip()
            sections.append("\n\n".join(filter(None, (f"## {zh} · {en}", said, links))))
    return page("文档", "Documentation", *sections)


def _pages(docs: Path, folder: Path) -> list[Path]:
    """Return a folder's pages, or the page that lists them where the folder has one of its own."""
    own = folder / "README.md"
    if folder != docs and own.exists():
        return [own]
    return [p for p in sorted(folder.glob("*.md"), key=_order) if p != own]


def _order(path: Path) -> tuple[int, str]:
    name = path.stem
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _title(path: Path) -> str:
    found = _TITLE.search(path.read_text(encoding="utf-8"))
    return found[1] if found else path.stem
