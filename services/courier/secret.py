"""Secrets of webhooks: what is stored, what is shown once, what signs.

With a key (setting ``courier_webhook_key``) a secret is derived from it, the endpoint's id and a
nonce: the database holds only the nonce, and a copy of it signs nothing. Without one it holds the
secret itself.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

__all__ = ["KeyInvalid", "NewSecret", "SecretKeys", "SecretUnknown"]

_LEAST_CHARACTERS = 32
_BYTES = 32
_CLEAR = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


class KeyInvalid(ValueError):
    """The key is too short to derive secrets from."""


class SecretUnknown(Exception):
    """Stored under a key that is not among those of the setting, or not a secret at all."""


@dataclass(frozen=True)
class NewSecret:
    """``stored`` goes to the database, ``shown`` to the receiver, once."""

    stored: str
    shown: str


class SecretKeys:
    """The keys of the setting, the newest first. Raises KeyInvalid."""

    def __init__(self, setting: str) -> None:
        lines = [line.strip() for line in setting.splitlines() if line.strip()]
        if any(len(line) < _LEAST_CHARACTERS for line in lines):
            raise KeyInvalid(f"a webhook key needs {_LEAST_CHARACTERS} characters or more")
        self._keys = {_fingerprint(line): line.encode() for line in lines}

    def new(self, endpoint: str) -> NewSecret:
        """Make a secret for an endpoint."""
        for fingerprint in self._keys:
            stored = f"key:{fingerprint}:{secrets.token_hex(16)}"
            return NewSecret(stored, self.open(endpoint, stored))
        shown = _shown(secrets.token_bytes(_BYTES))
        return NewSecret(shown, shown)

    def open(self, endpoint: str, stored: str) -> str:
        """Return the secret ``whsec_…`` of what is stored. Raises SecretUnknown."""
        if _CLEAR.fullmatch(stored):
            return stored
        _, fingerprint, nonce = (*stored.split(":"), "", "")[:3]
        key = self._keys.get(fingerprint)
        if key is None:
            raise SecretUnknown(f"the webhook key {fingerprint[:12]!r} is not in the setting")
        said = f"liandan webhook\n{endpoint}\n{nonce}".encode()
        return _shown(hmac.digest(key, said, "sha256"))


def _fingerprint(key: str) -> str:
    return hashlib.sha256(b"liandan webhook key\n" + key.encode()).hexdigest()[:12]


def _shown(raw: bytes) -> str:
    return "whsec_" + base64.b64encode(raw).decode()
