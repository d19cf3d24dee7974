"""The README says what is so: its alert is one the judge really raises (commands: ``test_docs``)."""

import re
from pathlib import Path

import typer
from typer.core import TyperGroup

from schemas.decode import decode_registry_record
from services.cli.main import app
from services.simulator import build_world
from streams.judging.on_files import judge_statements
from streams.judging.registry import RegistryView
from streams.judging.statement import read_statement

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_alert_in_the_readme_is_one_that_the_default_world_raises() -> None:
    world = build_world(medical=False, trucks=False)
    view = RegistryView.known_at(decode_registry_record(line) for line in world.registry)
    statements = [read_statement(raw, n) for n, raw in enumerate(world.events)]
    sentence = re.search(r"^\| sentence \| (.+) \|$", README, re.MULTILINE)
    assert sentence is not None
    (alert,) = (a for a in judge_statements(view, statements).alerts if a.text_zh == sentence[1])
    for cited in alert.law:
        assert f"{cited.law.removeprefix('中华人民共和国')} {cited.article}" in README


def test_every_command_is_in_the_readme() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for command in group.list_commands(typer.Context(group)):
        assert re.search(rf"^\| `[^|]*\b{command}`", README, re.MULTILINE), command
