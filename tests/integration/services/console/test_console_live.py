"""The live line: what comes, to whom, and what happens when it is cut."""

import contextlib
import re
from datetime import timedelta

import pytest

from services.console.account import set_enabled
from services.console.live import _MOST_ROWS
from tests.integration.services.console.console_served import Browser, Served
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import DAY, voided, waste


async def head_of(browser: Browser) -> str:
    found = re.search(r'data-after="(\d+)"', (await browser.get("/")).text)
    assert found is not None
    return found[1]


async def test_a_new_alert_comes_with_its_row_only_to_those_who_may_see_it(
    served: Served, new_officer, region, judge: Judge
) -> None:
    mine = await served.officer(await new_officer(region))
    other = await served.officer(await new_officer("54" + "9999"))
    after = await head_of(mine)
    async with (
        mine.live(f"/live?after={after}") as here,
        other.live(f"/live?after={after}") as there,
    ):
        assert here.answer.headers["content-type"].startswith("text/event-stream")
        await here.next("beat")
        await there.next("beat")
        decision = await judge.manifest(crossing(region, "370100", new_number()))
        told = {(await here.next("alert"))[1]["id"] for _ in decision.alerts}
        assert told == {str(c.alert.id) for c in decision.alerts}
        last = await judge.manifest(crossing("549999", "370100", new_number()))
        _, data, number = await there.next("alert")
        assert data["id"] in {str(c.alert.id) for c in last.alerts}, "nothing came in between"
        assert f'id="alert-{data["id"]}"' in data["row"]
        assert int(number) > int(after)


async def test_a_cut_line_is_resumed_without_gap_or_double(
    served: Served, new_officer, region, judge: Judge
) -> None:
    browser = await served.officer(await new_officer(region))
    after = await head_of(browser)
    first = await judge.manifest(crossing(region, "370100", new_number()))
    wanted = [str(c.alert.id) for c in first.alerts]
    got: list[str] = []
    async with browser.live(f"/live?after={after}") as stream:
        _, data, number = await stream.next("alert")
        got.append(data["id"])
    for _ in range(3):
        more = await judge.manifest(crossing(region, "370100", new_number()))
        wanted += [str(c.alert.id) for c in more.alerts]
    async with browser.live(f"/live?after={after}", **{"Last-Event-ID": number}) as stream:
        while len(got) < len(wanted):
            got.append((await stream.next("alert"))[1]["id"])
        await judge.manifest(crossing(region, "370100", new_number()))
        assert (await stream.next("alert"))[1]["id"] not in wanted
    assert sorted(got) == sorted(wanted)


async def test_an_event_says_whether_it_fits_the_filter_of_the_list(
    served: Served, new_officer, region, judge: Judge
) -> None:
    browser = await served.officer(await new_officer(region))
    after = await head_of(browser)
    number = new_number()
    async with browser.live(f"/live?severity=critical&family=cross_province&after={after}") as s:
        decision = await judge.manifest(
            crossing(region, "370100", number, wastes=[waste(tonnes=20)])
        )
        told = [(await s.next("alert"))[1] for _ in decision.alerts]
        assert sorted(each["fits"] for each in told if "跨省" in each["row"]) == [True]
        await judge.manifest([voided(DAY + timedelta(hours=1), subject=number)])
        _, data, _ = await s.next("alert")
        assert data["status"] == "withdrawn"
        assert data["fits"] is False


async def test_a_session_that_ended_gets_nothing_more(
    served: Served, new_officer, region, judge: Judge, registry, monkeypatch
) -> None:
    monkeypatch.setattr("services.console.live.BEAT_S", 0.2)
    login = await new_officer(region)
    browser = await served.officer(login)
    async with browser.live(f"/live?after={await head_of(browser)}") as stream:
        await stream.next("beat")
        await set_enabled(registry, login, False)
        await judge.manifest(crossing(region, "370100", new_number()))
        kinds = []
        with pytest.raises(EOFError):
            while True:
                kinds.append((await stream.next())[0])
    assert "alert" not in kinds
    assert kinds[-1] == "over"
    answer = await browser.get("/live?after=0")
    assert answer.status_code == 401


async def test_who_lost_sight_of_an_alert_is_told_that_it_is_gone_and_nothing_more(
    served: Served, new_officer, region, judge: Judge
) -> None:
    browser = await served.officer(await new_officer(region))
    decision = await judge.manifest(crossing(region, "370100", new_number()))
    change = decision.alerts[0]
    async with browser.live(f"/live?after={await head_of(browser)}") as stream:
        await stream.next("beat")
        await judge.execute(
            "INSERT INTO outbox (key, topic, payload) SELECT id || ':1000', 'alerts',"
            " jsonb_set(body, '{origin_region}', '\"110100\"') FROM alert WHERE id = $1",
            change.alert.id,
        )
        await judge.feed()
        _, data, _ = await stream.next("gone")
        assert data == {"id": str(change.alert.id)}


async def test_who_missed_too_much_is_told_to_reload(
    served: Served, new_officer, region, judge: Judge
) -> None:
    browser = await served.officer(await new_officer(region))
    after = int(await head_of(browser))
    loads = [crossing("110100", "370100", new_number()) for _ in range(_MOST_ROWS // 2 + 10)]
    await judge.manifests(loads)
    async with browser.live(f"/live?after={after}") as stream:
        assert (await stream.next())[0] == "reload"
    async with browser.live("/live?after=999999999") as stream:
        assert (await stream.next())[0] == "reload", "a number of a database that was put back"


async def test_streams_are_bounded(served: Served, new_officer, region) -> None:
    browser = await served.officer(await new_officer(region))
    after = await head_of(browser)
    async with contextlib.AsyncExitStack() as exits:
        for _ in range(10):
            stream = await exits.enter_async_context(browser.live(f"/live?after={after}"))
            assert stream.answer.status_code == 200
        answer = await browser.get(f"/live?after={after}")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


@pytest.mark.parametrize("after", ["", "x", "-1", "1e3", "9" * 19])
async def test_a_bad_number_is_refused(served: Served, new_officer, region, after: str) -> None:
    browser = await served.officer(await new_officer(region))
    assert (await browser.get(f"/live?after={after}")).status_code == 400
