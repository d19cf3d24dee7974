"""What breaks while somebody watches: the live line, the database, an officer's curiosity."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.console.axe import serious
from tests.e2e.console.line import DESTINATION, ELSEWHERE, MODEL

pytestmark = [pytest.mark.chaos, pytest.mark.e2e, pytest.mark.timeout(240)]


async def test_a_cut_live_line_is_shown_and_resumes_with_all_that_was_missed_once(
    line, take_desk
) -> None:
    desk = await take_desk()
    page, stack = desk.page, line.stack
    await desk.log_in()
    await desk.live()
    await page.evaluate("window.stayed = true")
    first = await line.new_load()
    await expect(desk.row(first)).to_be_visible()
    before = await desk.ids()

    stack.suspend_restart("console")
    stack.kill("console")
    await expect(page.locator("#live")).to_have_attribute("data-state", "cut")
    await expect(page.locator("#live")).to_contain_text("实时中断")
    missed = [await line.new_load() for _ in range(3)]
    alerts = [f"alert-{await line.alert_of(number)}" for number in missed]
    stack.resume_restart("console")
    await stack.wait_ready("console")

    await desk.live()
    for number in missed:
        await expect(desk.row(number)).to_be_visible()
    last = await line.new_load()
    await expect(desk.row(last)).to_be_visible()
    after = await desk.ids()
    assert len(after) == len(set(after)), "nothing twice"
    assert set(after) == {*before, *alerts, f"alert-{await line.alert_of(last)}"}, "nothing missed"
    assert await page.evaluate("window.stayed"), "without loading the page again"


async def test_with_the_database_away_pages_say_so_keep_what_was_typed_and_recover(
    line, take_desk
) -> None:
    desk = await take_desk()
    await desk.log_in()
    await desk.live()
    alert = await line.alert_of(await line.new_load())
    typing = await desk.context.new_page()
    await typing.goto(f"/alerts/{alert}")
    await typing.locator("#note").fill("核查报告写了一半")
    await line.stack.stop_child("postgres")
    try:
        await expect(desk.page.locator("#live")).to_contain_text("数据库不可用")
        await typing.locator("#case button").click()
        await expect(typing.locator("h1")).to_have_text("数据库暂不可用")
        await expect(typing.locator("#note")).to_have_value("核查报告写了一半")
        await desk.shows_no_trace()
        assert not await serious(typing)
        other = await desk.context.new_page()
        for path in ("/", f"/alerts/{alert}", "/?severity=high", "/login"):
            answer = await other.goto(path)
            assert answer is not None
            assert answer.status == 503
            await expect(other.locator("body")).to_contain_text("数据库暂不可用")
            assert "Traceback" not in await other.content()
    finally:
        await line.stack.start_child("postgres")
    await desk.live()
    await typing.locator("button", has_text="重新提交").click()
    await expect(typing.locator(".case-events")).to_contain_text("核查报告写了一半")
    await expect(typing.locator(".case-events li")).to_have_count(1)
    number = await line.new_load()
    await expect(desk.row(number)).to_be_visible(timeout=60_000)


async def test_an_officer_of_elsewhere_sees_nothing_of_it(line, take_desk) -> None:
    stranger = await take_desk(ELSEWHERE)
    owner = await take_desk(DESTINATION)
    for desk in (stranger, owner):
        await desk.log_in()
        await desk.live()
    number = await line.new_load()
    await expect(owner.row(number)).to_be_visible()
    alert = await line.alert_of(number)
    page = stranger.page
    await expect(page.locator("#empty")).to_contain_text("没有未处理的告警")
    assert await page.locator(".tile-count").all_inner_texts() == ["0"] * 4
    firm = await line.ask("SELECT body ->> 'consignor_name' FROM alert WHERE id = $1::uuid", alert)
    assert firm
    for path, told in (
        (f"/alerts/{alert}", "没有这条告警"),
        (f"/manifests/{number}", "没有这份联单"),
        (f"/manifests/{MODEL}", "没有这份联单"),
        ("/alerts/nonsense", "没有这条告警"),
        ("/nowhere", "没有这个页面"),
    ):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 404
        await expect(page.locator("h1")).to_have_text(told)
        assert firm not in await page.content()
        await stranger.shows_no_trace()
    await page.goto("/")
    for tab in ("待处理", "已签收", "已撤回"):
        await page.locator(".tabs a", has_text=tab).click()
        await expect(page.locator(".tabs a[aria-current]")).to_contain_text(tab)
        await expect(page.locator("li.row")).to_have_count(0)


async def test_a_request_that_is_not_understood_names_the_field(line, take_desk) -> None:
    desk = await take_desk()
    await desk.log_in()
    answers = await asyncio.gather(
        *(
            desk.context.request.get(path)
            for path in ("/?since=never", "/?severity=x", "/?after=1", "/live?after=x")
        )
    )
    for answer, field in zip(answers, ("since", "severity", "after", "after"), strict=True):
        assert answer.status == 400
        said = await answer.text()
        assert f"<code>{field}</code>" in said
        assert "Traceback" not in said
    await desk.page.goto("/?since=never")
    await desk.shows_no_trace()
