"""Where webhooks may go: a URL's form, and addresses of the outside world only.

Whoever may name a URL could otherwise make the courier ask the machine's own services, those of
its network, or a cloud's metadata service for them.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx2

__all__ = ["Address", "AddressForbidden", "Guard", "Network", "UrlForbidden", "read_networks"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MOST_CHARACTERS = 2000
_HOST = re.compile(rb"[A-Za-z0-9._:-]{1,253}")


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_METADATA = _networks(
    "169.254.169.254/32",  # most clouds
    "169.254.170.2/32",
    "169.254.0.23/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "168.63.129.16/32",  # a public address in form
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
)
_TUNNELS = _networks(
    "::ffff:0:0/96",  # IPv4-mapped
    "::ffff:0:0:0/96",  # IPv4-translated
    "::/96",  # IPv4-compatible
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",
    "2001::/32",  # Teredo
    "2002::/16",  # 6to4
)
_CLOSED: tuple[tuple[str, tuple[Network, ...]], ...] = (
    ("unspecified", _networks("0.0.0.0/8", "::/128")),
    ("loopback", _networks("127.0.0.0/8", "::1/128")),
    ("link-local", _networks("169.254.0.0/16", "fe80::/10")),
    ("carrier NAT", _networks("100.64.0.0/10")),
    (
        "private",
        _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    ),
    ("multicast", _networks("224.0.0.0/4", "ff00::/8")),
    (
        "reserved",
        _networks(
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
            "100::/64", "2001:db8::/32", "2001::/23", "3fff::/20", "5f00::/16",
        ),
    ),
)  # fmt: skip
_GLOBAL_V6 = IPv6Network("2000::/3")


class UrlForbidden(ValueError):
    """A URL that webhooks do not go to; zh and en say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class AddressForbidden(UrlForbidden):
    """A name leads to an address that webhooks do not go to."""


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list such as "10.8.0.0/16, fd12::/48". Raises ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


class Guard:
    """Checks URLs when they are registered, and addresses at every single connection."""

    def __init__(self, allowed: Sequence[Network] = (), plain_http: bool = False) -> None:
        self._allowed, self._plain_http = tuple(allowed), plain_http

    def check_url(self, text: str) -> httpx2.URL:
        """Return the URL, read by the very library that will connect. Raises UrlForbidden."""
        if len(text) > _MOST_CHARACTERS:
            raise UrlForbidden("网址过长", "the URL is too long")
        try:
            url = httpx2.URL(text)
        except (httpx2.InvalidURL, ValueError):
            raise UrlForbidden("不是网址", "this is no URL") from None
        if url.scheme != "https" and not (self._plain_http and url.scheme == "http"):
            raise UrlForbidden("只接受 https:// 网址", "only https:// URLs are accepted")
        if not _HOST.fullmatch(url.raw_host) or not 0 < (url.port or 443) < 65_536:
            raise UrlForbidden("网址的主机名或端口无效", "the URL's host or port is not valid")
        if url.userinfo:
            raise UrlForbidden(
                "网址中不得含用户名或密码", "the URL must not hold a user name or a password"
            )
        if url.fragment:
            raise UrlForbidden("网址不得含 # 片段", "the URL must not have a #fragment")
        return url

    def check_address(self, text: str) -> Address:
        """Return the address if webhooks may connect to it. Raises AddressForbidden."""
        address = ip_address(text)
        kind = self._forbidden(address)
        if kind is not None:
            raise AddressForbidden(
                f"地址 {address} 属于 {kind}，不予连接", f"the address {address} is {kind}"
            )
        return address

    def _forbidden(self, address: Address) -> str | None:
        if _within(address, _METADATA):
            return "cloud metadata"
        if isinstance(address, IPv6Address) and not _within(address, _networks("::/127")):
            if _within(address, _TUNNELS):
                return "an IPv4 address inside IPv6"
            if address.scope_id is not None:
                return "link-local"
        if _within(address, self._allowed):
            return None
        for kind, networks in _CLOSED:
            if _within(address, networks):
                return kind
        if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
            return "reserved"
        return None if address.is_global and not address.is_multicast else "reserved"


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
