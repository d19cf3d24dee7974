"""What a check-up finds: notes by severity, each wrong one with its cure."""

from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console
from rich.text import Text

__all__ = ["Checkup", "Note"]

Level = Literal["ok", "note", "wrong"]
_MARKS: dict[Level, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "note": ("·", "yellow"),
    "wrong": ("✗", "bold red"),
}


@dataclass(frozen=True)
class Note:
    """One thing that was looked at."""

    level: Level
    zh: str
    en: str
    cure_zh: str = ""
    cure_en: str = ""


@dataclass
class Checkup:
    """Collects notes in the order in which they were made."""

    console: Console
    wrong: list[Note] = field(default_factory=list)

    def tell(self, level: Level, zh: str, en: str, cure_zh: str = "", cure_en: str = "") -> None:
        """Print a note; keep it if something is wrong."""
        mark, style = _MARKS[level]
        strong = style if level == "wrong" else ""
        self.console.print(
            Text.assemble((f"{mark} ", style), (zh, strong), "  ", (en, "dim")), soft_wrap=True
        )
        if cure_zh or cure_en:
            self.console.print(
                Text.assemble(("  ↳ ", "cyan"), cure_zh, "  ", (cure_en, "dim")), soft_wrap=True
            )
        if level == "wrong":
            self.wrong.append(Note(level, zh, en, cure_zh, cure_en))

    def head(self, zh: str, en: str) -> None:
        """Print the name of a section."""
        self.console.print()
        self.console.print(Text.assemble((zh, "bold"), "  ", (en, "dim")))
