"""Both languages say everything, and templates say nothing of their own."""

import re
import string
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

import services.console
from services.console.filter import FAMILIES, FINDINGS, SEVERITIES
from services.console.words import LANGUAGES, catalogue, saying

FOLDER = Path(services.console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
LETTERS = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,}")


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_the_same_places_to_fill() -> None:
    zh, en = (catalogue(language) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    assert len(zh) > 200
    for key in zh:
        assert zh[key].strip(), key
        assert en[key].strip(), key
        assert _places(zh[key]) == _places(en[key]), key


def test_chinese_is_chinese_and_english_has_no_chinese() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for key, text in catalogue("en").items():
        assert not chinese.search(text) or key == "common.other_language", key
    foreign = {"common.other_language", "evidence.digest"}
    for key, text in catalogue("zh").items():
        assert chinese.search(text) or not LETTERS.search(text) or key in foreign, key


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_bare_text(path: Path) -> None:
    tree = jinja2.Environment().parse(path.read_text())  # noqa: S701 - nothing is rendered
    text = "".join(data.data for data in tree.find_all(nodes.TemplateData))
    told = re.findall(r"""(?:placeholder|title|alt|aria-label)=(?:"([^"]*)"|'([^']*)')""", text)
    visible = re.sub(r"<[^>]*>", " ", re.sub(r"<!doctype html>", "", text))
    visible = re.sub(r"""[\w-]+=["'][^"']*["']|^[^<]*>|<[^>]*$""", " ", visible, flags=re.M)
    for said in [visible, *(a or b for a, b in told)]:
        assert not re.search(r"[\u4e00-\u9fff]", said), said
        assert not re.search(r">\s*[A-Za-z]{3,}\s*<", text), path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_key_of_a_template_is_in_the_catalogue(path: Path) -> None:
    keys = catalogue("zh").keys()
    tree = jinja2.Environment().parse(path.read_text())  # noqa: S701 - nothing is rendered
    for call in tree.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name != "say":
            continue
        key = call.args[0]
        if isinstance(key, nodes.Const):
            assert key.value in keys
        elif isinstance(key, nodes.Concat):
            first = key.nodes[0]
            assert isinstance(first, nodes.Const)
            assert any(known.startswith(first.value) for known in keys), first.value


def test_every_key_is_said_somewhere() -> None:
    sources = "".join(p.read_text() for p in [*TEMPLATES, *FOLDER.glob("*.py")]).replace("'", '"')
    for key in catalogue("zh"):
        table, _, name = key.partition(".")
        cuts = [0, *(n + 1 for n, letter in enumerate(name) if letter == "_")]
        used = (f'"{key}', *(f'"{table}.{name[:cut]}" ~' for cut in cuts))
        assert any(form in sources for form in used), key


def test_every_value_that_is_shown_by_name_has_one() -> None:
    say = saying("zh")
    for level in SEVERITIES:
        assert say(f"severity.{level}")
    for finding in FINDINGS:
        assert say(f"finding.{finding}")
    for family in FAMILIES:
        assert say(f"family.{family}")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        saying("zh")("common.nonsense")
