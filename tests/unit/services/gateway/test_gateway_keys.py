"""API keys: their form, the snapshot, and the file that outlives a process."""

import json
from pathlib import Path

import pytest

from schemas.checks import Refusal
from services.cli.keys import create_key
from services.gateway.keys import ApiKey, Keys, new_token, read_token
from services.gateway.problems import Refused
from tests.gateway_events import ME


def code_of(keys: Keys, authorization: str | None) -> str:
    with pytest.raises(Refused) as refused:
        keys.authenticate(authorization)
    return refused.value.code


def test_a_token_carries_its_id_and_its_secret() -> None:
    fresh = new_token()
    assert read_token(fresh.token) == (fresh.key_id, fresh.digest)
    assert len({new_token().token for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "token",
    ["", "ldk_", "ldk_0123456789ab_", "ldk_0123456789ab_" + "é" * 43, "x" * 100_000, "ldk_\n_"],
)
def test_what_is_no_token_is_none(token: str) -> None:
    assert read_token(token) is None


def test_a_key_is_known_by_id_and_secret_together(tmp_path: Path) -> None:
    keys, fresh, other = Keys(tmp_path / "k"), new_token(), new_token()
    mine = ApiKey(fresh.key_id, fresh.digest, ME, False)
    assert code_of(keys, f"Bearer {fresh.token}") == "keys_away"
    keys.replace([mine, ApiKey(other.key_id, other.digest, ME, True)])
    assert keys.authenticate(f"bearer  {fresh.token}") == mine
    assert code_of(keys, None) == code_of(keys, "Basic eA==") == "key_missing"
    assert code_of(keys, f"Bearer {other.token}") == "key_revoked"
    assert code_of(keys, f"Bearer {new_token().token}") == "key_unknown"
    swapped = fresh.token.replace(fresh.key_id, other.key_id)
    assert code_of(keys, f"Bearer {swapped}") == "key_unknown"


def test_the_snapshot_outlives_the_process_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file, fresh = tmp_path / "run" / "keys.json", new_token()
    Keys(file).replace([ApiKey(fresh.key_id, fresh.digest, ME, False)])
    assert file.stat().st_mode & 0o777 == 0o600
    secret = fresh.token.rpartition("_")[2]
    assert secret not in file.read_text()
    again = Keys(file)
    again.load()
    assert again.authenticate(f"Bearer {fresh.token}").uscc == ME
    again.replace([ApiKey(fresh.key_id, fresh.digest, ME, True)])
    last = Keys(file)
    last.load()
    assert code_of(last, f"Bearer {fresh.token}") == "key_revoked"
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"keys":[["a"]]}', '{"keys":[[1,"zz",2,3]]}']
)
def test_a_broken_file_is_no_snapshot(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    keys = Keys(file)
    keys.load()
    assert not keys.loaded


def test_a_file_that_cannot_be_written_does_not_stop_the_gateway(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the directory should be")
    keys, fresh = Keys(tmp_path / "run" / "keys.json"), new_token()
    keys.replace([ApiKey(fresh.key_id, fresh.digest, ME, False)])
    assert keys.authenticate(f"Bearer {fresh.token}").uscc == ME


def test_an_unchanged_snapshot_is_not_written_again(tmp_path: Path) -> None:
    file, fresh = tmp_path / "keys.json", new_token()
    keys, row = Keys(file), ApiKey(fresh.key_id, fresh.digest, ME, False)
    keys.replace([row])
    file.write_text(json.dumps({"keys": []}))
    keys.replace([row])
    assert json.loads(file.read_text()) == {"keys": []}


async def test_a_key_is_made_for_a_credit_code_only() -> None:
    with pytest.raises(Refusal):
        await create_key(None, "91110000000000000X", "nobody")
