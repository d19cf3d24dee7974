"""When certificates end: X.509 read as far as its validity (RFC 5280 §4.1), and no further."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["CertificateUnreadable", "first_end"]

_PEM = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.+?)-----END (?:X509 |TRUSTED )?CERTIFICATE",
    re.DOTALL,
)
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


class CertificateUnreadable(Exception):
    """There is no certificate, or it is not what RFC 5280 says."""


class _Element(NamedTuple):
    tag: int
    content: bytes


def first_end(pem: bytes) -> datetime:
    """Return the earliest end of all certificates in a PEM text, a chain's too.

    Raises CertificateUnreadable.
    """
    blocks = _PEM.findall(pem)
    if not blocks:
        raise CertificateUnreadable("no certificate in PEM form")
    return min(_end(block) for block in blocks)


def _end(block: bytes) -> datetime:
    try:
        der = base64.b64decode(b"".join(block.split()), validate=True)
        (certificate,) = _elements(der)
        fields = _elements(_elements(_inside(certificate))[0].content)
        if fields[0].tag == _VERSION:  # absent in version 1
            fields = fields[1:]
        _serial, _algorithm, _issuer, validity = fields[:4]
        _begin, end = _elements(_inside(validity))
        return _moment(end)
    except (binascii.Error, ValueError, IndexError) as error:
        raise CertificateUnreadable(str(error)) from error


def _inside(element: _Element) -> bytes:
    if element.tag != _SEQUENCE:
        raise ValueError(f"expected a sequence, found tag {element.tag:#x}")
    return element.content


def _elements(der: bytes) -> list[_Element]:
    """Split DER into the elements that stand side by side in it."""
    found, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("cut short")
        found.append(_Element(tag, der[at : at + length]))
        at += length
    return found


def _moment(element: _Element) -> datetime:
    text = element.content.decode("ascii")
    if element.tag == _UTC_TIME:  # two digits of the year: 1950–2049
        text = ("19" if text >= "50" else "20") + text
    elif element.tag != _GENERALIZED_TIME:
        raise ValueError(f"expected a time, found tag {element.tag:#x}")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
