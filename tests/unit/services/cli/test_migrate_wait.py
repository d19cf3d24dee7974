"""``liandan migrate --wait`` gives stores time to start; without it the first answer counts."""

from typing import Any

import pytest
from aiokafka.errors import InvalidReplicationFactorError, KafkaConnectionError
from asyncpg.exceptions import CannotConnectNowError, InvalidPasswordError
from typer.testing import CliRunner

from services.cli import migrate as module
from services.cli.main import app


class Starting:
    """Fails with each of the errors given, one a call, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0
        self.answer: list[str] = []
        self.options: dict[str, Any] = {}

    async def __call__(self, *_: Any, **options: Any) -> list[str]:
        self.calls += 1
        self.options = options
        if self.errors:
            raise self.errors.pop(0)
        return self.answer


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Starting]:
    found = {
        "apply_migrations": Starting(ConnectionRefusedError(), CannotConnectNowError("starting")),
        "contracts_waiting": Starting(),
        "ensure_topics": Starting(KafkaConnectionError(), InvalidReplicationFactorError("1 < 3")),
    }
    for name, store in found.items():
        monkeypatch.setattr(module, name, store)
    monkeypatch.setattr(module, "require_sound_release", Starting())
    return found


def test_stores_that_are_starting_are_waited_for(stores: dict[str, Starting]) -> None:
    told = CliRunner().invoke(app, ["migrate", "--wait", "30"])
    assert told.exit_code == 0, told.output
    assert [store.calls for store in stores.values()] == [3, 1, 3]


def test_without_waiting_the_first_answer_counts(stores: dict[str, Starting]) -> None:
    told = CliRunner().invoke(app, ["migrate"])
    assert told.exit_code == 3
    assert stores["apply_migrations"].calls == 1
    stores["apply_migrations"].errors.clear()
    told = CliRunner().invoke(app, ["migrate"])
    assert told.exit_code == 3
    assert stores["ensure_topics"].calls == 1


def test_waiting_ends(stores: dict[str, Starting]) -> None:
    stores["apply_migrations"].errors = [ConnectionRefusedError() for _ in range(99)]
    told = CliRunner().invoke(app, ["migrate", "--wait", "1.5"])
    assert told.exit_code == 3
    assert 1 < stores["apply_migrations"].calls < 9


def test_a_wrong_password_is_not_waited_for(stores: dict[str, Starting]) -> None:
    stores["apply_migrations"].errors = [InvalidPasswordError("no")]
    told = CliRunner().invoke(app, ["migrate", "--wait", "30"])
    assert told.exit_code == 3
    assert stores["apply_migrations"].calls == 1


def test_a_contract_is_applied_only_when_it_is_asked_for(stores: dict[str, Starting]) -> None:
    stores["apply_migrations"].errors.clear()
    stores["ensure_topics"].errors.clear()
    stores["contracts_waiting"].answer = ["0012_less.sql"]
    told = CliRunner().invoke(app, ["migrate"])
    assert told.exit_code == 0
    assert stores["apply_migrations"].options == {"contract": False}
    assert "0012_less.sql" in told.output
    assert "liandan migrate --contract" in told.output
    CliRunner().invoke(app, ["migrate", "--contract"])
    assert stores["apply_migrations"].options == {"contract": True}
