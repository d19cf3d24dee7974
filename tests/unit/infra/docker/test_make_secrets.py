"""make-secrets.sh makes what docker-compose.yml hands out, once, and lets nobody else at it."""

import hashlib
import re
import shutil
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.postgres.bootstrap import ROLES
from infra.runtime.ticket_keys import PublicKeys, signing_key
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
    assert {file.name for file in secrets.iterdir()} == named | {"tickets"}


def test_the_folder_is_its_owners_alone_and_containers_can_read_the_files(secrets: Path) -> None:
    assert mode(secrets) == 0o700
    filled_in = {"operators_page_token", "operators_mail_password", "courier_channels"}
    for file in (each for each in secrets.iterdir() if each.is_file()):
        assert mode(file) == (0o644 if file.name in filled_in else 0o444), file.name


def test_the_key_of_check_tickets_is_a_pair_of_which_workers_get_the_public_half(
    secrets: Path,
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here: the script says so, and makes no key")
    signing = signing_key(secrets / "tickets")
    assert signing is not None
    name, key = signing
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert name == hashlib.sha256(raw).hexdigest()[:16]
    for folder in (secrets / "tickets", secrets / "tickets" / "public"):
        assert PublicKeys(folder)[name].public_bytes(Encoding.Raw, PublicFormat.Raw) == raw
        assert mode(folder) == 0o755
    assert signing_key(secrets / "tickets" / "public") is None
    assert "tickets" not in make(secrets), "run again it keeps the pair"
    assert signing_key(secrets / "tickets") is not None


def test_without_openssl_it_says_so_and_makes_the_rest(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("cat", "chmod", "cut", "dirname", "head", "mkdir", "mv", "od", "sh", "tr"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    done = subprocess.run(
        [tools / "sh", SCRIPT, tmp_path / "secrets"],
        capture_output=True, text=True, timeout=30, check=True, env={"PATH": str(tools)},
    )  # fmt: skip
    assert "no openssl" in done.stdout
    assert (tmp_path / "secrets" / "grafana_password").stat().st_size
    assert (tmp_path / "secrets" / "tickets" / "public").is_dir()


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
    def held() -> dict[str, bytes]:
        files = (file for file in secrets.rglob("*") if file.is_file())
        return {str(file.relative_to(secrets)): file.read_bytes() for file in files}

    before = held()
    (secrets / "database_reader").unlink()
    assert make(secrets) == "✓ database_reader\n"
    after = held()
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
