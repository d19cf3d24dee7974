"""Opaque tokens of sessions, and the tokens in forms that only our own pages can send."""

import hashlib
import hmac
import re
import secrets

__all__ = ["csrf_token", "digest_of", "form_token", "is_csrf_token", "is_token", "new_token"]

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FORM = re.compile(r"[A-Za-z0-9_-]{22}")


def new_token() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether a text could be one of ``new_token``'s: what else comes in a cookie goes no further."""
    return _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def form_token(given: str | None = None) -> str:
    """Return ``given`` if it is the token of a form shown before, else a fresh one."""
    return given if given and _FORM.fullmatch(given) else secrets.token_urlsafe(16)


def csrf_token(secret: bytes) -> str:
    """Return a token for one form; another one each time, so that compression tells nothing."""
    nonce = secrets.token_hex(16)
    return nonce + hmac.new(secret, nonce.encode(), hashlib.sha256).hexdigest()


def is_csrf_token(secret: bytes, token: str) -> bool:
    """Whether the token was made with the secret."""
    nonce, mac = token[:32], token[32:]
    expected = hmac.new(secret, nonce.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), mac.encode())
