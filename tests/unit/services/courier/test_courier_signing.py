"""Secrets and signatures, checked by the receiver's own library."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.courier.secret import KeyInvalid, SecretKeys, SecretUnknown
from services.courier.webhook_message import WebhookMessage, alert_message, signed_headers
from tests.outbox_rows import alert

KEY, OTHER_KEY = "k" * 32, "o" * 40
ALERT = uuid.UUID("6f1d3a58-4b7e-5d0c-9a35-1b0e8a5d2c77")


def receive(secret: str, body: bytes, headers: dict[str, str]) -> Any:
    """What a receiver does: verify, then read. Raises WebhookVerificationError."""
    return Webhook(secret).verify(body, headers)


def message(revision: int = 2, **more: Any) -> WebhookMessage:
    return alert_message(
        feed_seq=7,
        alert_id=str(ALERT),
        revision=revision,
        at=datetime(2026, 11, 25, tzinfo=UTC),
        alert=alert(ALERT, **more),
    )


def test_the_receiver_verifies_and_reads_the_alert() -> None:
    secret = SecretKeys("").new("wh_1").shown
    said = message()
    headers = signed_headers(said, [secret], datetime.now(UTC))
    assert headers["webhook-id"] == f"{ALERT}:2"
    read = receive(secret, said.body, headers)
    assert read["type"] == "alert.open"
    assert read["timestamp"] == "2026-11-25T00:00:00+00:00"
    assert read["data"]["feed_seq"] == 7
    assert read["data"]["revision"] == 2
    assert read["data"]["alert"] == alert(ALERT)


def test_a_withdrawn_alert_is_another_type() -> None:
    secret = SecretKeys("").new("wh_1").shown
    said = message(state="withdrawn")
    read = receive(secret, said.body, signed_headers(said, [secret], datetime.now(UTC)))
    assert read["type"] == "alert.withdrawn"


def test_a_byte_altered_or_a_header_of_another_message_is_noticed() -> None:
    secret = SecretKeys("").new("wh_1").shown
    said = message()
    headers = signed_headers(said, [secret], datetime.now(UTC))
    with pytest.raises(WebhookVerificationError):
        receive(secret, said.body.replace(b"high", b"low "), headers)
    with pytest.raises(WebhookVerificationError):
        receive(secret, said.body, {**headers, "webhook-id": f"{ALERT}:3"})
    with pytest.raises(WebhookVerificationError):
        receive(SecretKeys("").new("wh_1").shown, said.body, headers)


def test_an_old_message_is_refused() -> None:
    secret = SecretKeys("").new("wh_1").shown
    said = message()
    headers = signed_headers(said, [secret], datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(WebhookVerificationError, match="too old"):
        receive(secret, said.body, headers)


def test_while_a_secret_rotates_both_verify() -> None:
    new, old = (SecretKeys("").new("wh_1").shown for _ in range(2))
    said = message()
    headers = signed_headers(said, [new, old], datetime.now(UTC))
    for secret in (new, old):
        assert receive(secret, said.body, headers)["data"]["revision"] == 2


def test_id_and_body_are_the_same_over_retries() -> None:
    assert message() == message()
    assert message(3).id != message(2).id


def test_without_a_key_the_secret_itself_is_stored() -> None:
    keys = SecretKeys("")
    fresh = keys.new("wh_1")
    assert fresh.stored == fresh.shown
    assert keys.open("wh_1", fresh.stored) == fresh.shown
    assert keys.new("wh_1").shown != fresh.shown


def test_with_a_key_what_is_stored_signs_nothing() -> None:
    fresh = SecretKeys(KEY).new("wh_1")
    assert fresh.stored.startswith("key:")
    assert fresh.shown.removeprefix("whsec_") not in fresh.stored
    assert SecretKeys(KEY).open("wh_1", fresh.stored) == fresh.shown
    assert SecretKeys(KEY).open("wh_2", fresh.stored) != fresh.shown


def test_keys_rotate_the_one_before_still_opens() -> None:
    before = SecretKeys(KEY).new("wh_1")
    both = SecretKeys(f"{OTHER_KEY}\n{KEY}\n")
    assert both.open("wh_1", before.stored) == before.shown
    assert SecretKeys(OTHER_KEY).open("wh_1", both.new("wh_1").stored)
    with pytest.raises(SecretUnknown):
        SecretKeys(OTHER_KEY).open("wh_1", before.stored)
    with pytest.raises(SecretUnknown):
        SecretKeys("").open("wh_1", before.stored)


def test_a_secret_from_before_there_was_a_key_still_signs() -> None:
    clear = SecretKeys("").new("wh_1")
    assert SecretKeys(KEY).open("wh_1", clear.stored) == clear.shown


def test_a_short_key_is_refused() -> None:
    with pytest.raises(KeyInvalid):
        SecretKeys("short")
