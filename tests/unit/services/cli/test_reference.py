"""``docs/reference`` says what the code says now, in both languages."""

import ast
import re
from pathlib import Path

import pytest

from infra.runtime.settings import Settings
from schemas import manifest, track
from schemas.families import family_of
from schemas.manifest import MANIFEST_VERBS
from schemas.medical import MEDICAL_VERBS
from schemas.quarantine import QUARANTINE_REASONS
from services.cli.reference import DOCS, pages
from services.cli.reference.chinese import METRICS_ZH, SETTINGS_ZH
from services.cli.reference.commands import command_tree
from services.cli.reference.errors import event_codes, import_codes
from services.cli.reference.events import SPEAKERS
from services.cli.reference.examples import examples
from services.cli.reference.index import index_page
from services.cli.reference.metrics import metric_modules, metrics_of
from services.cli.reference.settings import texts_of_members
from services.gateway.problems import KINDS

ROOT = DOCS.parent
NOW = pages()
MEND = "run `make reference` and commit what it writes"


@pytest.mark.parametrize("path", NOW, ids=lambda p: p.stem)
def test_a_reference_page_is_what_the_code_says_now(path: Path) -> None:
    assert path.exists(), MEND
    assert path.read_text() == NOW[path], MEND


def test_the_index_names_every_page_by_its_title() -> None:
    assert (DOCS / "README.md").read_text() == index_page(DOCS), MEND
    named = _linked(DOCS / "README.md")
    for folder in [page.parent for page in named if page.name == "README.md"]:
        named |= _linked(folder / "README.md")
    there = {page for page in DOCS.rglob("*.md") if page != DOCS / "README.md"}
    assert there <= named, "a folder that services/cli/reference/index.py does not know"


def _linked(page: Path) -> set[Path]:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    return {(page.parent / target).resolve() for target in targets}


def test_a_folder_with_an_index_of_its_own_is_named_once(tmp_path: Path) -> None:
    for name in ("how-to/b.md", "how-to/a.md", "runbooks/README.md", "runbooks/x.md", "why.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    assert re.findall(r"\((\S+\.md)\)", index_page(tmp_path)) == [
        "how-to/a.md", "how-to/b.md", "runbooks/README.md", "why.md"
    ]  # fmt: skip


def test_every_setting_is_explained_in_both_languages() -> None:
    texts = texts_of_members(Settings)
    for name in Settings.model_fields:
        assert texts.get(name), f"{name}: a docstring below it in infra/runtime/settings.py"
        assert SETTINGS_ZH.get(name), f"{name}: a line in services/cli/reference/chinese.py"


def test_every_metric_is_explained_in_both_languages() -> None:
    named = (ROOT / "docs/reference/metrics.md").read_text()
    for module in metric_modules():
        for metric in metrics_of(module):
            (family,) = metric.describe()
            (name,) = re.findall(rf"`({family.name}(?:_total)?)`", named)
            assert METRICS_ZH.get(name), f"{name}: a line in services/cli/reference/chinese.py"


def test_every_command_is_there_with_its_options() -> None:
    text = (ROOT / "docs/reference/cli.md").read_text()
    commands = [typed for typed, _ in command_tree()]
    assert len(commands) >= 16
    assert {"liandan up", "liandan registry import", "liandan key create"} <= set(commands)
    for typed, command in command_tree():
        section = text.partition(f"\n## {typed}\n")[2].partition("\n## ")[0]
        assert section, typed
        for parameter in command.params:
            if parameter.name != "help":
                option = parameter.param_type_name == "option"
                shown = parameter.opts[0] if option else parameter.metavar or parameter.name.upper()
                assert f"`{shown}`" in section or f"`[{shown}]`" in section
            if parameter.help:
                assert re.search(r"[\u4e00-\u9fff]", section), typed


def test_every_refusal_in_the_source_is_listed() -> None:
    """Whatever the generator's reading of the source misses, a plain search finds."""
    listed = {told.code for told in (*event_codes(), *import_codes())} | set(KINDS)
    calls = re.compile(r"\b(?:Refusal|Problem)\(\s*(?:_?[a-z]+, )?\"([a-z_]+)\"")
    for folder in ("schemas", "services/registry", "services/gateway"):
        for path in (ROOT / folder).rglob("*.py"):
            for code in calls.findall(path.read_text()):
                assert code in listed, f"{path.name}: {code}"
    for told in (*event_codes(), *import_codes()):
        assert re.search(r"[\u4e00-\u9fff]", told.zh), told
        assert told.code == "value_invalid" or re.search("[a-z]", told.en), told


def test_every_event_has_a_valid_example_and_its_speakers_as_the_contract_has_them() -> None:
    medical_names = {f"medical.{verb}" for verb in MEDICAL_VERBS.values()}
    assert set(examples()) == set(SPEAKERS) == {*MANIFEST_VERBS.values(), "track", *medical_names}
    for name, text in examples().items():
        event = family_of(text.encode()).decode(text.encode())
        _, family, verb, _ = event.type.split(".")
        assert name == (f"medical.{verb}" if family == "medical" else verb)
        if family == "medical":
            continue  # a package's table groups them otherwise
        contract = f"{manifest.__doc__}\n{track.__doc__}"
        said = re.search(rf"^\| {verb} \| (.+?) \|", contract, re.MULTILINE)
        assert said is not None
        assert SPEAKERS[name][1].removeprefix("the ") == said[1].removeprefix("the ")


def test_the_reasons_of_quarantine_are_those_that_the_code_writes() -> None:
    """In calls of the three ways to make a row; and the one that is written in SQL."""
    written = {"conflict"} if "'conflict'," in _text("services/archiver/conflict.py") else set()
    places = {"Quarantined": 1, "Oddity": 1, "_quarantined": 1}
    for path in ("streams/records.py", "streams/batch.py", *_archiver()):
        for node in ast.walk(ast.parse(_text(path))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in places:
                reason = node.args[places[node.func.id]]
                if isinstance(reason, ast.Constant):
                    written.add(reason.value)
    assert written == set(QUARANTINE_REASONS)


def _archiver() -> list[str]:
    return [str(p.relative_to(ROOT)) for p in (ROOT / "services/archiver").glob("*.py")]


def _text(path: str) -> str:
    return (ROOT / path).read_text()
