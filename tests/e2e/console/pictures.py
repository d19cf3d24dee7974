"""``make screenshots``: the console's pages as Chromium shows them, kept in docs/images/console.

``python -m tests.e2e.console.pictures [folder] [--whole]``; ``--whole``: the pages from top to bottom.
"""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog
from playwright.async_api import Browser

from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import CONSOLE
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from services.console.account import NATION, create_account
from services.registry import write_change_set
from services.simulator import build_world
from tests.e2e.console.chromium import MISSING, chromium, find_chromium
from tests.e2e.console.desk import Desk
from tests.e2e.console.judged_world import write_judged
from tests.integration.services.console.console_served import PASSWORD, connect
from tests.integration.services.console.driven_story import tell
from tests.integration.services.console.judged import Judge

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "console"
LANGUAGE = "en" if "--english" in sys.argv else "zh"
SIZES = ((1366, 768), (1920, 1080), (390, 844))
THEMES = ("light", "dark")
_EMPTY = "54"
_ALERT = """
SELECT id::text, subject FROM alert WHERE rule = 'cross_province.no_approval' AND state = 'open'
ORDER BY grams DESC, id LIMIT 1
"""
_MANIFEST = """
SELECT m.subject FROM manifest m JOIN alert a USING (subject)
WHERE a.state = 'open' AND a.finding = 'violation' AND m.state = 'received'
ORDER BY octet_length(m.events) DESC, m.subject LIMIT 1
"""


_LIMIT = """
SELECT limit_id FROM draw WHERE state <> 'released' AND limit_id LIKE 'approval/%' GROUP BY limit_id
ORDER BY count(*) DESC, limit_id LIMIT 1
"""

_DRIVEN = "a_stop_by_the_lake"
"""The story whose journey is drawn."""


async def take(folder: Path, whole: bool, home: Path, browser_path: str) -> None:
    """Write all pictures into ``folder``."""
    settings = Settings(home=home, console_port=free_port())
    cache = home_from_environment() / "cache"
    async with LocalStack(settings, [CONSOLE], cache=cache) as stack, chromium(browser_path) as one:
        registry = await connect(stack.settings.database_registry)
        for login, name, region in (("demo", "演示员", NATION), ("lhasa", "示例人员", _EMPTY)):
            await create_account(registry, login, name, PASSWORD, [region], "officer")
        await registry.close()
        judge = await Judge.on(stack.settings.database_writer)
        world = build_world(medical=False, trucks=False)
        await write_change_set(stack.settings.database_registry, world.registry, "pictures")
        await write_judged(judge, world)
        ((alert, _),) = await judge.fetch(_ALERT)
        subject = await judge.fetchval(_MANIFEST)
        limit = await judge.fetchval(_LIMIT)
        driven = await tell(stack.settings, judge, _DRIVEN)
        await judge.close()
        pages = {
            "list": "/",
            "alert": f"/alerts/{alert}",
            "manifest": f"/manifests/{subject}",
            "timeline": f"/manifests/{subject}#timeline",
            "limit": f"/limits/{limit}",
            "journey": driven.path,
        }
        for theme in THEMES:
            for width, height in SIZES:
                stem = f"{width}x{height}-{theme}.png"
                await _take(
                    one,
                    stack.settings.console_address,
                    pages,
                    theme,
                    (width, height),
                    folder,
                    stem,
                    whole,
                )


async def _take(
    browser: Browser,
    base: str,
    pages: dict[str, str],
    theme: str,
    size: tuple[int, int],
    folder: Path,
    stem: str,
    whole: bool,
) -> None:
    width, height = size
    officer = await Desk.take(
        browser, base, "demo", width=width, height=height, reduced_motion="reduce"
    )
    stranger = await Desk.take(
        browser, base, "lhasa", width=width, height=height, reduced_motion="reduce"
    )

    async def keep(desk: Desk, name: str) -> None:
        if await desk.page.locator("#live").count():
            await desk.live()
        await desk.page.screenshot(path=folder / f"{name}-{stem}", full_page=whole)

    for desk in (officer, stranger):
        await desk.prefer(theme=theme, language=LANGUAGE)
    await officer.page.goto("/login")
    await keep(officer, "login")
    await officer.log_in()
    for name, path in (*pages.items(), ("error", "/alerts/unknown")):
        await officer.page.goto(path)
        await keep(officer, name)
    await stranger.log_in()
    await keep(stranger, "empty")
    await officer.close()
    await stranger.close()


def main() -> None:
    """Take them and say where they are."""
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    folder = Path(arguments[0]) if arguments else FOLDER
    browser = find_chromium()
    if browser is None:
        sys.exit(MISSING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="liandan-pictures-"))
    home.chmod(0o755)  # Postgres may run as another user
    try:
        asyncio.run(take(folder, "--whole" in sys.argv, home, browser))
    finally:
        remove_home(home)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder.name}/")


if __name__ == "__main__":
    main()
