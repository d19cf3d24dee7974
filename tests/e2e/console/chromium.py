"""The system's Chromium, driven by Playwright; no browser is downloaded."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, async_playwright

ASKED = "LIANDAN_CHROMIUM"
"""Path of the browser. Where it is set (as CI does), a browser that is not there is a failure."""
MISSING = "no Chromium: apt-get install chromium fonts-noto-cjk, or name one by LIANDAN_CHROMIUM"


def find_chromium() -> str | None:
    """Return the browser's path, None where there is none. Raises FileNotFoundError: was promised."""
    asked = os.environ.get(ASKED)
    if asked and not Path(asked).is_file():
        raise FileNotFoundError(f"{ASKED}={asked}: {MISSING}")
    return asked or shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """A browser without a window."""
    # The sandbox of Chromium refuses to run under root.
    switches = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=switches)
        try:
            yield browser
        finally:
            await browser.close()
