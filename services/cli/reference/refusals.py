"""Codes of refusals, read from the source: each ``Refusal(code, zh, en)`` and its like."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Told", "told_by"]

_ROOT = Path(__file__).parents[3]
_SENTENCES = {"Refusal": (1, 2), "Problem": (2, 3)}
"""Constructor: places of the Chinese and the English sentence among its arguments."""


class Told(NamedTuple):
    """A code with its sentences; ``{…}`` stands for what differs from case to case."""

    code: str
    zh: str
    en: str


def told_by(folders: Sequence[str]) -> list[Told]:
    """Return every refusal written in the modules of these folders, by code."""
    found: dict[Told, None] = {}
    for folder in folders:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for told in (*_constructed(tree), *_replaced(tree)):
                found.setdefault(told)
    return sorted(found)


def _constructed(tree: ast.Module) -> Iterator[Told]:
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef):
            continue
        known = _defaults(scope) | _locals(scope)
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                places = _SENTENCES.get(node.func.id)
                if places is not None and len(node.args) > places[1]:
                    zh, en = (_text(node.args[place], known) for place in places)
                    code = _text(node.args[0], known)
                    if code and zh and en and "{" not in code:
                        yield Told(code, zh, en)


def _replaced(tree: ast.Module) -> Iterator[Told]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_replace":
            said = {k.arg: _text(k.value, {}) for k in node.keywords if k.arg}
            code, zh, en = (said.get(name) for name in ("code", "zh", "en"))
            if code and zh and en:
                yield Told(code, zh, en)


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return what a function's parameters are if nobody says otherwise."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    with_default = named[len(named) - len(arguments.defaults) :]
    found = {a.arg: d for a, d in zip(with_default, arguments.defaults, strict=True)}
    return found | {
        a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d
    }


def _locals(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return the texts that a function gives names to."""
    return {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant | ast.JoinedStr)
    }


def _text(node: ast.expr, known: dict[str, ast.expr]) -> str | None:
    """Return a text as written, ``{…}`` in the place of values; None for anything else."""
    if isinstance(node, ast.Name) and node.id in known:
        return _text(known[node.id], {})
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values
        )
    return None
