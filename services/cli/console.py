"""What every command prints with: sentences in two languages, and one road for failures."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.text import Text

__all__ = ["Failure", "both", "err", "explained", "out", "quote", "say", "say_failure"]

_PIPED_COLUMNS = 140
"""Width of tables that do not go to a terminal, where nobody told one (COLUMNS)."""


def _console(stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    told = stream.isatty() or "COLUMNS" in os.environ
    return Console(stderr=stderr, highlight=False, width=None if told else _PIPED_COLUMNS)


out, err = _console(stderr=False), _console(stderr=True)


class Failure(Exception):
    """A command cannot do what it was asked: what is wrong, and the cure, in both languages."""

    def __init__(
        self, zh: str, en: str, cure_zh: str = "", cure_en: str = "", *, code: int = 3
    ) -> None:
        super().__init__(f"{zh}{cure_zh}\n{en} {cure_en}".strip())
        self.code = code


def both(zh: str, en: str, style: str = "") -> Text:
    """Return Chinese, then English, dim."""
    return Text.assemble((zh, style), "  ", (en, "dim"))


def say(zh: str, en: str, style: str = "", *, to: Console | None = None) -> None:
    """Print a sentence; words are never cut, so that addresses and paths can be copied."""
    (to or out).print(both(zh, en, style), soft_wrap=True)


def say_failure(text: str) -> None:
    """Print a failure: the first line stands out."""
    first, _, rest = text.partition("\n")
    err.print(Text("✗ " + first, style="bold red"), soft_wrap=True)
    if rest:
        err.print(Text("  " + rest.replace("\n", "\n  ")), soft_wrap=True)


def quote(error: BaseException) -> str:
    """Return what an exception says, or its name if it says nothing; one line."""
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what may go wrong with files and arguments into a sentence and an exit code."""
    try:
        yield
    except Failure as failure:
        say_failure(str(failure))
        raise typer.Exit(failure.code) from None
    except FileNotFoundError as error:
        say_failure(f"找不到文件 {error.filename}\nThere is no file {error.filename}.")
        raise typer.Exit(2) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            say_failure(
                f"磁盘已满 {error.filename or ''}。请清理磁盘，或用 LIANDAN_HOME 指定另一块盘上的目录。\n"
                "The disk is full. Free some space or choose a directory on another disk"
                " with LIANDAN_HOME."
            )
            raise typer.Exit(3) from None
        place = error.filename or ""
        why = error.strerror or quote(error)
        say_failure(f"无法读写 {place}（{why}）\nCannot read or write {place} ({why}).")
        raise typer.Exit(3) from None
