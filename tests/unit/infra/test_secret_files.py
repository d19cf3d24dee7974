"""A secret may stand in a file that ``LIANDAN_<NAME>_FILE`` names."""

from pathlib import Path

import pytest

from infra.runtime.settings import Settings, from_secret_file

ADDRESS = "postgresql://liandan_writer:密码%40@postgres:5432/liandan"


@pytest.fixture(autouse=True)
def no_local_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDAN_HOME", str(tmp_path / "home"))


def test_a_setting_is_read_from_the_file_without_its_last_line_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "database_writer"
    file.write_text(ADDRESS + "\n", encoding="utf-8")
    monkeypatch.setenv("LIANDAN_DATABASE_WRITER_FILE", str(file))
    assert Settings().database_writer == ADDRESS
    assert Settings().database_reader == Settings.model_fields["database_reader"].default


def test_numbers_in_files_are_checked_like_those_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "port"
    file.write_text("18080\n")
    monkeypatch.setenv("LIANDAN_GATEWAY_PORT_FILE", str(file))
    assert Settings().gateway_port == 18080
    file.write_text("eighty")
    with pytest.raises(ValueError, match="gateway_port"):
        Settings()


def test_the_environment_and_arguments_come_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "reader"
    file.write_text("postgresql://of-the-file/")
    monkeypatch.setenv("LIANDAN_DATABASE_READER_FILE", str(file))
    monkeypatch.setenv("LIANDAN_DATABASE_READER", "postgresql://of-the-environment/")
    assert Settings().database_reader == "postgresql://of-the-environment/"
    assert Settings(database_reader="postgresql://told/").database_reader == "postgresql://told/"


def test_the_file_comes_before_a_running_local_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "home" / "run"
    run.mkdir(parents=True)
    (run / "stack.json").write_text(
        '{"pid": 1, "settings": {"database_reader": "postgresql://of-the-stack/"}}'
    )
    assert Settings().database_reader == "postgresql://of-the-stack/"
    file = tmp_path / "reader"
    file.write_text("postgresql://of-the-file/")
    monkeypatch.setenv("LIANDAN_DATABASE_READER_FILE", str(file))
    assert Settings().database_reader == "postgresql://of-the-file/"


def test_a_promised_file_that_is_missing_stops_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANDAN_DATABASE_WRITER_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError):
        Settings()


def test_a_secret_that_is_no_setting_is_read_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert from_secret_file("database_superuser") is None
    file = tmp_path / "superuser"
    file.write_text("postgresql://postgres:x@postgres/postgres\r\n")
    monkeypatch.setenv("LIANDAN_DATABASE_SUPERUSER_FILE", str(file))
    assert from_secret_file("database_superuser") == "postgresql://postgres:x@postgres/postgres"
