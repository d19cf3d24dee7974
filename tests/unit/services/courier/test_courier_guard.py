"""Where webhooks may go."""

import pytest

from services.courier.guard import AddressForbidden, Guard, UrlForbidden, read_networks

CLOSED = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.1.2", "::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%eth0", "febf::1"],
    "carrier NAT": ["100.64.0.1", "100.127.255.254"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1",
                "fec0::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "reserved": ["192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "240.0.0.1",
                 "255.255.255.255", "192.88.99.1", "2001:db8::1", "100::1", "3fff::1", "4000::1",
                 "2001:10::1", "1::1"],
    "cloud metadata": ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16",
                       "fd00:ec2::254"],
    "an IPv4 address inside IPv6": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:10.0.0.1",
                                    "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808",
                                    "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:808:808::1",
                                    "2001:0:53aa::1"],
}  # fmt: skip
OPEN = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.169.0.1",
        "11.0.0.1", "223.5.5.5", "2400:3200::1", "2606:4700::1111"]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "kind"), [(each, kind) for kind, some in CLOSED.items() for each in some]
)
def test_an_address_that_is_not_of_the_outside_world_is_refused(address: str, kind: str) -> None:
    with pytest.raises(AddressForbidden) as refused:
        Guard().check_address(address)
    assert kind in refused.value.en
    assert kind in refused.value.zh


@pytest.mark.parametrize("address", OPEN)
def test_an_address_of_the_outside_world_is_taken(address: str) -> None:
    assert str(Guard().check_address(address)) == address


def test_an_authority_opens_its_own_network_and_no_other() -> None:
    guard = Guard(read_networks("10.8.0.0/16, fd12:3456::/32"))
    assert str(guard.check_address("10.8.3.4")) == "10.8.3.4"
    assert str(guard.check_address("fd12:3456::1")) == "fd12:3456::1"
    for other in ("10.9.0.1", "127.0.0.1", "fd12:3457::1"):
        with pytest.raises(AddressForbidden):
            guard.check_address(other)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "::ffff:10.8.0.1", "64:ff9b::1",
     "2002:a08:1::"],
)  # fmt: skip
def test_no_setting_opens_metadata_services_or_ipv4_inside_ipv6(address: str) -> None:
    with pytest.raises(AddressForbidden):
        Guard(read_networks("0.0.0.0/0, ::/0")).check_address(address)


@pytest.mark.parametrize("text", ["10.8.0.1/16", "intranet", "10.0.0.0/33"])
def test_a_network_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        read_networks(text)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.cn/hook",
        "ftp://example.cn/",
        "file:///etc/passwd",
        "gopher://example.cn/",
        "https://",
        "https:///hook",
        "example.cn/hook",
        "https://user:secret@example.cn/",
        "https://user@example.cn/",
        "https://:secret@example.cn/",
        "https://example.cn/#part",
        "https://example.cn:99999/",
        "https://exa mple.cn/",
        "https://[::1/",
        "https://example.cn/\x00",
        "https://example.cn/" + "a" * 2000,
        "",
    ],
)
def test_a_url_of_another_form_is_refused_in_two_languages(url: str) -> None:
    with pytest.raises(UrlForbidden) as refused:
        Guard().check_url(url)
    assert refused.value.zh
    assert refused.value.en


def test_a_good_url_is_taken_with_port_and_query() -> None:
    url = Guard().check_url("https://hooks.example.cn:8443/a?b=c")
    assert (url.host, url.port) == ("hooks.example.cn", 8443)


def test_plain_http_needs_the_setting() -> None:
    assert Guard(plain_http=True).check_url("http://example.cn/").scheme == "http"
    with pytest.raises(UrlForbidden):
        Guard(plain_http=True).check_url("ftp://example.cn/")
