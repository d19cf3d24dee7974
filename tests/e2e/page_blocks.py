"""Fenced blocks of a documentation page, and what their markers say of how they are run.

A marker is a comment on the line above a fence, invisible where the page is read:

| marker | means |
|---|---|
| ``<!-- run: stays until 已就绪 -->`` | runs on; others go on once it has printed that |
| ``<!-- run: exit 1 -->`` | ends with that exit code |
| ``<!-- run: again -->`` | what it shows may take a moment: it is asked again until it is there |
| ``<!-- run: file client.py -->`` | the reader saves the block under that name |
| ``<!-- run: edit book.py -->`` | a diff that the reader makes by hand |
| ``<!-- run: elsewhere tests/e2e/test_demo.py -->`` | too long, or not for here: that file runs it |

``<!-- run: all elsewhere tests/… -->`` anywhere on a page says so of all its blocks: pages on what
takes Docker, or a production line.

A ``text`` block shows what the block before it prints; ``…`` stands for anything on a line, alone on
a line for any number of lines.
"""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["COMMANDS", "Block", "all_elsewhere", "blocks_of", "matches"]

COMMANDS = frozenset(("sh", "python"))
"""Languages of blocks that are run."""
SAVED = frozenset(("json", "csv", "yaml", "toml", "python"))
SHOWN = frozenset(("", "text", "diff", *SAVED))

_FENCE = re.compile(
    r"(?:^<!-- run: (?P<how>.+?) -->\n)?^```(?P<language>\S*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_HOW = re.compile(r"(?:stays until (.+)|again|exit (\d+)|file (\S+)|edit (\S+)|elsewhere (\S+))")


@dataclass
class Block:
    """One fenced block; ``line`` is that of its first line of text."""

    line: int
    language: str
    text: str
    how: str | None
    prints: str | None = None

    def marked(self, what: str) -> str | None:
        """Return what a marker says after ``what``, None if the block has no such marker."""
        found = (self.how or "").removeprefix(what + " ")
        return found if self.how is not None and self.how.startswith(what + " ") else None

    @property
    def acts(self) -> bool:
        """Whether a reader does something with the block."""
        return self.language in COMMANDS or self.how is not None


def all_elsewhere(page: Path) -> str | None:
    """Return the file that runs all commands of a page, None for a page that is run as it stands."""
    found = re.search(r"^<!-- run: all elsewhere (\S+) -->$", page.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else None


def blocks_of(page: Path) -> list[Block]:
    """Return the page's blocks; AssertionError for what no runner could understand."""
    text = page.read_text(encoding="utf-8")
    assert text.count("\n```") % 2 == 0, f"{page}: a fence is left open"
    indented = re.search(r"^[ \t]+```", text, re.MULTILINE)
    assert indented is None, f"{page}: an indented fence is not seen; begin it at the line's start"
    text = re.sub(r"^<!-- run: all elsewhere .*\n", "\n", text, flags=re.MULTILINE)
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("text")) + 1
        block = Block(line, match["language"], match["text"], match["how"])
        where = f"{page}:{line}"
        assert block.language in COMMANDS | SHOWN, f"{where}: nobody runs {block.language}"
        assert block.how is None or _HOW.fullmatch(block.how), f"{where}: {block.how}"
        if block.language == "text":
            assert found and found[-1].acts and found[-1].prints is None, (
                f"{where}: of which block?"
            )
            found[-1].prints = block.text
        else:
            found.append(block)
    assert len(re.findall(r"<!-- run: ", text)) == sum(b.how is not None for b in found), page
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether what was printed is what the page shows."""
    lines = [line.rstrip() for line in shown.strip("\n").splitlines()]
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "…" else _line(line) + r"[ ]*\n" for line in lines
    )
    return re.fullmatch(pattern, printed.replace("\r\n", "\n").strip("\n") + "\n") is not None


def _line(line: str) -> str:
    return r"[^\n]*".join(map(re.escape, line.split("…")))
