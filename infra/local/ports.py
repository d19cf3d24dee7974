"""TCP ports on 127.0.0.1: free ones, and whether one that was asked for is free."""

import random
import socket
from collections import deque

from infra.local.errors import PortTaken

__all__ = ["HOST", "free_port", "is_free", "require_free"]

HOST = "127.0.0.1"

# Below the range from which kernels take the ports of outgoing connections (32768 up on Linux):
# a client that keeps trying a dead server's port in that range ends up connected to itself and
# holds the port when the server comes back.
_FIRST, _LAST = 15_000, 30_000


# A port chosen here is bound later, by another process, and again whenever that process comes back:
# a second stack on this machine must not choose it meanwhile. UDP's ports are TCP's numbers in a
# space of their own, which nobody else here uses: a bound one is a claim that dies with its owner.
_MOST_CLAIMS = 200
_claims: deque[socket.socket] = deque(maxlen=_MOST_CLAIMS)


def free_port() -> int:
    """Return a port on which nobody listens now, and that no process of ours was given.

    It stays this process's until it ends or has asked for 200 others.
    """
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind((HOST, port))
        except OSError:
            claim.close()
            continue
        if is_free(port):
            _claims.append(claim)
            return port
        claim.close()


def is_free(port: int) -> bool:
    """Say whether a server could listen here; connections in TIME_WAIT do not matter."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(port: int, setting: str) -> int:
    """Return the port. Raises PortTaken, naming the setting that changes it."""
    if not is_free(port):
        raise PortTaken(port, setting)
    return port
