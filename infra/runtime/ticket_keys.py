"""Keys of check tickets: Ed25519 pairs as PEM files in one directory, found by the key's name.

``<name>.pem`` is the private key (only the gateway needs it, mode 0600), ``<name>.pub.pem`` the
public one. Old public keys stay, so that old tickets can be verified.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the library takes memory that a worker without tickets does not need
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["PublicKeys", "TicketKeyError", "new_ticket_key", "signing_key"]

_PRIVATE, _PUBLIC = ".pem", ".pub.pem"


class TicketKeyError(Exception):
    """A key file is there and cannot be used."""


class PublicKeys(Mapping[str, "Ed25519PublicKey"]):
    """The public keys of a directory, read when one is asked for; new files are seen."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Ed25519PublicKey] = {}

    def __getitem__(self, name: str) -> "Ed25519PublicKey":
        if name not in self._known:
            path = self._directory / f"{name}{_PUBLIC}"
            if not name.isalnum() or not path.is_file():
                raise KeyError(name)
            self._known[name] = _public(path)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        found = sorted(self._directory.glob(f"*{_PUBLIC}"))
        return iter([path.name.removesuffix(_PUBLIC) for path in found])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def signing_key(directory: Path) -> "tuple[str, Ed25519PrivateKey] | None":
    """Return name and private key, of several the newest file; None if there is none.

    Raises TicketKeyError.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    paths = [p for p in directory.glob(f"*{_PRIVATE}") if not p.name.endswith(_PUBLIC)]
    if not paths:
        return None
    path = max(paths, key=lambda p: (p.stat().st_mtime_ns, p.name))
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise TicketKeyError(f"{path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise TicketKeyError(f"{path}: not an Ed25519 key")
    return path.name.removesuffix(_PRIVATE), key


def new_ticket_key(directory: Path) -> str:
    """Make a pair and return its name. Raises OSError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    directory.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    name = hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (directory / f"{name}{_PUBLIC}").write_bytes(pem)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    place = os.open(directory / f"{name}{_PRIVATE}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(place, "wb") as file:
        file.write(secret)
    return name


def _public(path: Path) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeyError(f"{path}: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyError(f"{path}: not an Ed25519 key")
    return key
