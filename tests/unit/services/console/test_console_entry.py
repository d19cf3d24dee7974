"""Tokens, passwords, attempts: what stands before the first page."""

import re

import pytest
from argon2 import PasswordHasher

from schemas.checks import Refusal
from services.console.attempts import MOST_BY_ADDRESS, MOST_BY_LOGIN, WINDOW_S, Attempts
from services.console.password import MOST_LENGTH, Passwords, check_password, hash_password
from services.console.token import (
    csrf_token,
    digest_of,
    form_token,
    is_csrf_token,
    is_token,
    new_token,
)

SECRET = bytes(range(32))


def test_a_token_has_256_bits_and_no_two_are_alike() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(is_token(token) for token in tokens)
    assert {len(digest_of(token)) for token in tokens} == {32}
    for wrong in ("", "x", "a" * 42, "a" * 44, "a" * 42 + "\0", "a" * 42 + "é"):
        assert not is_token(wrong)


def test_a_forms_token_is_good_for_its_secret_alone_and_never_the_same() -> None:
    token = csrf_token(SECRET)
    assert is_csrf_token(SECRET, token)
    assert csrf_token(SECRET) != token
    assert not is_csrf_token(SECRET[::-1], token)
    for wrong in ("", token[:-1], token + "0", "0" * 96, "é" * 96, token[::-1]):
        assert not is_csrf_token(SECRET, wrong)


def test_a_form_keeps_its_number_and_a_made_up_one_is_replaced() -> None:
    token = form_token()
    assert form_token(token) == token
    assert form_token("short") != "short"


def test_the_hash_is_argon2id_and_says_its_parameters() -> None:
    assert re.match(r"\$argon2id\$v=19\$m=65536,t=3,p=4\$", hash_password("long enough one"))


@pytest.mark.parametrize("password", ["", "short", "x" * (MOST_LENGTH + 1), "Some.Login.Name"])
def test_a_bad_password_is_refused(password: str) -> None:
    with pytest.raises(Refusal):
        check_password(password, "some.login.name")


async def test_a_password_is_verified_and_weak_parameters_are_renewed() -> None:
    passwords = Passwords()
    stored = hash_password("the right password")
    assert (await passwords.verify(stored, "the right password")) == (True, None)
    assert not (await passwords.verify(stored, "the wrong password")).right
    assert not (await passwords.verify("no hash at all", "the right password")).right
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("the right password")
    verified = await passwords.verify(weak, "the right password")
    assert verified.right
    assert verified.rehash is not None
    assert (await passwords.verify(verified.rehash, "the right password")) == (True, None)


async def test_nobodys_password_is_hashed_like_anybodys(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    seen: list[str] = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, stored: str, password: str) -> bool:
        seen.append(stored)
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not (await passwords.verify(None, "the password of nobody")).right
    assert not (await passwords.verify(hash_password("another password"), "wrong")).right
    parameters = [stored.split("$")[1:4] for stored in seen]
    assert len(seen) == 2
    assert parameters[0] == parameters[1], "the same work"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_login_waits_after_its_last_allowed_failure_and_no_other_does() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for n in range(MOST_BY_LOGIN):
        assert attempts.wait_s("one", f"10.0.0.{n}") == 0
        attempts.begin("one", f"10.0.0.{n}")
        clock.now += 1
    assert attempts.wait_s("one", "10.9.9.9") == WINDOW_S - MOST_BY_LOGIN
    assert attempts.wait_s("two", "10.9.9.9") == 0
    clock.now += WINDOW_S - MOST_BY_LOGIN
    assert attempts.wait_s("one", "10.9.9.9") == 0


def test_an_address_waits_whatever_logins_it_tries_and_ipv6_by_its_network() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for n in range(MOST_BY_ADDRESS):
        attempts.begin(f"login{n}", f"2001:db8:1:2::{n}")
    assert attempts.wait_s("fresh", "2001:db8:1:2:ffff::1") > 0
    assert attempts.wait_s("fresh", "2001:db8:1:3::1") == 0


def test_success_forgets_failures_and_memory_is_bounded() -> None:
    attempts = Attempts(Clock())
    for _ in range(MOST_BY_LOGIN):
        attempts.begin("one", "10.0.0.1")
    attempts.succeeded("one", "10.0.0.1")
    assert attempts.wait_s("one", "10.0.0.1") == 0
    for n in range(30_000):
        attempts.begin(f"login{n}", f"net{n}")
    assert len(attempts._failures) <= 20_000
