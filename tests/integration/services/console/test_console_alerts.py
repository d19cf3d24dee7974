"""The list: what is on it, in which order, how it is narrowed and paged."""

import re
from datetime import timedelta

import pytest

from services.console.listing import PAGE_ROWS
from tests.integration.services.console.console_served import Served, alerts_on, words_on
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import DAY, HEBEI, dispatched, filed, voided, waste


async def test_an_officer_sees_what_starts_or_ends_in_their_region_and_nothing_else(
    served: Served, new_officer, region, judge: Judge
) -> None:
    out, inward, elsewhere = await judge.manifests(
        [
            crossing(region, "370100", new_number()),
            crossing("130100", region, new_number()),
            crossing("130100", "370100", new_number()),
        ]
    )
    browser = await served.officer(await new_officer(region))
    page = await browser.get("/")
    listed = set(alerts_on(page.text))
    assert {str(c.alert.id) for d in (out, inward) for c in d.alerts} == listed
    for change in elsewhere.alerts:
        answer = await browser.get(f"/alerts/{change.alert.id}")
        assert answer.status_code == 404
        assert change.alert.subject not in answer.text
    assert (await browser.get(f"/manifests/{elsewhere.subject}")).status_code == 404
    assert (await browser.get(f"/manifests/{out.subject}")).status_code == 200
    assert set(alerts_on((await browser.get(f"/?q={elsewhere.subject}")).text)) == set()


async def test_the_empty_list_says_so(served: Served, new_officer, region) -> None:
    browser = await served.officer(await new_officer(region))
    assert "没有未处理的告警" in (await browser.get("/")).text
    assert "没有符合条件的告警" in (await browser.get("/?q=nothing")).text
    assert "没有已撤回的告警" in (await browser.get("/?status=withdrawn")).text


async def test_most_severe_first_or_newest_first(
    served: Served, new_officer, region, judge: Judge
) -> None:
    ids = []
    for tonnes in (2, 20, 0.5, 5):
        load = crossing(region, "370100", new_number(), wastes=[waste(tonnes=tonnes)])
        decision = await judge.manifest(load)
        ids += [str(c.alert.id) for c in decision.alerts if c.alert.rule.startswith("cross")]
    browser = await served.officer(await new_officer(region))
    asked = "family=cross_province"
    severe = alerts_on((await browser.get(f"/?{asked}")).text)
    assert severe == [ids[1], ids[3], ids[0], ids[2]]
    newest = alerts_on((await browser.get(f"/?{asked}&sort=newest")).text)
    assert newest == ids[::-1]


async def test_each_filter_narrows_and_its_counts_agree_with_the_rows(
    served: Served, new_officer, region, judge: Judge
) -> None:
    numbers = [new_number() for _ in range(4)]
    for n, tonnes in zip(numbers, (20, 20, 2, 0.5), strict=True):
        late = timedelta(days=40) if n == numbers[3] else timedelta()
        await judge.manifest(
            [
                filed(DAY + late, origin=region, destination="370100", subject=n,
                    wastes=[waste(tonnes=tonnes)]),
                dispatched(DAY + late + timedelta(hours=1), subject=n),
            ]
        )  # fmt: skip
    browser = await served.officer(await new_officer(region))

    async def rows(query: str) -> set[str]:
        page = (await browser.get(f"/?{query}")).text
        tab = re.search(r'aria-current="page"[^>]*>待处理 <span class="count">(\d+)', page)
        assert tab is not None
        listed = alerts_on(page)
        assert int(tab[1]) == len(listed), query
        return {found for n in numbers for found in [n] if n in page and listed}

    assert await rows("") == set(numbers)
    assert await rows("severity=critical") == set(numbers[:2])
    assert await rows("severity=medium&severity=low") == set(numbers[2:])
    assert await rows("family=cross_province&finding=violation") == set(numbers)
    assert await rows("family=whitelist") == set()
    assert await rows(f"q={numbers[2]}") == {numbers[2]}
    assert await rows("q=示例处置") == set(numbers)
    assert await rows("region=54") == set(numbers)
    assert await rows("region=37") == set(numbers)
    assert await rows("region=11") == set()
    assert await rows("since=2026-10-01") == {numbers[3]}
    assert await rows("until=2026-10-01") == set(numbers[:3])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("severity=grave", "severity"),
        ("status=closed", "status"),
        ("finding=notice", "finding"),
        ("family=x", "family"),
        ("region=3", "region"),
        ("region=99", "region"),
        ("since=yesterday", "since"),
        ("since=2026-02-30", "since"),
        ("since=2026-02-02&until=2026-02-01", "until"),
        ("sort=worst", "sort"),
        ("after=x", "after"),
        ("after=5.1.00000000-0000-0000-0000-000000000000", "after"),
        ("q=" + "x" * 101, "q"),
        ("q=%00", "q"),
    ],
)
async def test_a_bad_filter_is_refused_and_named(
    served: Served, new_officer, region, query: str, field: str
) -> None:
    browser = await served.officer(await new_officer(region))
    answer = await browser.get(f"/?{query}")
    assert answer.status_code == 400
    assert f"<code>{field}</code>" in answer.text
    assert re.search(r"编号 <code>[0-9a-f]{12}</code>", answer.text)
    served.console.attempts._failures.clear()


