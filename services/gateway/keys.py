"""API keys: their form, and the snapshot of the table by which posts are told apart.

A token is ``ldk_<key id>_<secret>``: 12 hexadecimal characters, and 32 random bytes in base64url
without padding. The database holds the SHA-256 of the 32 bytes only; that needs no slow hash, as
256 random bits cannot be guessed.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import structlog

from services.gateway.metrics import KEYS_LOADED
from services.gateway.problems import Refused
from services.gateway.snapshot import save_private

__all__ = ["ApiKey", "Keys", "NewToken", "new_token", "read_token", "secret_digest"]

_TOKEN = re.compile(r"ldk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_log = structlog.get_logger(__name__)


class ApiKey(NamedTuple):
    """One row of ``api_key``. ``digest``: SHA-256 of the secret."""

    key_id: str
    digest: bytes
    uscc: str
    revoked: bool


class NewToken(NamedTuple):
    """A token just made; only ``key_id`` and ``digest`` are to be kept."""

    token: str
    key_id: str
    digest: bytes


def new_token() -> NewToken:
    """Return a new random token."""
    key_id, secret = secrets.token_hex(6), secrets.token_bytes(32)
    text = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return NewToken(f"ldk_{key_id}_{text}", key_id, secret_digest(secret))


def secret_digest(secret: bytes) -> bytes:
    """Return what the database keeps of a secret."""
    return hashlib.sha256(secret).digest()


def read_token(token: str) -> tuple[str, bytes] | None:
    """Return (key id, digest of the secret), None for anything but a token."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    try:
        secret = base64.urlsafe_b64decode(match[2] + "=")
    except binascii.Error:
        return None
    return match[1], secret_digest(secret)


class Keys:
    """The snapshot in memory and in a file that only its owner can read.

    The file lets a restarted gateway go on while Postgres is away. ``replace`` is called with
    every key, revoked ones included, after each reading of the table.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._saved: frozenset[ApiKey] | None = None
        self._by_digest: dict[bytes, ApiKey] | None = None

    @property
    def loaded(self) -> bool:
        """Whether there is any snapshot to judge by."""
        return self._by_digest is not None

    def load(self) -> None:
        """Take the snapshot of an earlier life, if there is a sound one."""
        try:
            rows = json.loads(self._file.read_bytes())["keys"]
            keys = [ApiKey(r[0], bytes.fromhex(r[1]), r[2], bool(r[3])) for r in rows]
        except FileNotFoundError:
            return
        except (OSError, ValueError, LookupError, TypeError) as error:
            _log.warning("key snapshot unreadable", file=str(self._file), error=str(error))
            return
        self._saved = frozenset(keys)
        self._use(keys)

    def replace(self, keys: Iterable[ApiKey]) -> None:
        """Judge by ``keys`` from now on, and keep them in the file if they changed."""
        fresh = frozenset(keys)
        self._use(fresh)
        if fresh == self._saved:
            return
        try:
            self._save(fresh)
        except OSError as error:
            _log.error("key snapshot not saved", file=str(self._file), error=str(error))
        else:
            self._saved = fresh

    def authenticate(self, authorization: str | None) -> ApiKey:
        """Return the key in an ``Authorization`` header; raises ``Refused`` (401, 503).

        The secret's digest is looked up in a hash table: how long that takes says nothing about
        the secrets of others, as nobody can choose a digest.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refused("key_missing")
        read = read_token(token.strip())
        if read is None:
            raise Refused("key_unknown")
        if self._by_digest is None:
            raise Refused("keys_away")
        key = self._by_digest.get(read[1])
        if key is None or not hmac.compare_digest(key.key_id, read[0]):
            raise Refused("key_unknown")
        if key.revoked:
            raise Refused("key_revoked")
        return key

    def _use(self, keys: Iterable[ApiKey]) -> None:
        self._by_digest = {key.digest: key for key in keys}
        KEYS_LOADED.set(len(self._by_digest))

    def _save(self, keys: Iterable[ApiKey]) -> None:
        rows = sorted([k.key_id, k.digest.hex(), k.uscc, k.revoked] for k in keys)
        save_private(self._file, {"keys": rows})
