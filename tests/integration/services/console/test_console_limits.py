"""The page of a limit: how it is used up, and who may see it."""

from datetime import UTC, datetime, timedelta

import asyncpg

from infra.local.stack import LocalStack
from schemas.instant import CHINA
from services.registry import write_change_set
from services.registry.rule_version import add_approval, add_proposal, find_proposal
from tests.integration.services.console.console_served import Served, words_on
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import (
    CODE,
    approval_line,
    approval_members,
    credit_code,
    dispatched,
    filed,
    record,
    record_line,
    registry,
)

DESTINATION = "370100"


async def line_with_loads(stack: LocalStack, judge: Judge, region: str, ages: list[int]) -> str:
    """An approved line of 100 t out of ``region``; one load of 2 t left so many days ago each."""
    members = approval_members(
        origin=region,
        valid_from="2026-01-01",
        lines=[approval_line(destination=DESTINATION)],
    )
    name = f"appr-{region}"
    await write_change_set(
        stack.settings.database_registry,
        [record_line("transfer_approval", name, **members)],
        "test",
    )
    now = datetime.now(UTC)
    loads = []
    for age in ages:
        number, at = new_number(), now - timedelta(days=age)
        form = {"origin": region, "destination": DESTINATION, "subject": number}
        loads.append([filed(at=at - timedelta(hours=1), **form), dispatched(at=at, subject=number)])
    done = await judge.manifests(loads, registry(record("transfer_approval", name, **members)))
    (limit,) = {draw.limit for decision in done for draw in decision.draws}
    return limit


async def test_both_ends_see_the_burn_down_and_the_forecast(
    served: Served, new_officer, region, judge: Judge, stack: LocalStack
) -> None:
    limit = await line_with_loads(stack, judge, region, list(range(0, 40, 4)))
    for place in (region, DESTINATION):
        browser = await served.officer(await new_officer(place))
        told = (await browser.get(f"/api/limits/{limit}")).json()
        assert (told["cap_t"], told["drawn_t"], told["left_t"]) == ("100", "20", "80")
        assert (told["loads"], len(told["days"])) == (10, 10)
        assert [d["left_t"] for d in told["days"]][-1] == told["left_t"]
        assert told["outlook"] == "will_run_out"
        assert (
            told["runs_out"]["earliest"] < told["runs_out"]["likely"] < told["runs_out"]["latest"]
        )
        page = (await browser.get(f"/limits/{limit}")).text
        said = words_on(page)
        assert told["runs_out"]["likely"] in said
        assert "到期前将用完" in said
        assert "<polyline" in page
        assert "style=" not in page
        assert page.count('href="/manifests/') == 10


async def test_what_a_unit_planned_is_burnt_down_by_its_plans_and_the_book_in_force(
    served: Served, new_officer, region, judge: Judge, stack: LocalStack
) -> None:
    planner = credit_code(8_000 + int(region))
    lines = [{"line": 1, "code": CODE, "quantity_t": 20}]
    known = [("unit", {"uscc": planner, "name": "示例涂料厂", "region": region})] + [
        ("management_plan", {"uscc": planner, "year": 2026, "lines": lines}) for _ in range(2)
    ]
    records = [(kind, f"{kind}-{region}-{n}", more) for n, (kind, more) in enumerate(known)]
    written = [record_line(kind, name, **more) for kind, name, more in records]
    await write_change_set(stack.settings.database_registry, written, "test")
    loads, first = [], datetime(2026, 3, 2, 8, tzinfo=CHINA)
    for day in range(4):
        number, at = new_number(), first + timedelta(days=day)
        form = {"origin": region, "destination": DESTINATION, "consignor": planner}
        loads.append(
            [
                filed(at=at - timedelta(hours=1), by=planner, subject=number, **form),
                dispatched(at=at, subject=number),
            ]
        )
    await judge.manifests(loads, registry(*(record(k, n, **m) for k, n, m in records)))
    browser = await served.officer(await new_officer(region))
    name = f"plan/{planner}/2026/{CODE}"
    told = (await browser.get(f"/api/limits/{name}")).json()
    assert (told["cap_t"], told["drawn_t"], told["left_t"]) == ("40", "8", "32")
    assert (told["first"], told["last"], told["kind"]) == ("2026-01-01", "2026-12-31", "plan")
    page = words_on((await browser.get(f"/limits/{name}")).text)
    assert "管理计划年度数量" in page
    assert "示例涂料厂 2026 年管理计划" in page

    for wanted, gone in (("44", False), ("40", True)):
        version = record_line(
            "rulebook_version",
            f"book-{region}",
            valid_from="2026-01-01",
            parameters=[{"parameter": "plan.exceeded.percent", "value": 110}],
            retracted=gone,
        )
        await approve(stack, version, [await new_officer(region) for _ in range(3)])
        await write_change_set(stack.settings.database_registry, [version], "test")
        assert (await browser.get(f"/api/limits/{name}")).json()["cap_t"] == wanted


async def approve(stack: LocalStack, version: bytes, logins: list[str]) -> None:
    connection = await asyncpg.connect(stack.settings.database_registry)
    try:
        digest = await add_proposal(connection, version, b"{}", logins[0])
        proposed = await find_proposal(connection, digest.hex())
        for login in logins[1:]:
            await add_approval(connection, proposed, login)
    finally:
        await connection.close()


async def test_the_page_of_a_manifest_leads_to_its_limits(
    served: Served, new_officer, region, judge: Judge, stack: LocalStack
) -> None:
    limit = await line_with_loads(stack, judge, region, [1])
    browser = await served.officer(await new_officer(region))
    number = await judge.fetchval("SELECT manifest FROM draw WHERE limit_id = $1", limit)
    assert f'href="/limits/{limit}"' in (await browser.get(f"/manifests/{number}")).text
    assert "车次太少" in (await browser.get(f"/limits/{limit}")).text


async def test_a_limit_behind_which_one_load_is_not_ones_own_is_unknown(
    served: Served, new_officer, region, judge: Judge, stack: LocalStack
) -> None:
    limit = await line_with_loads(stack, judge, region, [3, 2])
    stranger = await served.officer(await new_officer("650100"))
    mine = await served.officer(await new_officer(region))
    for path in (f"/limits/{limit}", f"/api/limits/{limit}"):
        assert (await stranger.get(path)).status_code == 404
        assert (await mine.get(path)).status_code == 200
    elsewhere = await judge.manifest(crossing("630101", "650100", new_number()))
    await judge.execute(
        "INSERT INTO draw (limit_id, manifest, at, grams, state)"
        " VALUES ($1, $2, now(), 1, 'released')",
        limit,
        elsewhere.subject,
    )
    for path in (f"/limits/{limit}", f"/api/limits/{limit}"):
        assert (await mine.get(path)).status_code == 404


async def test_what_names_no_limit_is_unknown(served: Served, new_officer, region) -> None:
    browser = await served.officer(await new_officer(region))
    for name in ("approval/nobody/1", "x", "licence/a/2026", "licence/%00/2026", "a" * 900 + "/1"):
        answer = await browser.get(f"/limits/{name}")
        assert answer.status_code == 404, name
        assert "没有这项限额" in answer.text


async def test_without_a_session_one_must_log_in(served: Served) -> None:
    answer = await served.browser().get("/limits/approval/a/1")
    assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login")
