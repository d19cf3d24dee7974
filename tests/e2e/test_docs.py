"""Every command in README.md and docs/ is run here, page by page, as a reader would run it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_blocks import COMMANDS, all_elsewhere, blocks_of, matches
from page_runner import ADDRESS, CONSOLE, ROOT, PageReader, Running, edited, reader_environment

from infra.local.ports import free_port
from services.cli.reference.commands import command_tree

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_ACTS = re.compile(r"^(?:```(?:sh|python)$|<!-- run: )", re.MULTILINE)
ACTING = sorted(
    (p for p in PAGES if _ACTS.search(p.read_text()) and all_elsewhere(p) is None),
    key=lambda page: ("make demo\n" in page.read_text(), page),  # after those that share a stack
)
_FENCED = re.compile(r"^ *```\S*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^(?:\$ )?(?:liandan|curl|make|kill|docker|psql|python3?) ", re.MULTILINE)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def places() -> dict[str, str]:
    """Addresses in the pages, and where those stand here."""
    return {ADDRESS: f"127.0.0.1:{free_port()}", CONSOLE: f"127.0.0.1:{free_port()}"}


@pytest.fixture(scope="module")
def environment(fresh_home, jar_cache: Path, places: dict[str, str]) -> Iterator[dict[str, str]]:
    with fresh_home() as home:
        jar_cache.mkdir(parents=True, exist_ok=True)
        (home / "cache").symlink_to(jar_cache.absolute())
        yield reader_environment(home, places)


@pytest.fixture(scope="module")
def running(tmp_path_factory, environment: dict[str, str]) -> Iterator[Running]:
    """One stack for all pages: the first that says ``liandan up`` starts it."""
    all_of_it = Running(tmp_path_factory.mktemp("running"))
    yield all_of_it
    all_of_it.stop()


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", ACTING, ids=_name)
def test_every_command_of_the_page_does_what_the_page_shows(
    page: Path,
    tmp_path: Path,
    environment: dict[str, str],
    places: dict[str, str],
    running: Running,
) -> None:
    done = PageReader(page, tmp_path, environment, places, running).read()
    fences = re.findall(r"^```(\S+)$", page.read_text(), re.MULTILINE)
    assert sum(b.language in COMMANDS for b in done) == sum(f in COMMANDS for f in fences) > 0


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_command_stands_in_a_block_that_nobody_runs(page: Path) -> None:
    elsewhere = all_elsewhere(page)
    if elsewhere is not None:
        assert (ROOT / elsewhere).is_file(), elsewhere
        return
    for block in blocks_of(page):
        if not block.acts and "reference/" not in _name(page):
            assert not _TYPED.search(block.text), f"{_name(page)}:{block.line}: mark it as sh"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_that_a_page_mentions_exists_with_its_options(page: Path) -> None:
    commands = dict(command_tree())
    text = page.read_text()
    said = [m.strip("`") for m in re.findall(r"`liandan [^`\n]+`", text)]
    said += re.findall(r"^ *(liandan .+)$", "\n".join(_FENCED.findall(text)), re.MULTILINE)
    for line in said:
        line = line.partition(" #")[0]
        words = re.split(r"[\s,]+", line)
        typed = next((c for n in (3, 2) if (c := " ".join(words[:n])) in commands), None)
        groups = {" ".join(c.split()[:n]) for c in commands for n in (1, 2)}
        assert typed or " ".join(words[:2]) in groups, f"{_name(page)}: {line}"
        if typed:
            options = {o for p in commands[typed].params for o in p.opts} | {"--help"}
            assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= options, f"{_name(page)}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_make_target_that_a_page_mentions_exists(page: Path) -> None:
    targets = subprocess.run(
        ["make", "-qp", "-f", str(ROOT / "Makefile"), "help"], capture_output=True, text=True, cwd=ROOT
    ).stdout  # fmt: skip
    for target in re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", page.read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", targets, re.MULTILINE), target


def test_what_a_page_shows_is_compared_line_by_line() -> None:
    assert matches("a … c\n…\nz\n", "a b c\nmany\nlines\nz\n")
    assert matches("a\n…\n", "a\n")
    assert not matches("a\nz\n", "a\nb\nz\n")
    assert not matches("a … c\n", "a b d\n")
    assert not matches("a\n", "a\nTraceback\n")


def test_an_edit_that_does_not_fit_is_noticed() -> None:
    assert edited("a\nb\nc\n", " a\n-b\n+B\n") == "a\nB\nc\n"
    with pytest.raises(AssertionError, match="not there once"):
        edited("a\nb\n", " a\n+x\n c\n")
