"""The page of an alert and the page of a manifest."""

import re
from datetime import timedelta

import msgspec

from streams.judging.packing import outcomes_json
from tests.integration.services.console.console_served import Served, words_on
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import (
    CARRIER,
    CODE,
    DAY,
    RECEIVER,
    STRANGER,
    approval,
    arrived,
    corrected,
    dispatched,
    filed,
    form,
    licence,
    permit,
    received,
    registry,
    say,
    waste,
)

ORDER = ("law", "rule", "facts", "conditions", "cures", "passed", "history", "case")


async def test_the_card_tells_the_sentence_first_and_then_all_parts_in_order(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    view = registry(licence(), permit(CARRIER))
    decision = await judge.manifest(crossing(region, "370100", number), view)
    (change,) = decision.alerts
    alert = change.alert
    browser = await served.officer(await new_officer(region))
    page = (await browser.get(f"/alerts/{alert.id}")).text
    assert f'<h1 class="sentence">{alert.text_zh}</h1>' in page
    places = [page.index(f'id="{part}"') for part in ORDER]
    assert places == sorted(places)
    said = words_on(page)
    assert alert.law[0].article in said
    assert alert.rule in said
    for evidence in alert.evidence:
        assert evidence.ref.partition("#")[2] in said
        assert evidence.digest in said
        assert f"/manifests/{number}#e-{evidence.digest[:16]}" in page
    passed = [o for o in decision.outcomes if o.state == "passed"]
    assert passed
    for outcome in passed:
        assert outcome.zh in said
        if outcome.margin is not None:
            assert outcome.margin.replace(" d", " 天").replace(" t", " 吨") in said
    assert "第 1 版" in said


async def test_every_revision_of_an_alert_is_kept_and_shown(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    said = crossing(region, "370100", number)
    decision = await judge.manifest(said)
    more = say("filed", form(origin=region, wastes=[waste(tonnes=9)]), by=STRANGER, subject=number)
    fixed = corrected(
        said[0], "filed", form(origin=region, destination="370100", wastes=[waste(tonnes=9)]),
        DAY - timedelta(hours=1), said[0].unit, subject=number,
    )  # fmt: skip
    await judge.manifest([more, fixed])
    change = next(c for c in decision.alerts if c.alert.rule.startswith("cross_province"))
    browser = await served.officer(await new_officer(region))
    text = words_on((await browser.get(f"/alerts/{change.alert.id}")).text)
    assert "第 2 版" in text
    assert "第 1 版" in text
    assert text.index("第 2 版") < text.index("第 1 版", text.index("第 2 版"))


async def test_an_explanation_of_conditions_and_cures_is_shown_where_the_judge_wrote_one(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    decision = await judge.manifest(crossing(region, "370100", number))
    change = decision.alerts[0]
    added = {
        "conditions": [
            {"zh": "跨省", "en": "across", "value_zh": "是", "value_en": "yes", "holds": True,
             "role": "applies"},
            {"zh": "批准数量", "en": "approved", "value_zh": "0 吨", "value_en": "0 t",
             "threshold_zh": "≥ 2 吨", "threshold_en": "≥ 2 t", "holds": False,
             "margin": "-2 t", "group_zh": "审批 示例一号", "group_en": "approval one"},
            {"zh": "期限", "en": "term", "holds": None, "group_zh": "审批 示例一号",
             "group_en": "approval one"},
        ],
        "cures": [
            {"zh": "起运前取得批准。", "en": "An approval before departure.",
             "party": "consignor"},
        ],
    }  # fmt: skip
    outcomes = [
        o | added if o["rule"] == change.alert.rule else o
        for o in msgspec.json.decode(outcomes_json(decision.outcomes))
    ]
    await judge.execute(
        "UPDATE manifest SET verdict = NULL, outcomes = $2::jsonb::json WHERE subject = $1",
        number,
        outcomes,
    )
    browser = await served.officer(await new_officer(region))
    text = words_on((await browser.get(f"/alerts/{change.alert.id}")).text)
    assert "跨省 是 – 适用 审批 示例一号 批准数量 0 吨 -2 吨 ≥ 2 吨 不符 期限 – – 待核" in text
    assert "移出人 起运前取得批准。" in text
    await browser.get("/?lang=en")
    text = words_on((await browser.get(f"/alerts/{change.alert.id}")).text)
    assert "Consignor An approval before departure." in text
    assert "approval one approved 0 t -2 t ≥ 2 t not met" in text
    assert change.alert.text_en in text


async def test_a_limits_alert_names_its_manifests_and_links_them(
    served: Served, new_officer, region, judge: Judge
) -> None:
    from tests.manifests import approval_line

    view = registry(
        approval(f"appr-{region}", origin=region, lines=[approval_line(quantity_t=3)]),
        licence(),
        permit(CARRIER),
    )
    numbers = [new_number(), new_number()]
    decisions = await judge.manifests([crossing(region, "370100", n) for n in numbers], view)
    draws = [draw for d in decisions for draw in d.draws if draw.limit.startswith("approval/")]
    limit = await judge.limit(draws[0].limit, draws, view)
    (change,) = limit.alerts
    browser = await served.officer(await new_officer(region))
    page = (await browser.get(f"/alerts/{change.alert.id}")).text
    assert f'href="/manifests/{numbers[1]}"' in page
    manifest = words_on((await browser.get(f"/manifests/{numbers[0]}")).text)
    assert "审批事项" in manifest
    assert change.alert.text_zh in manifest


async def test_the_timeline_tells_event_time_from_arrival_and_marks_what_does_not_count(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    first = filed(origin=region, destination="370100", subject=number)
    fixed = corrected(
        first, "filed", form(origin=region, destination="370100", wastes=[waste(tonnes=3)]),
        DAY - timedelta(hours=2), first.unit, subject=number,
    )  # fmt: skip
    late = arrived(DAY + timedelta(hours=6), received=DAY + timedelta(days=3), subject=number)
    stranger = say("arrived", {"carrier": STRANGER}, by=STRANGER, subject=number,
        at=DAY + timedelta(hours=5))  # fmt: skip
    other = filed(DAY, origin=region, destination="370100", subject=number, id=first.ref.id)
    events = [first, fixed, dispatched(subject=number), late, stranger, other]
    events.append(received(subject=number, tonnes=3))
    await judge.manifest(events)
    browser = await served.officer(await new_officer(region))
    page = (await browser.get(f"/manifests/{number}")).text
    items = {
        found[1]: words_on(found[2])
        for found in re.finditer(
            r'<li id="e-([0-9a-f]{16})" class="event(.*?)</details>', page, re.S
        )
    }
    told = {s.ref.id + s.ref.digest[:4]: items[s.ref.digest[:16]] for s in events}
    assert len(told) == len(events)
    assert f"已由 {fixed.ref.id} 更正" in told[first.ref.id + first.ref.digest[:4]]
    assert f"更正 {first.ref.id}" in told[fixed.ref.id + fixed.ref.digest[:4]]
    assert "迟报 2 天" in told[late.ref.id + late.ref.digest[:4]]
    assert "2026-09-10 14:00 收到 2026-09-13 08:00" in told[late.ref.id + late.ref.digest[:4]]
    assert "无权申报" in told[stranger.ref.id + stranger.ref.digest[:4]]
    assert "非当事方" in told[stranger.ref.id + stranger.ref.digest[:4]]
    assert "以先收到的为准" in told[other.ref.id + other.ref.digest[:4]]
    said = words_on(page)
    assert CODE in said
    assert RECEIVER in said
    assert "已接收" in said


async def test_an_alias_leads_to_the_number_under_which_the_manifest_was_filed(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number, alias = new_number(), new_number()
    await judge.manifest([filed(origin=region, subject=number, aliases=[alias])])
    browser = await served.officer(await new_officer(region))
    answer = await browser.get(f"/manifests/{alias}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/manifests/{number}"
    stranger = await served.officer(await new_officer("549999"))
    assert (await stranger.get(f"/manifests/{alias}")).status_code == 404


async def test_a_manifest_that_only_others_spoke_of_has_a_page_for_the_nation_alone(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    await judge.manifest([dispatched(subject=number)])
    nation = await served.officer(await new_officer(""))
    page = await nation.get(f"/manifests/{number}")
    assert page.status_code == 200
    assert "联单尚未填报" in page.text
    local = await served.officer(await new_officer(region))
    assert (await local.get(f"/manifests/{number}")).status_code == 404


async def test_what_facilities_wrote_is_shown_as_text(
    served: Served, new_officer, region, judge: Judge
) -> None:
    number = new_number()
    nasty = "<script>alert(1)</script>\"'{{7*7}}"
    said = crossing(region, "370100", number, remark=nasty, wastes=[waste(name=nasty)])
    decision = await judge.manifest(said)
    browser = await served.officer(await new_officer(region))
    paths = ["/", f"/manifests/{number}", f"/alerts/{decision.alerts[0].alert.id}"]
    for path in paths:
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "49" not in re.findall(r"alert\(1\)[^<]{0,40}", page)
    assert "&lt;script&gt;" in (await browser.get(paths[1])).text
