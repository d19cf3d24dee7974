"""From the list to an acknowledged alert: alone, after an expired session, and beside a colleague."""

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

CARDS = ("law", "rule", "facts", "conditions", "cures", "passed", "history", "case")


async def test_an_alert_arrives_while_the_list_is_open_is_understood_and_taken_up_once(
    line, take_desk
) -> None:
    desk = await take_desk()
    page = desk.page
    await desk.log_in()
    await expect(page.locator("li.row")).to_have_count(50)
    await desk.live()
    await page.evaluate("window.stayed = true")
    number = await line.new_load()
    await expect(desk.row(number)).to_be_visible()
    assert await page.evaluate("window.stayed"), "the page was not loaded again"
    alert = await line.alert_of(number)
    assert (await desk.ids())[0] == f"alert-{alert}", "what is new comes in at the top"

    await desk.row(number).get_by_role("link").click()
    await page.wait_for_url(f"**/alerts/{alert}")
    sentence = await line.ask("SELECT body ->> 'text_zh' FROM alert WHERE id = $1::uuid", alert)
    await expect(page.locator("h1")).to_have_text(sentence)
    await expect(page.locator("section.card")).to_have_count(len(CARDS))
    for card in CARDS:
        await expect(page.locator(f"#{card}")).to_be_visible()
    await expect(page.locator("#law")).to_contain_text("危险废物转移管理办法")
    await expect(page.locator("#rule")).to_contain_text("cross_province.no_approval")
    assert await page.locator("#facts .evidence-event").count() == 2
    assert await page.locator("#conditions tbody tr").count() >= 1
    assert await page.locator("#cures li").count() >= 1

    await page.locator("#note").fill("已通知县局现场核查")
    await page.locator("#case button").dblclick()
    await page.wait_for_url(f"**/alerts/{alert}#case")
    await expect(page.locator(".case-events li")).to_have_count(1)
    await expect(page.locator(".case-events")).to_contain_text("已通知县局现场核查")
    await expect(page.locator(".case-state")).to_have_text("已签收")
    assert await line.ask("SELECT version FROM alert_case WHERE alert_id = $1::uuid", alert) == 1
    await page.locator("#back").click()
    await expect(page.locator("li.row")).not_to_have_count(0)
    await expect(desk.row(number)).to_have_count(0)
    await page.locator(".tabs a", has_text="已签收").click()
    await expect(desk.row(number)).to_be_visible()


async def test_a_note_outlives_a_session_that_ends_while_it_is_typed(line, take_desk) -> None:
    desk = await take_desk()
    page = desk.page
    alert = await line.alert_of(await line.new_load())
    await desk.log_in(f"/alerts/{alert}")
    await page.locator("#note").fill("现场无人，改日再查")
    await line.end_sessions(desk.login)
    await page.locator("#case button").click()
    await expect(page.locator("[role=alert]")).to_contain_text("登录已过期")
    await expect(page.locator("#kept_note")).to_have_value("现场无人，改日再查")
    await desk.fill_in()
    await page.wait_for_url(f"**/alerts/{alert}")
    await expect(page.locator("#note")).to_have_value("现场无人，改日再查")
    await expect(page.locator("#case [role=status]")).to_contain_text("尚未提交")
    assert not await _events(line, alert)
    await page.locator("#case button").click()
    await expect(page.locator(".case-events")).to_contain_text("现场无人，改日再查")
    assert await _events(line, alert) == 1


async def test_of_two_officers_the_second_reads_the_first_and_keeps_their_own_text(
    line, take_desk
) -> None:
    alert = await line.alert_of(await line.new_load())
    one = await take_desk()
    two = await take_desk()
    for desk, note in ((one, "甲：已电话核实"), (two, "乙：已派员到场")):
        await desk.log_in(f"/alerts/{alert}")
        await desk.page.locator("#note").fill(note)
    await one.page.locator("#case button").click()
    await expect(one.page.locator(".case-events")).to_contain_text("甲：已电话核实")

    await two.page.locator("#case button").click()
    await expect(two.page.locator("#case [role=alert]")).to_contain_text("他人先于您提交")
    await expect(two.page.locator(".case-events")).to_contain_text("甲：已电话核实")
    await expect(two.page.locator("#note")).to_have_value("乙：已派员到场")
    assert await _events(line, alert) == 1, "nothing was overwritten"
    await two.page.locator("#case button").click()
    await expect(two.page.locator(".case-events li")).to_have_count(2)
    await one.page.reload()
    for note in ("甲：已电话核实", "乙：已派员到场"):
        await expect(one.page.locator(".case-events")).to_contain_text(note)


async def _events(line, alert: str) -> int:
    count: int = await line.ask("SELECT count(*) FROM case_event WHERE alert_id = $1::uuid", alert)
    return count
