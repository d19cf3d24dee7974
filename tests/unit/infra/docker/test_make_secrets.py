"""make-secrets.sh makes what docker-compose.yml hands out, once, and lets nobody else at it."""

import re
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.postgres.bootstrap import ROLES
from services.courier.channel import read_channels
from services.courier.secret import SecretKeys
from tests.unit.infra.docker.compose_file import ROOT, compose_file

SCRIPT = ROOT / "infra" / "docker" / "make-secrets.sh"


def make(folder: Path) -> str:
    done = subprocess.run(
        ["sh", SCRIPT, folder], capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "some where" / "secrets"
    make(folder)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_secret_of_compose_is_made_and_no_other(secrets: Path) -> None:
    named = {Path(secret["file"]).name for secret in compose_file()["secrets"].values()}
    assert {file.name for file in secrets.iterdir()} == named


def test_the_folder_is_its_owners_alone_and_containers_can_read_the_files(secrets: Path) -> None:
    assert mode(secrets) == 0o700
    filled_in = {"operators_page_token", "operators_mail_password", "courier_channels"}
    for file in secrets.iterdir():
        assert mode(file) == (0o644 if file.name in filled_in else 0o444), file.name


def test_each_role_has_an_address_with_a_password_of_its_own(secrets: Path) -> None:
    seen = {(secrets / name).read_text() for name in ("grafana_password", "courier_webhook_key")}
    for role in ROLES:
        address = urlsplit((secrets / role.replace("liandan_", "database_")).read_text().strip())
        assert (address.scheme, address.username, address.path) == ("postgresql", role, "/liandan")
        assert (address.hostname, address.port) == ("postgres", 5432)
        assert address.hostname in compose_file()["services"]
        assert re.fullmatch("[0-9a-f]{48}", address.password or "")
        seen.add(address.password or "")
    superuser = urlsplit((secrets / "database_superuser").read_text().strip())
    assert superuser.password == (secrets / "postgres_password").read_text()
    assert superuser.path == "/postgres"
    seen.add(superuser.password)
    assert len(seen) == len(ROLES) + 3, "no two alike"


def test_made_again_it_keeps_what_is_there_and_adds_what_is_missing(secrets: Path) -> None:
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    (secrets / "database_reader").unlink()
    assert make(secrets) == "✓ database_reader\n"
    after = {file.name: file.read_bytes() for file in secrets.iterdir()}
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"database_reader"}
    assert make(secrets) == ""


def test_what_others_give_is_left_empty_said_so_and_kept_once_filled_in(tmp_path: Path) -> None:
    said = make(tmp_path / "secrets")
    for name in ("operators_page_token", "operators_mail_password"):
        file = tmp_path / "secrets" / name
        assert f"· {name} 待填写" in said
        assert file.read_text() == ""
        file.write_text("given")
    assert make(tmp_path / "secrets") == ""
    assert file.read_text() == "given"


def test_the_couriers_key_and_channels_are_what_the_courier_takes(secrets: Path) -> None:
    key = SecretKeys((secrets / "courier_webhook_key").read_text())
    assert key.new("wh_example").stored.startswith("key:"), "nothing in clear in the database"
    text = (secrets / "courier_channels").read_text()
    assert read_channels(text) == ()
    shown = "\n".join(line[2:] for line in text.splitlines() if re.match(r"# (\[\[|\w+ = )", line))
    (channel,) = read_channels(shown)
    assert channel.name == "duty-33"


def test_secrets_stay_out_of_git_and_out_of_the_image() -> None:
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*", "nothing but what is named"
    assert not [line for line in lines if line.startswith("!") and "secret" in line]
