"""Who comes in, who does not, and what becomes of what they typed."""

import re
from typing import Any

from services.console.account import set_enabled, set_password
from services.console.attempts import MOST_BY_LOGIN
from tests.integration.services.console.console_served import (
    PASSWORD,
    Served,
    connect,
    hidden,
    words_on,
)
from tests.integration.services.console.judged import Judge, crossing, new_number


async def test_a_page_leads_to_the_login_and_back(served: Served, new_officer, region) -> None:
    browser = served.browser()
    answer = await browser.get("/?severity=high&q=%E7%A4%BA%E4%BE%8B")
    assert answer.status_code == 303
    page = await browser.get(answer.headers["location"])
    assert page.status_code == 200
    fields = hidden(page.text) | {"login": await new_officer(region), "password": PASSWORD}
    answer = await browser.post("/login", fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?severity=high&q=%E7%A4%BA%E4%BE%8B"
    assert (await browser.get(answer.headers["location"])).status_code == 200


async def test_a_next_page_of_another_host_is_not_followed(
    served: Served, new_officer, region
) -> None:
    login = await new_officer(region)
    for elsewhere in ("//evil.example", "https://evil.example/", "/\\evil.example", "/\tx", "x"):
        answer = await served.browser().log_in(login, path=elsewhere)
        assert answer.headers["location"] == "/", elsewhere


async def test_a_wrong_password_and_an_unknown_login_are_told_alike(
    served: Served, new_officer, region
) -> None:
    wrong = await served.browser().log_in(await new_officer(region), "not the password")
    unknown = await served.browser().log_in("nobody-of-this-name", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert "登录名或密码不正确" in wrong.text
    said = [re.sub(r'value="[^"]*"', "", answer.text) for answer in (wrong, unknown)]
    assert said[0] == said[1]


async def test_too_many_attempts_are_told_when_to_try_again_even_with_the_password(
    served: Served, new_officer, region
) -> None:
    login = await new_officer(region)
    for _ in range(MOST_BY_LOGIN):
        assert (await served.browser().log_in(login, "not the password")).status_code == 401
    answer = await served.browser().log_in(login)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 301
    assert "分钟后再试" in answer.text
    served.console.attempts._failures.clear()
    assert (await served.browser().log_in(login)).status_code == 303


async def test_the_cookie_is_for_the_browser_alone_and_the_database_does_not_know_the_token(
    served: Served, new_officer, region, stack
) -> None:
    browser = served.browser()
    cookie = (await browser.log_in(await new_officer(region))).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    token = browser.http.cookies["liandan_session"]
    assert len(token) == 43
    migrator = await connect(stack.settings.database_migrator)
    rows = await migrator.fetch("SELECT token, csrf FROM console_session")
    await migrator.close()
    assert token.encode() not in b"".join(bytes(v) for row in rows for v in row)


async def test_logging_out_ends_the_session_for_a_copied_cookie_too(
    served: Served, new_officer, region
) -> None:
    browser = await served.officer(await new_officer(region))
    thief = served.browser()
    thief.http.cookies.update(browser.http.cookies)
    page = await browser.get("/")
    fields = hidden(page.text, "/logout")
    assert (await browser.post("/logout", fields)).status_code == 303
    assert (await thief.get("/")).status_code == 303


async def test_a_disabled_account_and_a_changed_password_end_sessions(
    served: Served, new_officer, region, registry: Any
) -> None:
    login = await new_officer(region)
    browser = await served.officer(login)
    assert await set_password(registry, login, "another password")
    assert (await browser.get("/")).status_code == 303
    assert (await browser.log_in(login, "another password")).status_code == 303
    assert (await browser.get("/")).status_code == 200
    assert await set_enabled(registry, login, False)
    assert (await browser.get("/")).status_code == 303
    assert (await browser.log_in(login, "another password")).status_code == 401


async def test_a_hash_of_weaker_parameters_is_renewed_at_login(
    served: Served, new_officer, region, registry: Any
) -> None:
    from argon2 import PasswordHasher

    login = await new_officer(region)
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await registry.execute("UPDATE console_account SET hash = $2 WHERE login = $1", login, weak)
    browser = await served.officer(login)
    stored = await registry.fetchval("SELECT hash FROM console_account WHERE login = $1", login)
    assert stored != weak
    assert "m=65536" in stored
    assert (await browser.get("/")).status_code == 200, "the session goes on"
    assert (await served.browser().log_in(login)).status_code == 303


async def test_what_was_typed_when_the_session_ended_is_there_after_the_login(
    served: Served, new_officer, region, judge: Judge
) -> None:
    decision = await judge.manifest(crossing(region, "370100", new_number()))
    path = f"/alerts/{decision.alerts[0].alert.id}"
    login = await new_officer(region)
    browser = await served.officer(login)
    form = hidden((await browser.get(path)).text, path)
    browser.http.cookies.delete("liandan_session")
    note = "已电话通知县局 <现场核查>\n第二行"
    again = await browser.post(f"{path}/acknowledge", form | {"note": note})
    assert again.status_code == 401
    assert "登录已过期" in again.text
    assert "&lt;现场核查&gt;" in again.text
    fields = hidden(again.text) | {"login": login, "password": PASSWORD, "kept_note": note}
    answer = await browser.post("/login", fields)
    assert answer.headers["location"] == path
    page = await browser.get(path)
    assert "&lt;现场核查&gt;\n第二行</textarea>" in page.text
    assert "尚未提交" in words_on(page.text)
    done = await browser.post(f"{path}/acknowledge", hidden(page.text, path) | {"note": note})
    assert done.status_code == 303
    page = (await browser.get(path)).text
    assert "尚未提交" not in words_on(page)


async def test_a_fragment_request_does_not_swallow_the_login_page(served: Served) -> None:
    answer = await served.browser().get("/?q=x", **{"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2F%3Fq%3Dx"
    assert answer.text == ""


async def test_a_login_form_of_another_site_or_browser_is_refused(
    served: Served, new_officer, region
) -> None:
    login = await new_officer(region)
    page = await served.browser().get("/login")
    fields = hidden(page.text) | {"login": login, "password": PASSWORD}
    other = served.browser()
    assert (await other.post("/login", fields)).status_code == 403
    browser = served.browser()
    fields = hidden((await browser.get("/login")).text) | {"login": login, "password": PASSWORD}
    assert (await browser.post("/login", fields, origin="https://evil.example")).status_code == 403
    assert (await browser.post("/login", fields, origin="")).status_code == 403
    assert "liandan_session" not in browser.http.cookies
