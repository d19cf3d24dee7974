"""Other parameters go live by a version with an effective date, two approvers and its impact kept."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.service import ARCHIVER, worker
from schemas.instant import china_day
from services.registry import RegistryRefused, write_change_set
from services.simulator import build_world
from tests.chaos.feeding import feed
from tests.chaos.resting import until_read
from tests.chaos.test_backup import liandan
from tests.conftest import FreshHome, MakeStack
from tests.fresh_topic import writer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

CITY = "time.transit_overdue.city"
PEOPLE = {"lawyer1": "registry", "lawyer2": "registry", "head1": "admin", "officer1": "officer"}


async def test_a_version_is_proposed_with_its_impact_and_live_with_the_second_approval(
    make_stack: MakeStack, fresh_home: FreshHome, tmp_path: Path
) -> None:
    world = build_world("demo", 61, 300, medical=False, trucks=False)
    tomorrow = china_day(datetime.now(UTC)) + timedelta(days=1)
    (tmp_path / "password").write_text("a word of example\n")
    secret = ("--password-file", str(tmp_path / "password"))
    with fresh_home() as home:
        stack = await make_stack((ARCHIVER, worker(1)), home=home, manifest_partitions=2)
        registry = stack.settings.database_registry
        await write_change_set(registry, world.registry, "test")
        await feed(stack.settings, world.events)
        await until_read(stack)
        for login, role in PEOPLE.items():
            code, said = await liandan(
                *(home, "user", "add", login, "--name", "示例人员", "--nationwide"),
                *("--role", role, *secret),
            )
            assert code == 0, said

        async def asked(*arguments: str) -> tuple[int, str]:
            return await liandan(home, "rules", *arguments, *secret)

        def proposal(by: str, day: str) -> tuple[str, ...]:
            return ("propose", "--login", by, "--effective", day, "--set", f"{CITY}=1")

        # Who may not, and what may not.
        code, said = await asked(*proposal("officer1", str(tomorrow)))
        assert (code, "registry 或 admin" in said) == (1, True), said
        code, said = await asked(*proposal("lawyer1", str(tomorrow - timedelta(days=1))))
        assert (code, "须晚于今日" in said) == (2, True), said
        (tmp_path / "wrong").write_text("another word\n")
        code, said = await liandan(
            *(home, "rules", *proposal("lawyer1", str(tomorrow))),
            *("--password-file", str(tmp_path / "wrong")),
        )
        assert (code, "密码不正确" in said) == (1, True), said

        # The impact is shown, and kept.
        code, said = await asked(*proposal("lawyer1", str(tomorrow)))
        assert code == 0, said
        code, said = await liandan(home, "rules", "versions", "--json")
        (version,) = json.loads(said)
        impact, digest = version["impact"], version["proposal"]
        assert (version["approved_by"], version["live_since"]) == ([], None)
        assert impact["new"] > 20
        assert impact["lost"] == 0
        assert {each["rule"] for each in impact["samples"]["new"]} == {"time.transit_overdue"}
        assert sum(by.get("new", 0) for by in impact["by_province"].values()) == impact["new"]
        body = json.dumps(version["record"], ensure_ascii=False, separators=(",", ":")).encode()

        # No way past the approvers.
        with pytest.raises(RegistryRefused):
            await write_change_set(registry, [body], "test")
        code, said = await asked("approve", digest[:12], "--login", "lawyer1")
        assert (code, "不能批准自己的提案" in said) == (1, True), said
        code, said = await asked("approve", digest[:12], "--login", "lawyer2")
        assert (code, "还需 1 人" in said) == (0, True), said
        code, _ = await liandan(home, "user", "disable", "lawyer2")
        assert code == 0
        code, said = await asked("approve", digest[:12], "--login", "head1")
        assert (code, "还需 1 人" in said) == (0, True), (
            "one whose account was closed counts no more"
        )
        await liandan(home, "user", "enable", "lawyer2")
        code, said = await asked("approve", digest[:12], "--login", "head1")
        assert (code, "已写入登记库" in said) == (0, True), said

        async with writer(stack.settings) as postgres:
            bodies = await postgres.fetch(
                "SELECT body FROM registry_record WHERE kind = 'rulebook_version'"
            )
        assert [row["body"] for row in bodies] == [body]
        code, said = await asked("approve", digest[:12], "--login", "lawyer2")
        assert (code, "已写入登记库" in said) == (0, True), "again: nothing more"

        # What was done before that day stays as it was judged.
        await until_read(stack)
        code, said = await liandan(home, "rebuild", "--check", "--json")
        assert (code, json.loads(said)["same"]) == (0, True)
        code, said = await liandan(home, "rules", "versions", digest[:12])
        assert (code, "已写入" in said, f"{CITY} = 1" in said) == (0, True, True), said
        await stack.stop()
