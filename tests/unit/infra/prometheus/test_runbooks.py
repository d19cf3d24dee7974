"""Every alert has its page; every page has its sections, and its commands exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from services.cli.main import app
from tests.exported_metrics import FOREIGN, names_in, recorded, series
from tests.prometheus_tools import ROOT, alerts

PAGES = ROOT / "docs" / "runbooks"
SECTIONS = [
    "## 中文",
    *(f"### {name}" for name in ("含义", "怎么看", "可能原因", "处理", "如何确认结束")),
    "## English",
    "### What it means",
    "### How to see it",
    "### Likely causes",
    "### Cure",
    "### How to tell that it is over",
]
COMMAND = re.compile(r"`(liandan [^`]+)`")
CODE = re.compile(r"`([^`\n]+)`")


def pages() -> list[Path]:
    return sorted(PAGES.glob("*.md"))


def test_every_alert_links_to_its_page_and_no_page_is_left_over() -> None:
    for name, alert in alerts().items():
        assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
        assert (ROOT / alert["annotations"]["runbook_url"]).is_file()
    assert {page.stem for page in pages()} == {"README", *alerts()}


def test_the_index_lists_every_page_once_with_its_severity() -> None:
    rows = re.findall(
        r"^\| \[(\w+)\]\(\1\.md\) \| (\w+) \|", (PAGES / "README.md").read_text(), re.M
    )
    assert len(rows) == len(alerts())
    assert dict(rows) == {name: alert["labels"]["severity"] for name, alert in alerts().items()}


@pytest.mark.parametrize("name", sorted(alerts()))
def test_a_page_has_every_section_with_something_in_it(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    found = re.findall(r"^(##.*)$", text, re.M)
    assert found == SECTIONS
    for body in re.split(r"^###.*$", text, flags=re.M)[1:]:
        assert len(re.sub(r"^##.*$", "", body, flags=re.M).strip()) > 4, body
    title = text.splitlines()[2]
    assert title in (PAGES / "README.md").read_text(), "the index says the same"
    assert re.search(r"[\u4e00-\u9fff]", title.partition(" · ")[0]), "Chinese first"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_every_command_on_a_page_exists_with_its_options(page: Path) -> None:
    root = typer.main.get_command(app)
    for line in COMMAND.findall(page.read_text()):
        words = shlex.split(line)[1:]
        command: Any = root
        while hasattr(command, "get_command"):
            assert words, f"{line}: names no command"
            command = command.get_command(click.Context(command), words.pop(0))
            assert command is not None, f"there is no `{line}`"
        try:
            command.make_context(line, words)
        except Exception as error:  # noqa: BLE001 - typer keeps its click to itself
            pytest.fail(f"`{line}`: {error!r}")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_every_metric_on_a_page_exists(page: Path) -> None:
    known = FOREIGN | recorded() | series().keys()
    for code in CODE.findall(page.read_text()):
        if re.search(r"liandan[:_]\w", code):
            assert names_in(code) <= known, code


def test_commands_that_do_not_exist_would_be_noticed(tmp_path: Path) -> None:
    for line in ("liandan quarantine burn", "liandan offsets accept --force", "liandan nothing"):
        page = tmp_path / "Page.md"
        page.write_text(f"`{line}`")
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            test_every_command_on_a_page_exists_with_its_options(page)
