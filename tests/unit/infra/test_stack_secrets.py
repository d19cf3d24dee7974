"""What the local stack tells its processes of secrets."""

from pathlib import Path

import pytest

from infra.local.stack import LocalStack
from infra.runtime.settings import Settings


def test_a_secret_in_a_file_stays_there_and_what_was_given_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text("[[channel]]\nname = 'duty'\nurl = 'wecombot://hidden-word'\n")
    monkeypatch.setenv("LIANDAN_COURIER_CHANNELS_FILE", str(file))
    monkeypatch.setenv("LIANDAN_COURIER_GATHER_S", "7")
    asked = Settings(home=tmp_path)
    assert "hidden-word" in asked.courier_channels
    told = LocalStack(asked)._environment()
    assert "hidden-word" not in str(told)
    assert told["LIANDAN_COURIER_GATHER_S"] == "7.0"
    given = LocalStack(Settings(home=tmp_path, courier_channels=""))._environment()
    assert given["LIANDAN_COURIER_CHANNELS"] == "", "what was given goes before the file"
