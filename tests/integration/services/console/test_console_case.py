"""Taking an alert up: once, by one, and nothing that was written is lost."""

import asyncio
import html
from datetime import timedelta

import pytest

from tests.integration.services.console.console_served import Browser, Served, hidden, words_on
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import DAY, voided


@pytest.fixture
async def path(judge: Judge, region: str) -> str:
    decision = await judge.manifest(crossing(region, "370100", new_number()))
    return f"/alerts/{decision.alerts[0].alert.id}"


async def form_on(browser: Browser, path: str) -> dict[str, str]:
    return hidden((await browser.get(path)).text, path)


async def events_of(judge: Judge, path: str) -> int:
    count: int = await judge.fetchval(
        "SELECT version FROM alert_case WHERE alert_id = $1::uuid", path.rpartition("/")[2]
    )
    return count


@pytest.fixture(autouse=True)
async def _reads_cases(stack, judge: Judge, monkeypatch):
    from tests.integration.services.console.console_served import connect

    reader = await connect(stack.settings.database_reader)
    monkeypatch.setattr(judge, "fetchval", reader.fetchval)
    yield
    await reader.close()


async def test_an_acknowledgement_moves_the_alert_and_names_who_did_it(
    served: Served, new_officer, region, path: str
) -> None:
    login = await new_officer(region)
    browser = await served.officer(login)
    form = await form_on(browser, path)
    answer = await browser.post(f"{path}/acknowledge", form | {"note": "已通知 <县局>"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path}#case"
    page = (await browser.get(path)).text
    assert "已签收" in words_on(page)
    assert f"示例人员{login} 签收" in words_on(page)
    assert "已通知 &lt;县局&gt;" in page
    alert = path.rpartition("/")[2]
    assert alert not in (await browser.get("/")).text
    assert alert in (await browser.get("/?status=acknowledged")).text


async def test_a_double_click_counts_once(
    served: Served, new_officer, region, path: str, judge: Judge
) -> None:
    browser = await served.officer(await new_officer(region))
    form = await form_on(browser, path) | {"note": "一次"}
    answers = await asyncio.gather(*(browser.post(f"{path}/acknowledge", form) for _ in range(8)))
    assert {a.status_code for a in answers} == {303}
    assert await events_of(judge, path) == 1
    assert (await browser.get(path)).text.count("一次") == 1


async def test_of_two_officers_the_second_sees_what_the_first_wrote_and_keeps_their_text(
    served: Served, new_officer, region, path: str, judge: Judge
) -> None:
    one = await served.officer(await new_officer(region))
    two = await served.officer(await new_officer(region))
    first, second = await form_on(one, path), await form_on(two, path)
    assert (await one.post(f"{path}/acknowledge", first | {"note": "甲写的"})).status_code == 303
    answer = await two.post(f"{path}/acknowledge", second | {"note": "乙写的"})
    assert answer.status_code == 409
    assert "他人先于您提交" in answer.text
    assert "甲写的" in answer.text
    assert "乙写的</textarea>" in answer.text
    assert await events_of(judge, path) == 1
    again = await two.post(f"{path}/acknowledge", hidden(answer.text, path) | {"note": "乙写的"})
    assert again.status_code == 303
    said = words_on((await one.get(path)).text)
    assert "补充说明" in said
    assert "乙写的" in said
    assert "甲写的" in said


async def test_of_many_at_once_exactly_one_comes_first(
    served: Served, new_officer, region, path: str, judge: Judge
) -> None:
    browsers = [await served.officer(await new_officer(region)) for _ in range(6)]
    forms = [await form_on(browser, path) for browser in browsers]
    answers = await asyncio.gather(
        *(
            browser.post(f"{path}/acknowledge", form | {"note": f"note {n}"})
            for n, (browser, form) in enumerate(zip(browsers, forms, strict=True))
        )
    )
    assert sorted(a.status_code for a in answers) == [303] + [409] * 5
    assert await events_of(judge, path) == 1


async def test_an_alert_that_was_withdrawn_meanwhile_is_not_taken_up_and_the_text_is_kept(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    decision = await judge.manifest(crossing(region, "370100", number))
    path = f"/alerts/{decision.alerts[0].alert.id}"
    browser = await served.officer(await new_officer(region))
    form = await form_on(browser, path)
    await judge.manifest([voided(DAY + timedelta(hours=1), subject=number)])
    answer = await browser.post(f"{path}/acknowledge", form | {"note": "写了一半"})
    assert answer.status_code == 409
    assert "没有提交" in words_on(answer.text)
    assert "写了一半" in answer.text
    assert await events_of(judge, path) == 0


async def test_forms_without_our_token_or_from_elsewhere_change_nothing(
    served: Served, new_officer, region, path: str, judge: Judge
) -> None:
    browser = await served.officer(await new_officer(region))
    other = await served.officer(await new_officer(region))
    form = await form_on(browser, path) | {"note": "写好的话"}
    stolen = form | {"csrf": (await form_on(other, path))["csrf"]}
    for bad, origin in (
        (form, "https://evil.example"),
        (form, "null"),
        (stolen, None),
        (form | {"csrf": ""}, None),
        (form | {"csrf": "x" * 96}, None),
    ):
        answer = await browser.post(f"{path}/acknowledge", bad, origin)
        assert answer.status_code == 403
        if origin is None:
            assert "写好的话" in answer.text, "what was typed is given back"
    assert await events_of(judge, path) is None


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"version": "x"}, 400, "version"),
        ({"version": "-1"}, 400, "version"),
        ({"revision": "9" * 12}, 400, "revision"),
        ({"form": "short"}, 400, "form"),
        ({"note": "长" * 2001}, 400, "note"),
        ({"note": "长" * 20000}, 413, ""),
        ({"note": "a\0b"}, 400, ""),
    ],
)
async def test_bad_fields_are_refused_and_named(
    served: Served, new_officer, region, path: str, judge: Judge, change, status: int, told: str
) -> None:
    browser = await served.officer(await new_officer(region))
    form = await form_on(browser, path) | {"note": "x"} | change
    answer = await browser.post(f"{path}/acknowledge", form)
    assert answer.status_code == status
    assert f"<code>{told}</code>" in answer.text or not told
    assert await events_of(judge, path) is None
    if told == "note":
        assert form["note"] in html.unescape(answer.text), "the text can be shortened and sent"
        shorter = hidden(answer.text, path) | {"note": "短"}
        assert (await browser.post(f"{path}/acknowledge", shorter)).status_code == 303


async def test_the_registry_desk_reads_and_does_not_acknowledge(
    served: Served, new_officer, region, path: str, judge: Judge
) -> None:
    officer = await served.officer(await new_officer(region))
    desk = await served.officer(await new_officer(region, role="registry"))
    page = await desk.get(path)
    assert "您的账号只能查看" in page.text
    fields = await form_on(officer, path)
    fields["csrf"] = hidden(page.text, "/logout")["csrf"]
    answer = await desk.post(f"{path}/acknowledge", fields | {"note": "x"})
    assert answer.status_code == 403
    assert await events_of(judge, path) in (0, None)


async def test_another_regions_alert_cannot_be_acknowledged(
    served: Served, new_officer, region, path: str, judge: Judge
) -> None:
    owner = await served.officer(await new_officer(region))
    stranger = await served.officer(await new_officer("549999"))
    fields = await form_on(owner, path)
    fields["csrf"] = hidden((await stranger.get("/")).text, "/logout")["csrf"]
    answer = await stranger.post(f"{path}/acknowledge", fields | {"note": "x"})
    assert answer.status_code == 404
    assert await events_of(judge, path) is None
