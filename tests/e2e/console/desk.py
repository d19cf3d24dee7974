"""One officer before one browser."""

from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.integration.services.console.console_served import PASSWORD

SECOND = 1000
expect.set_options(timeout=30 * SECOND)

TRACES = ("Traceback", 'File "', ".py", "asyncpg", "SELECT ", "console_alert", "Exception")
"""What a page that shows its inside would say."""


class Desk:
    """A browser of its own: cookies, one page, and what its console complained of."""

    def __init__(self, base: str, login: str, context: BrowserContext, page: Page) -> None:
        self.base, self.login, self.context, self.page = base, login, context, page
        self.complaints: list[str] = []
        context.on("page", self._listen)
        self._listen(page)

    @classmethod
    async def take(
        cls,
        browser: Browser,
        base: str,
        login: str,
        *,
        width: int = 1366,
        height: int = 768,
        **more: Any,
    ) -> "Desk":
        """Sit down at a fresh browser."""
        context = await browser.new_context(
            base_url=base, locale="zh-CN", viewport={"width": width, "height": height}, **more
        )
        context.set_default_timeout(30 * SECOND)
        return cls(base, login, context, await context.new_page())

    async def close(self) -> None:
        """Leave. Scripts that failed and anything that the policy of contents stopped are errors."""
        await self.context.close()
        assert not self.complaints

    async def prefer(self, *, language: str = "zh", theme: str = "auto") -> None:
        """Choose language and light, as the links in the bar do."""
        chosen = {"lang": language, "theme": theme}
        await self.context.add_cookies(
            [{"name": f"liandan_{k}", "value": v, "url": self.base} for k, v in chosen.items()]
        )

    async def log_in(self, path: str = "/") -> None:
        """Ask for a page, log in, and get it."""
        await self.page.goto(path)
        await self.fill_in()
        await self.page.wait_for_url(self.base + path)

    async def fill_in(self) -> None:
        """Fill the login form in and send it."""
        await self.page.locator("#login").fill(self.login)
        await self.page.locator("#password").fill(PASSWORD)
        await self.page.locator(".login button[type=submit]").click()

    async def live(self) -> None:
        """Wait until the list says that it is live."""
        await expect(self.page.locator("#live")).to_have_attribute("data-state", "on")

    def row(self, number: str) -> Locator:
        """Rows of the list that name a manifest."""
        return self.page.locator("li.row", has_text=number)

    async def ids(self) -> list[str]:
        """Return the ids of all rows of the list, from the top."""
        found: list[str] = await self.page.locator("li.row").evaluate_all(
            "rows => rows.map(row => row.id)"
        )
        return found

    async def shows_no_trace(self) -> None:
        """Fail if the page shows the program's inside."""
        said = await self.page.locator("body").inner_text()
        assert not [trace for trace in TRACES if trace in said], said

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text)
                if said.type == "error" and "Content Security Policy" in said.text
                else None
            ),
        )
