"""``python -m infra.runtime.health [URL …]``: exit 0 if this process' neighbours answer, else 1.

The health check of a container, where there is no curl. Without an argument: ``/metrics`` on the
port ``LIANDAN_METRICS_PORT``, read without the settings' machinery, for this runs every few
seconds. It says that a process lives and answers; whether it gets on is for the alerts on its
metrics, since restarting it would not bring back a database that is away.
"""

import os
import sys
import urllib.error
import urllib.request

__all__ = ["answers", "main"]

_TIMEOUT_S = 3.0


def answers(url: str, timeout_s: float = _TIMEOUT_S) -> bool:
    """Say whether an ``http://`` address answers with a success, asked directly: no proxy."""
    if not url.startswith("http://"):
        raise ValueError(f"{url}: expected an http:// address")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_s) as answer:
            return 200 <= int(answer.status) < 300
    except (OSError, urllib.error.URLError):
        return False


def main(urls: list[str]) -> int:
    """Ask each address; return the exit code."""
    own = f"http://127.0.0.1:{os.environ.get('LIANDAN_METRICS_PORT', '0')}/metrics"
    silent = [url for url in urls or [own] if not answers(url)]
    for url in silent:
        print(f"no answer from {url}", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
