"""Narrowing the list, going back, reading a manifest, in another language and another light."""

import pytest
from playwright.async_api import expect

from tests.e2e.console.line import MODEL

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_filters_narrow_the_list_and_the_back_button_widens_it_again(line, take_desk) -> None:
    desk = await take_desk()
    page = desk.page
    await desk.log_in()
    everything = await desk.ids()
    await page.evaluate("window.stayed = true")

    await page.locator("#family").select_option("cross_province")
    await page.wait_for_url("**/?*family=cross_province*")
    wanted = await _listed(line, "rule LIKE 'cross\\_province.%'")
    await expect(page.locator("li.row")).to_have_count(len(wanted))
    assert set(await desk.ids()) == wanted
    assert await page.evaluate("window.stayed"), "the board was swapped, the page stayed"

    await page.locator(".tile-medium").click()
    await page.wait_for_url("**/?*severity=medium*")
    narrow = await _listed(line, "rule LIKE 'cross\\_province.%' AND severity = 'medium'")
    await expect(page.locator("li.row")).to_have_count(len(narrow))
    assert set(await desk.ids()) == narrow
    await desk.live()

    await page.go_back()
    await expect(page.locator("li.row")).to_have_count(len(wanted))
    await expect(page.locator("#family")).to_have_value("cross_province")
    await expect(page.locator(".tile[aria-current]")).to_have_count(0)
    await page.go_back()
    await expect(page.locator("li.row")).to_have_count(len(everything))
    assert set(await desk.ids()) == set(everything)

    await page.locator("#q").fill(MODEL)
    await page.locator("#q").press("Enter")
    await expect(page.locator("li.row")).to_have_count(1)
    await expect(page.locator(".go-to a")).to_have_attribute("href", f"/manifests/{MODEL}")
    await desk.row(MODEL).get_by_role("link").click()
    await page.locator("#back").click()
    await expect(page.locator("#q")).to_have_value(MODEL, timeout=10_000)
    await page.locator("#q").fill("没有这样的单位")
    await page.locator("#q").press("Enter")
    await expect(page.locator("#empty")).to_contain_text("没有符合条件的告警")


async def test_a_manifest_tells_its_timeline_with_what_was_posted(line, take_desk) -> None:
    desk = await take_desk()
    page = desk.page
    await desk.log_in()
    await page.locator("#q").fill(MODEL)
    await page.locator("#q").press("Enter")
    await desk.row(MODEL).get_by_role("link").click()
    await page.locator(".headline-facts a").click()
    await page.wait_for_url(f"**/manifests/{MODEL}")
    await expect(page.locator("h1")).to_have_text(MODEL)
    await expect(page.locator(".step-now")).to_have_text("已接收")
    told = page.locator("#timeline li.event")
    verbs = await told.locator("h3").all_inner_texts()
    assert [verb.split("\n")[0].split()[0] for verb in verbs] == [
        "填报联单",
        "起运",
        "运抵",
        "接收确认",
    ]
    for event in await told.all():
        assert await event.locator("time").count() == 2, "when it happened and when it arrived"
    await told.first.locator("summary").click()
    await expect(told.first.locator("pre")).to_contain_text(f'"subject":"{MODEL}"')
    await page.locator("#alerts a").click()
    await page.locator("#facts a").first.click()
    await page.wait_for_url(f"**/manifests/{MODEL}#e-*")
    await expect(page.locator("li.event:target")).to_be_in_viewport()


async def test_language_and_light_are_switched_in_place_and_stay(line, take_desk) -> None:
    desk = await take_desk(color_scheme="light")
    page = desk.page
    await desk.log_in("/?family=cross_province")

    async def ground() -> str:
        await page.wait_for_load_state("load")  # the head alone has no body to ask
        colour: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    async def switch(link: str, attribute: str, value: str) -> None:
        await page.locator(link).click()
        await expect(page.locator("html")).to_have_attribute(attribute, value)

    light = await ground()
    await switch(".switches a[hreflang]", "lang", "en")
    assert page.url.endswith("/?family=cross_province"), "the filter stays"
    await expect(page.locator(".tabs")).to_contain_text("Acknowledged")
    await switch(".theme", "data-theme", "light")
    assert await ground() == light, "as the system has it: the same light"
    await switch(".theme", "data-theme", "dark")
    assert await ground() != light
    await page.locator("li.row a").first.click()
    await expect(page.locator("#law-title")).to_have_text("Law")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.locator("h1")).to_contain_text("(China time)")
    await switch(".switches a[hreflang]", "lang", "zh-CN")
    dark = await ground()
    await switch(".theme", "data-theme", "auto")
    assert await ground() == light
    await page.emulate_media(color_scheme="dark")
    assert await ground() == dark, "as the system has it: the same dark"


async def _listed(line, condition: str) -> set[str]:
    found = await line.ask(
        "SELECT array_agg('alert-' || id) FROM alert LEFT JOIN alert_case c ON c.alert_id = id"
        f" WHERE alert.state = 'open' AND c.alert_id IS NULL AND finding <> 'notice' AND {condition}"
    )
    return set(found)
