"""An officer at the console of a rehearsal: HTTP and cookies, as a browser without scripts."""

import html
import re
from types import TracebackType
from typing import Self

import httpx2

__all__ = ["Officer"]

_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_ALERT = re.compile(r'href="/alerts/([0-9a-f-]{36})"')


class Officer:
    """Logged in while the context lasts."""

    def __init__(self, console: str, login: str, password: str) -> None:
        self._login, self._password = login, password
        self._client = httpx2.Client(
            base_url=console, headers={"Origin": console}, trust_env=False, timeout=20
        )

    def __enter__(self) -> Self:
        assert self._client.get("/").headers["location"].startswith("/login")
        token = _TOKEN.search(self._client.get("/login").text)
        assert token is not None
        form = {"token": token[1], "login": self._login, "password": self._password}
        answer = self._client.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def alerts(self) -> set[str]:
        """Ids of the alerts on the first page."""
        return set(_ALERT.findall(self._page("/")))

    def alert(self, alert: str) -> str:
        """Return one alert's page as text."""
        return self._page(f"/alerts/{alert}")

    def _page(self, path: str) -> str:
        answer = self._client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return html.unescape(answer.text)
