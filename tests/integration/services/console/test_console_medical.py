"""The county board of medical waste, and the page of an alert about a day of bags."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.stack import LocalStack
from infra.runtime.offsets import OffsetTable
from infra.runtime.postgres import open_pool
from services.registry import write_change_set
from streams.judging.medical.said import read_medical
from streams.judging.registry import RegistryView
from streams.medical_batch import keep_medical
from streams.medical_days import fire_medical, judge_dirty_days
from streams.postgres_state import PostgresState
from tests.integration.services.console.console_served import Served, words_on
from tests.manifests import credit_code, record_line


def _event(unit: str, verb: str, subject: str, at: datetime, data: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"{verb}-{subject}",
            "source": f"urn:uscc:{unit}",
            "type": f"liandan.medical.{verb}.v1",
            "subject": subject,
            "time": at.isoformat(),
            "data": data,
        }
    ).encode()


async def _judged(stack: LocalStack, region: str, *events: bytes) -> None:
    """Keep and judge events as the worker does, with a clock of now."""
    pool = await open_pool(stack.settings.database_writer, most=2)
    try:
        offsets = OffsetTable("judge", f"medical-of-{region}", "one")
        state = PostgresState(pool, offsets, timedelta(0), small=True)
        await state.take([0])
        async with state.batch(0) as tx:
            await tx.advance(0, 1, b"0" * 32, datetime.now(UTC))
            said = [read_medical(raw, n) for n, raw in enumerate(events)]
            await keep_medical(tx.connection, said)
        view = RegistryView()
        while await fire_medical(state) or (await judge_dirty_days(state, view)).taken:
            pass
    finally:
        await pool.close()


async def test_a_silent_week_is_listed_with_what_was_expected(
    served: Served, new_officer, region, stack: LocalStack
) -> None:
    hospital = credit_code(9_500_000 + int(region))
    record = record_line(
        "institution", f"w-{region}", uscc=hospital, name="示例沉默医院", beds=100, region=region
    )
    await write_change_set(stack.settings.database_registry, [record], "test")
    at = datetime.now(UTC) - timedelta(days=21)
    sealed = {"waste": "sharps", "weight_g": 900_000}
    await _judged(stack, region, _event(hospital, "sealed", "W1", at, sealed))
    browser = await served.officer(await new_officer(region))
    listed = (await browser.get("/?family=medical&finding=review")).text
    assert "一周医疗废物远少于床位应产生量" in listed
    alert = listed.split('href="/alerts/')[1].split('"')[0]
    said = words_on((await browser.get(f"/alerts/{alert}")).text)
    assert "示例沉默医院" in said
    assert "当周上报的医疗废物" in said  # its conditions, from the verdict of the week
    assert "≥ 70 kg" in said


async def test_a_county_sees_its_own_figures_and_why_an_alert_stands(
    served: Served, new_officer, region, stack: LocalStack
) -> None:
    hospital, silent, plant = (credit_code(9_000_000 + int(region) * 3 + n) for n in range(3))
    valid = {"region": region}
    await write_change_set(
        stack.settings.database_registry,
        [
            record_line("institution", f"h-{region}", uscc=hospital, name="示例县医院", beds=80, **valid),
            record_line("institution", f"s-{region}", uscc=silent, name="示例诊所", **valid),
            record_line(
                "medical_plant", f"p-{region}", uscc=plant, name="示例医废处置厂",
                processes=["incineration"], capacity_t_per_day=1, **valid,
            ),
        ],
        "test",
    )  # fmt: skip
    now = datetime.now(UTC)
    sealed = {"waste": "sharps", "weight_g": 3000}
    batch = {
        "process": "incineration",
        "loads": [{"institution": hospital, "packages": ["B0"]}],
        "weight_g": 5_600_000,
    }
    await _judged(
        stack,
        region,
        _event(hospital, "sealed", "B1", now - timedelta(hours=60), sealed),
        _event(hospital, "sealed", "B2", now - timedelta(hours=45), sealed),
        _event(hospital, "sealed", "B3", now - timedelta(minutes=1), sealed),
        _event(plant, "treated", "T1", now - timedelta(days=2), batch),
    )
    browser = await served.officer(await new_officer(region))
    told = (await browser.get("/api/medical")).json()
    (county,) = told["counties"]
    assert (county["institutions"], county["seen"], county["coverage_percent"]) == (2, 1, 50)
    assert (county["waiting"], county["overdue"]) == (3, 1)
    assert county["due_in_6_h"] == 1
    assert county["t_by_class"] == {"sharps": "0.009"}
    (load,) = told["plants"]
    assert (load["t_per_day"], load["spare_t_per_day"]) == ("0.8", "0.2")
    assert load["full_after_days"] == pytest.approx(3 * 1 / (0.8 * 3 - 1), abs=0.1)
    page = words_on((await browser.get("/medical?factor=1")).text)
    assert "可承受" in page
    assert "示例医废处置厂" in page

    listed = (await browser.get("/?family=medical")).text
    assert "医疗废物暂存超时" in listed
    alert = listed.split('href="/alerts/')[1].split('"')[0]
    said = words_on((await browser.get(f"/alerts/{alert}")).text)
    assert "超过登记的处置能力 1000 kg" in said
    assert "当日处置量" in said  # its conditions, from the verdict of the day

    elsewhere = await served.officer(await new_officer("119999"))
    assert (await elsewhere.get("/api/medical")).json()["counties"] == []
    assert "示例医废处置厂" not in (await elsewhere.get("/medical")).text
    assert (await browser.get("/medical?factor=0")).status_code == 400
