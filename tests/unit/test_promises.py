"""docs/promises.md names a test or a command for each promise; they must exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
ROW = re.compile(r"^\| (?!-)(.+?) \| (.+) \|$", re.MULTILINE)


def test_every_promise_names_something_that_shows_it() -> None:
    rows = [row for row in ROW.findall(PAGE.read_text()) if row[0] != "promise"]
    assert len(rows) > 20
    for promise, shown in rows:
        assert TEST.search(shown) or "`make " in shown or "`liandan " in shown, promise


def test_every_test_named_by_a_promise_exists() -> None:
    for path, name in TEST.findall(PAGE.read_text()):
        tree = ast.parse((ROOT / path).read_text())
        functions = {
            n.name for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef)
        }
        assert not name or name in functions, f"{path}::{name}"


def test_every_make_target_named_by_a_promise_exists() -> None:
    rules = re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    for target in re.findall(r"`make ([a-z-]+)", PAGE.read_text()):
        assert target in targets
