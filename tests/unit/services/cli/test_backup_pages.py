"""The pages on restoring and upgrading name commands that exist."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app

DOCS = Path(__file__).parents[4] / "docs"


@pytest.mark.parametrize("page", ["how-to/restore.md", "migrations.md"])
def test_every_command_of_the_page_exists(page: str) -> None:
    text = (DOCS / page).read_text()
    commands = set(
        re.findall(r"(?:^ *|`)liandan ((?:[a-z]+ ?)+)((?:--[a-z]+)?)", text, re.MULTILINE)
    )
    assert len(commands) >= 3
    for command, option in commands:
        result = CliRunner().invoke(app, [*command.split(), "--help"])
        assert result.exit_code == 0, command
        assert option in result.output


@pytest.mark.parametrize("page", ["how-to/restore.md", "migrations.md"])
def test_every_file_of_the_page_exists(page: str) -> None:
    for target in re.findall(r"`((?:docs|infra)/[\w/.]+)`", (DOCS / page).read_text()):
        assert (DOCS.parent / target).exists(), target


def test_backup_takes_a_directory_or_a_command(tmp_path: Path) -> None:
    runner = CliRunner()
    told = runner.invoke(app, ["backup", "list", str(tmp_path / "none")])
    assert told.exit_code == 0
    for arguments in (["verify", str(tmp_path)], ["verify", str(tmp_path / "none")]):
        told = runner.invoke(app, ["backup", *arguments])
        assert told.exit_code == 2
        assert "is no complete backup" in told.output
    told = runner.invoke(app, ["restore", str(tmp_path)])
    assert told.exit_code == 2


def test_without_a_database_there_is_nothing_to_back_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path / "home"))
    told = CliRunner().invoke(app, ["backup", str(tmp_path / "backups")])
    assert told.exit_code == 2
    assert "LIANDAN_DATABASE_MIGRATOR is not set" in told.output
    assert not (tmp_path / "backups").exists()


def test_a_database_that_does_not_answer_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LIANDAN_DATABASE_MIGRATOR", "postgresql://x@127.0.0.1:1/liandan")
    told = CliRunner().invoke(app, ["backup", str(tmp_path / "backups")])
    assert told.exit_code == 3
    assert "Postgres cannot be used" in told.output
    assert "Traceback" not in told.output


def test_a_directory_that_cannot_be_made_is_not_the_databases_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDAN_DATABASE_MIGRATOR", "postgresql://x@127.0.0.1:1/liandan")
    (tmp_path / "file").write_text("")
    told = CliRunner().invoke(app, ["backup", str(tmp_path / "file" / "backups")])
    assert told.exit_code == 3
    assert "Cannot use" in told.output
    assert "Postgres" not in told.output