async def test_pages_follow_one_another_without_gap_or_double_while_alerts_come_in(
    served: Served, new_officer, region, judge: Judge
) -> None:
    loads = [
        crossing(region, "370100", new_number(), wastes=[waste(tonnes=1 + n % 20)])
        for n in range(80)
    ]
    decisions = await judge.manifests(loads)
    wanted = {str(c.alert.id) for d in decisions for c in d.alerts}
    assert len(wanted) > 2 * PAGE_ROWS
    for sort in ("severity", "newest"):
        browser = await served.officer(await new_officer(region))
        path, seen = f"/?sort={sort}", []
        while path:
            page = (await browser.get(path)).text
            seen += alerts_on(page)
            await judge.manifest(crossing(region, "370100", new_number()))
            found = re.search(r'rel="next" href="([^"]+)"', page)
            path = found[1].replace("&amp;", "&") if found else ""
        assert len(seen) == len(set(seen))
        assert wanted <= set(seen)
        wanted |= set(seen)


async def test_a_withdrawn_alert_leaves_the_list_and_tells_its_reason(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    decision = await judge.manifest(crossing(region, "370100", number))
    browser = await served.officer(await new_officer(region))
    await judge.manifest([voided(DAY + timedelta(hours=1), subject=number)])
    assert alerts_on((await browser.get("/")).text) == []
    page = await browser.get("/?status=withdrawn")
    assert set(alerts_on(page.text)) == {str(c.alert.id) for c in decision.alerts}
    assert "联单已作废" in page.text
    page = await browser.get(f"/alerts/{decision.alerts[0].alert.id}")
    assert "此告警已撤回" in words_on(page.text)
    assert "联单已作废" in page.text


async def test_notices_are_for_the_unit_alone(
    served: Served, new_officer, region, judge: Judge
) -> None:
    decision = await judge.manifest(crossing(region, "370100", new_number()))
    change = decision.alerts[0]
    await judge.execute(
        "UPDATE alert SET finding = 'notice',"
        " body = jsonb_set(body, '{finding}', '\"notice\"') WHERE id = $1",
        change.alert.id,
    )
    browser = await served.officer(await new_officer(""))
    assert str(change.alert.id) not in alerts_on(
        (await browser.get(f"/?q={decision.subject}")).text
    )
    assert (await browser.get(f"/alerts/{change.alert.id}")).status_code == 404
    page = await browser.get(f"/manifests/{decision.subject}")
    assert str(change.alert.id) not in page.text


async def test_a_whole_manifest_number_offers_its_page(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    await judge.manifest([filed(origin=region, destination=HEBEI, subject=number)])
    browser = await served.officer(await new_officer(region))
    assert f'href="/manifests/{number}"' in (await browser.get(f"/?q={number}")).text
    assert (await browser.get(f"/manifests/{number}")).status_code == 200


async def test_pages_are_chinese_until_english_is_chosen(
    served: Served, new_officer, region
) -> None:
    browser = await served.officer(await new_officer(region))
    assert '<html lang="zh-CN"' in (await browser.get("/")).text
    answer = await browser.get("/?severity=high&lang=en")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?severity=high"
    page = (await browser.get("/")).text
    assert '<html lang="en"' in page
    assert "No alert waits for anybody" in page
    assert (await browser.get("/?theme=dark")).status_code == 303
    assert 'data-theme="dark"' in (await browser.get("/")).text
    assert (
        (await browser.get(f"{browser.base}//evil.example/?lang=zh"))
        .headers["location"]
        .startswith("/evil")
    )


async def test_answers_are_strict_and_small(served: Served, new_officer, region, judge) -> None:
    for _ in range(60):
        await judge.manifest(crossing(region, "370100", new_number()))
    browser = await served.officer(await new_officer(region))
    page = await browser.get("/")
    policy = page.headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-encoding"] == "gzip"
    assert not re.search(r"<(script|style)(?![^>]* src=)[^>]*>|\son\w+=|\sstyle=", page.text)
    size = int(page.headers["content-length"])
    for path in set(re.findall(r'"(/assets/[^"]+)"', page.text)):
        asset = await browser.get(path, **{"Accept-Encoding": "gzip"})
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        size += int(asset.headers["content-length"])
    assert size < 100_000
