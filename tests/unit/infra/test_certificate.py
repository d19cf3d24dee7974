"""When certificates end, read from real ones (made for these tests, their keys thrown away)."""

import base64
from datetime import UTC, datetime

import pytest

from infra.runtime.certificate import CertificateUnreadable, first_end

SHORT = b"""-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUYFpflAOt0owVKDgvq36G3JMqOl0wCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPbGlhbmRhbi5leGFtcGxlMB4XDTI2MTEyNTAyMTI1NloXDTI3
MTIzMDAyMTI1NlowGjEYMBYGA1UEAwwPbGlhbmRhbi5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE6UbLDutGIEmpBpoxEesLzC5zhV71Qh0zV+I4bVgT
Q9YAFdTkta8c9BBCK43aWMPxN2hhqbnJSPt5EGe37kLbb6NTMFEwHQYDVR0OBBYE
FIkldPM7ZuOnEnGebFJ3b4GH7oNqMB8GA1UdIwQYMBaAFIkldPM7ZuOnEnGebFJ3
b4GH7oNqMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAJv1i67I
w6F81wwHBEwziHxte0om91SRFKfRNXsFohjoAiAs7C9X76BAiVvvDI3k5FZo57qb
B5Tb4Frw0UoitukvzA==
-----END CERTIFICATE-----
"""
LONG = b"""-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUf9JhXa0odwj+SVqCtrLD8X5JqBwwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPbGlhbmRhbi5leGFtcGxlMCAXDTI2MTEyNTAyMTI1NloYDzIw
NjUwMzI1MDIxMjU2WjAaMRgwFgYDVQQDDA9saWFuZGFuLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATkLBkFfVxoJv2RoadYMFrbM9qQ3EbxPZtWkM9x
z+xQg63FcMeiN3LGnRI1p6qMY0IbGmulv9ChIfWAqe9a4Avvo1MwUTAdBgNVHQ4E
FgQUWQKO1GwDeW1mngONCUz0PEPAheAwHwYDVR0jBBgwFoAUWQKO1GwDeW1mngON
CUz0PEPAheAwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEApumN
YGYzdh2XI1iMXcFPyeWtlu/WviId1OrkyqJj238CICWOQhIop1wZ9YN1IuasIUd+
lGl0tX2LAggiZg/Pbt5u
-----END CERTIFICATE-----
"""
ENDS = datetime(2027, 12, 30, 2, 12, 56, tzinfo=UTC)


def test_the_end_before_2050_and_after_it_are_written_differently_and_both_read() -> None:
    assert first_end(SHORT) == ENDS
    assert first_end(LONG) == datetime(2065, 3, 25, 2, 12, 56, tzinfo=UTC)


def test_of_a_chain_the_first_end_counts_wherever_it_stands() -> None:
    assert first_end(LONG + b"text between\r\n" + SHORT) == ENDS
    assert first_end(SHORT + LONG) == ENDS


def test_windows_line_ends_do_no_harm() -> None:
    assert first_end(SHORT.replace(b"\n", b"\r\n")) == ENDS


def _pem(der: bytes) -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"not a certificate",
        SHORT.replace(b"CERTIFICATE", b"PRIVATE KEY"),
        SHORT.replace(b"MIIB", b"M!IB"),
        _pem(b""),
        _pem(b"\x30"),
        _pem(b"\x30\x84\xff\xff\xff\xff"),
        _pem(b"\x30\x03\x02\x01\x00"),
        _pem(bytes(500)),
    ],
)
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        first_end(pem)


def test_cut_anywhere_it_is_refused_or_ends_when_it_did() -> None:
    der = base64.b64decode(b"".join(SHORT.splitlines()[1:-1]))
    for length in range(len(der)):
        with pytest.raises(CertificateUnreadable):
            first_end(_pem(der[:length]))
