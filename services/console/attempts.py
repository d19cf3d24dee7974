"""How often somebody may try to log in: failures by login and by address, in a sliding window."""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable

__all__ = ["MOST_BY_ADDRESS", "MOST_BY_LOGIN", "Attempts"]

MOST_BY_LOGIN, MOST_BY_ADDRESS = 10, 30
WINDOW_S = 300.0
_KEYS = 20_000
"""Failures are remembered for so many logins and addresses; the longest unseen are forgotten."""


class Attempts:
    """Remembers failures of one process. ``monotonic``: seconds that never go back."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, login: str, address: str) -> float:
        """Return how long to wait before the next attempt; 0: go on."""
        now = self._monotonic()
        waits = [0.0]
        for key, most in _keys(login, address):
            failures = self._recent(key, now)
            if len(failures) >= most:
                waits.append(failures[-most] + WINDOW_S - now)
        return max(waits)

    def begin(self, login: str, address: str) -> None:
        """Count an attempt as failed before it is made: attempts at once count, too."""
        now = self._monotonic()
        for key, _ in _keys(login, address):
            self._failures.setdefault(key, deque()).append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > _KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        """Forget the login's failures, and this attempt of the address."""
        by_login, by_address = (key for key, _ in _keys(login, address))
        self._failures.pop(by_login, None)
        if self._failures.get(by_address):
            self._failures[by_address].pop()

    def _recent(self, key: str, now: float) -> deque[float]:
        failures = self._failures.get(key)
        if failures is None:
            return deque()
        while failures and failures[0] <= now - WINDOW_S:
            failures.popleft()
        return failures


def _keys(login: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    return (f"login {login}", MOST_BY_LOGIN), (f"from {_network(address)}", MOST_BY_ADDRESS)


def _network(address: str) -> str:
    """Return the /64 of an IPv6 address, of which one subscriber has all; others as they are."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))
