"""The page of a journey: drawn and told, to those who may see its manifest."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from infra.local.stack import LocalStack
from infra.runtime.postgres import open_pool
from infra.runtime.settings import TRACKS_TOPIC
from services.registry import write_change_set
from streams.vehicles import forget_positions
from tests.integration.services.console.console_served import Served, words_on
from tests.integration.services.console.driven_story import Told, tell
from tests.integration.services.console.judged import Judge
from tests.integration.streams.disorder import retracted

HEBEI, SHANDONG, ELSEWHERE = "130100", "37", "54"


@pytest.fixture
async def by_the_lake(stack: LocalStack, judge: Judge) -> AsyncIterator[Told]:
    told = await tell(stack.settings, judge, "a_stop_by_the_lake")
    yield told
    gone = [retracted(line) for line in told.story.registry_lines]
    await write_change_set(stack.settings.database_registry, gone, "test")


async def test_both_ends_see_where_it_went_and_what_the_alert_is_about(
    served: Served, new_officer, judge: Judge, by_the_lake: Told
) -> None:
    for place in (HEBEI, SHANDONG):
        browser = await served.officer(await new_officer(place))
        answer = await browser.get(by_the_lake.path)
        assert answer.status_code == 200
        page, said = answer.text, words_on(answer.text)
        assert "非地图，仅供示意" in page.split("<svg")[0], "said beside the picture"
        assert "非地图，仅供示意" in page.split("<svg")[1].split("</svg>")[0], "and in it"
        assert page.count('class="stretch"') == 2  # drawn, and in the legend
        assert page.count('class="mark-text"') == 1
        assert 'class="area area-consignor"' in page
        assert 'class="area area-receiver"' in page
        # The table says the same.
        assert "停留 15 分钟" in said
        assert "在围栏内 40 分钟 化工厂厂区 产废单位" in said
        assert "上报装载" in said
        assert "2026-09-10 10:00 至 10:15" in said
        assert "style=" not in page
        assert "http" not in page.replace("http-equiv", "")
        if "SHOT" in os.environ:
            Path(os.environ["SHOT"]).write_text(page)  # noqa: ASYNC240


async def test_alert_and_manifest_lead_to_it_and_it_leads_back(
    served: Served, new_officer, judge: Judge, by_the_lake: Told
) -> None:
    browser = await served.officer(await new_officer(HEBEI))
    alert = await judge.fetchval(
        "SELECT id FROM alert WHERE subject = $1", f"trip/{by_the_lake.plate}/{by_the_lake.number}"
    )
    link = f'href="{by_the_lake.path}"'
    assert link in (await browser.get(f"/alerts/{alert}")).text
    assert link in (await browser.get(f"/manifests/{by_the_lake.number}")).text
    page = (await browser.get(by_the_lake.path)).text
    assert f'href="/alerts/{alert}"' in page
    assert f'href="/manifests/{by_the_lake.number}"' in page
    written = by_the_lake.plate[:2] + "·" + by_the_lake.plate[2:]
    answer = await browser.get(f"/journeys/{quote(written)}/{by_the_lake.number}")
    assert (answer.status_code, answer.headers["location"]) == (303, by_the_lake.path)


async def test_who_may_not_see_the_manifest_sees_no_journey(
    served: Served, new_officer, judge: Judge, by_the_lake: Told
) -> None:
    browser = await served.officer(await new_officer(ELSEWHERE))
    answer = await browser.get(by_the_lake.path)
    assert answer.status_code == 404
    assert "没有这次行程" in answer.text
    assert (await browser.get(f"/manifests/{by_the_lake.number}")).status_code == 404
    assert (await served.browser().get(by_the_lake.path)).status_code == 303, "nobody logged in"


@pytest.mark.parametrize(
    ("plate", "number"),
    [
        ("冀A99999", None),
        ("<script>alert(1)</script>", None),
        ("冀A12345'; DROP TABLE journey; --", None),
        ("a\x00b", None),
        (None, "20261301999999"),
        (None, "<b>x</b>"),
        (None, "x" * 500),
    ],
)
async def test_a_plate_or_number_that_nothing_bears_is_a_page_of_its_own(
    served: Served, new_officer, by_the_lake: Told, plate: str | None, number: str | None
) -> None:
    browser = await served.officer(await new_officer(HEBEI))
    wanted = plate or by_the_lake.plate, number or by_the_lake.number
    answer = await browser.get("/journeys/" + "/".join(quote(part, safe="") for part in wanted))
    assert answer.status_code == 404
    for part in (plate, number):
        if part is not None and "<" in part:
            assert part not in answer.text


async def test_names_that_look_like_markup_are_shown_as_they_are(
    served: Served, new_officer, stack: LocalStack, judge: Judge, by_the_lake: Told
) -> None:
    lake = next(line for line in by_the_lake.story.registry_lines if b'"water"' in line)
    works = next(
        line for line in by_the_lake.story.registry_lines if '"化工厂厂区"'.encode() in line
    )
    await write_change_set(
        stack.settings.database_registry,
        [works.replace("化工厂厂区".encode(), b"</text><script>x</script>"), lake],
        "test",
    )
    browser = await served.officer(await new_officer(HEBEI))
    page = (await browser.get(by_the_lake.path)).text
    assert "<script>x" not in page
    assert "&lt;/text&gt;&lt;script&gt;x" in page


async def test_files_are_named_with_their_digests_and_the_command_that_reads_them(
    served: Served, new_officer, stack: LocalStack, by_the_lake: Told
) -> None:
    insert = (
        "INSERT INTO track_file (topic, name, sha256, rows, bytes, partitions, first_offsets,"
        " last_offsets, appended_from, appended_to) VALUES ($1, $2, $3, 1, 1, '{0}', '{0}', '{0}', $4, $4)"
    )
    begins, folder = by_the_lake.story.at("10:00"), by_the_lake.number
    migrator = await asyncpg.connect(stack.settings.database_migrator)
    try:
        for n, (name, at) in enumerate((("in", begins), ("after", begins + timedelta(days=2)))):
            file = f"{folder}/{name}.parquet"
            await migrator.execute(insert, TRACKS_TOPIC, file, bytes([n]) * 32, at)
        browser = await served.officer(await new_officer(HEBEI))
        said = words_on((await browser.get(by_the_lake.path)).text)
    finally:
        await migrator.execute("DELETE FROM track_file WHERE name LIKE $1", f"{folder}/%")
        await migrator.close()
    assert f"{folder}/in.parquet" in said
    assert "00" * 32 in said
    assert "after.parquet" not in said
    assert (
        f"liandan tracks {by_the_lake.plate} --from 2026-09-10T02:00:00+08:00"
        " --to 2026-09-10T19:05:00+08:00 --verify" in said
    )


async def test_positions_that_left_the_database_are_said_to_be_in_the_files(
    served: Served, new_officer, stack: LocalStack, judge: Judge, by_the_lake: Told
) -> None:
    await judge.execute(
        "UPDATE track_piece SET written_at = now() - interval '50 days' WHERE plate = $1",
        by_the_lake.plate,
    )
    pool = await open_pool(stack.settings.database_writer, most=1)
    await forget_positions(pool, 45)
    await pool.close()
    browser = await served.officer(await new_officer(HEBEI))
    answer = await browser.get(by_the_lake.path)
    assert answer.status_code == 200
    said = words_on(answer.text)
    assert "这次行程的位置已超过数据库保存的天数" in said
    assert f"liandan tracks {by_the_lake.plate} --from" in said
    assert "<svg viewBox" not in answer.text
    assert "此行程的告警" in said, "they stand"


async def test_a_vehicle_without_positions_has_a_page_that_says_so(
    served: Served, new_officer, judge: Judge, stack: LocalStack
) -> None:
    told: Any = await tell(stack.settings, judge, "only_filed_so_far")
    browser = await served.officer(await new_officer(""))
    number = await judge.fetchval(
        "SELECT manifest FROM vehicle_leg WHERE plate = $1 ORDER BY manifest LIMIT 1", told.plate
    )
    await judge.execute("DELETE FROM journey WHERE plate = $1", told.plate)
    await judge.execute("DELETE FROM track_piece WHERE plate = $1", told.plate)
    answer = await browser.get(f"/journeys/{quote(told.plate)}/{number}")
    assert answer.status_code == 200
    assert "没有可用的位置" in words_on(answer.text)
    manifest = (await browser.get(f"/manifests/{number}")).text
    assert "/journeys/" not in manifest, "nothing to see there"
    gone = [retracted(line) for line in told.story.registry_lines]
    await write_change_set(stack.settings.database_registry, gone, "test")
