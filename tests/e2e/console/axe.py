"""What axe-core finds on a page (``tests/axe``)."""

from pathlib import Path

from playwright.async_api import Page

_AXE = (Path(__file__).parents[2] / "axe" / "axe.min.js").read_text(encoding="utf-8")
_FOUND = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .map(found => `${found.id}: ${found.nodes.map(n => `${n.target} ${n.failureSummary}`).join("; ")}`)"""


async def serious(page: Page) -> list[str]:
    """Return the serious and critical findings; the policy of contents does not concern a debugger."""
    await page.evaluate(_AXE)
    found: list[str] = await page.evaluate(_FOUND)
    return found
