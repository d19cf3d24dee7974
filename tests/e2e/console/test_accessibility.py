"""axe-core on every page, in both languages, light and dark, wide and narrow."""

import pytest

from tests.e2e.console.axe import serious
from tests.e2e.console.desk import Desk
from tests.e2e.console.line import ELSEWHERE, MODEL
from tests.integration.services.console.driven_story import Told, tell
from tests.integration.services.console.judged import Judge

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_axe_notices_what_is_wrong(browser) -> None:
    page = await browser.new_page()
    await page.set_content('<html><body><img src="x"><p style="color:#ccc">pale</p></body></html>')
    found = " ".join(await serious(page))
    await page.close()
    assert "image-alt" in found
    assert "color-contrast" in found


class Quiet(Judge):
    """Where a courier runs that feeds what is judged."""

    async def feed(self) -> None:
        pass


@pytest.fixture(scope="module")
async def journey(line) -> Told:
    """A vehicle that stood by a lake."""
    judge = await Quiet.on(line.stack.settings.database_writer)
    told = await tell(line.stack.settings, judge, "a_stop_by_the_lake")
    await judge.close()
    return told


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [
        ("zh", "light", 1366),
        ("zh", "dark", 1366),
        ("en", "light", 1366),
        ("en", "dark", 1366),
        ("zh", "light", 390),
        ("en", "dark", 390),
    ],
)
async def test_no_page_has_a_serious_finding(
    line, take_desk, journey: Told, language: str, theme: str, width: int
) -> None:
    desk: Desk = await take_desk(width=width)
    stranger: Desk = await take_desk(ELSEWHERE, width=width)
    alert = await line.ask("SELECT id FROM alert WHERE subject = $1", MODEL)
    found: dict[str, list[str]] = {}

    async def look(at: Desk, name: str) -> None:
        assert await at.page.locator("html").get_attribute("data-theme") == theme
        if wrong := await serious(at.page):
            found[name] = wrong

    for each in (desk, stranger):
        await each.prefer(language=language, theme=theme)
    await desk.page.goto(f"/alerts/{alert}")
    await look(desk, "login")
    await desk.fill_in()
    await desk.page.wait_for_url("**/alerts/*")
    await look(desk, "alert")
    await stranger.log_in()
    await stranger.live()
    await look(stranger, "empty list")
    await desk.page.goto("/")
    await desk.live()
    await look(desk, "list")
    await desk.page.goto("/?status=withdrawn")
    await look(desk, "withdrawn")
    await desk.page.goto(f"/manifests/{MODEL}")
    await look(desk, "manifest")
    await desk.page.goto(journey.path)
    await desk.page.locator(".sketch svg").first.wait_for()
    await look(desk, "journey")
    await desk.page.goto("/alerts/nonsense")
    await look(desk, "error")
    assert not found
