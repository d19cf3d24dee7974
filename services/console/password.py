"""Passwords: argon2id, a few at a time, and as long for a login that nobody has."""

import asyncio
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.checks import Refusal

__all__ = [
    "LEAST_LENGTH",
    "MOST_LENGTH",
    "Passwords",
    "Verified",
    "check_password",
    "hash_password",
]

LEAST_LENGTH, MOST_LENGTH = 10, 200
_AT_ONCE = 2
"""Each takes 64 MiB and a core for some 50 ms: a flood of logins waits instead of filling memory."""

_hasher = PasswordHasher()


class Verified(NamedTuple):
    """Whether the password is right; ``rehash``: the hash to store instead of weaker parameters."""

    right: bool
    rehash: str | None = None


def check_password(password: str, login: str) -> None:
    """Raise Refusal for a password that is too short, too long or the login itself."""
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise Refusal(
            "password_length",
            f"密码应为 {LEAST_LENGTH} 到 {MOST_LENGTH} 个字符",
            f"a password has {LEAST_LENGTH} to {MOST_LENGTH} characters",
        )
    if password.casefold() == login.casefold():
        raise Refusal("password_is_login", "密码不得与登录名相同", "a password is not the login")


def hash_password(password: str) -> str:
    """Return the argon2id hash with its parameters; takes some 50 ms of a core."""
    return _hasher.hash(password)


class Passwords:
    """Verifies in threads, ``_AT_ONCE`` at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = hash_password("the password of nobody")

    async def verify(self, stored: str | None, password: str) -> Verified:
        """Compare; ``None``, a login that nobody has, takes as long and is never right."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, stored, password[:MOST_LENGTH])

    def _verify(self, stored: str | None, password: str) -> Verified:
        try:
            _hasher.verify(stored or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return Verified(False)
        if stored is None:
            return Verified(False)
        return Verified(
            True, hash_password(password) if _hasher.check_needs_rehash(stored) else None
        )
