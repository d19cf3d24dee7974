"""The whole local stack: one command's worth of it, and what happens when things are killed."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.kafka.topics import ensure_topics
from infra.local.errors import ChildNotStarted, HomeInUse, NoSpace, PortTaken
from infra.local.java import bundled_java, system_java
from infra.local.ports import free_port
from infra.local.service import Service
from infra.local.stack import LocalStack
from infra.runtime.settings import MANIFEST_TOPIC, Settings

ROOT = Path(__file__).parents[3]
FAKE = Service(
    "fake",
    "fake_service",
    {"LIANDAN_WORKER_ID": "fake-7", "PYTHONPATH": str(Path(__file__).parent)},
)


async def send(stack: LocalStack, value: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.settings.kafka_bootstrap, max_request_size=2_000_000
    )
    await producer.start()
    try:
        await producer.send_and_wait(MANIFEST_TOPIC, value, partition=0)
    finally:
        await producer.stop()


async def first_message(stack: LocalStack):
    consumer = AIOKafkaConsumer(
        MANIFEST_TOPIC,
        bootstrap_servers=stack.settings.kafka_bootstrap,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        return await asyncio.wait_for(consumer.getone(), 20)
    finally:
        await consumer.stop()


async def execute(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def state(home: Path) -> dict:
    return json.loads((home / "run" / "stack.json").read_text())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# -- what is there ------------------------------------------------------------------------------


async def test_kafka_keeps_a_message_of_one_mebibyte_stamped_by_the_broker(make_stack):
    stack = await make_stack()
    before = time.time() * 1000
    await send(stack, os.urandom(1024 * 1024))
    message = await first_message(stack)
    assert len(message.value) == 1024 * 1024
    assert message.timestamp_type == 1  # LogAppendTime
    assert before - 1000 < message.timestamp < time.time() * 1000 + 1000


async def test_topics_have_what_the_settings_say_and_are_created_once(stack):
    assert await ensure_topics(stack.settings) == []
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.settings.kafka_bootstrap)
    await admin.start()
    try:
        (topic,) = await admin.describe_topics([MANIFEST_TOPIC])
        resource = ConfigResource(ConfigResourceType.TOPIC, MANIFEST_TOPIC)
        (answer,) = await admin.describe_configs([resource])
    finally:
        await admin.close()
    assert len(topic["partitions"]) == stack.settings.manifest_partitions
    configs = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert int(configs["retention.ms"]) == stack.settings.kafka_retention_days * 86_400_000
    assert int(configs["max.message.bytes"]) > 1024 * 1024


async def test_the_state_file_tells_where_everything_is(stack):
    found = state(stack.home)
    assert found["pid"] == os.getpid()
    assert found["settings"]["kafka_bootstrap"] == stack.settings.kafka_bootstrap
    for role in ("writer", "reader", "registry", "migrator"):
        assert await execute(found["settings"][f"database_{role}"], "SELECT 1") == 1
    assert set(found["processes"]) == {"kafka", "postgres"}
    for name, process in found["processes"].items():
        assert process["pid"] == stack.pid(name)
        assert process["log"] == str(stack.log(name))


def test_kafka_listens_on_this_machine_only(stack):
    port = int(stack.settings.kafka_bootstrap.rpartition(":")[2])
    listening = Path("/proc/net/tcp6").read_text() + Path("/proc/net/tcp").read_text()
    local = [line.split()[1] for line in listening.splitlines() if f":{port:04X} " in line]
    assert local
    assert all("0100007F" in address for address in local)


@pytest.mark.parametrize("find", [bundled_java, system_java])
async def test_kafka_runs_on_the_bundled_and_on_the_systems_java(make_stack, find):
    java = find()
    if java is None:
        pytest.skip("no system Java 17 or newer")
    stack = await make_stack(options={"java": java})
    await send(stack, b"{}")
    assert (await first_message(stack)).value == b"{}"


# -- services -----------------------------------------------------------------------------------


async def test_a_service_gets_addresses_and_its_restart_is_published(make_stack):
    stack = await make_stack([FAKE], deadline_settle_s=1.5)
    async with httpx2.AsyncClient(trust_env=False) as client:
        told = (await client.get(f"http://127.0.0.1:{stack.metrics_port('fake')}/metrics")).json()
    assert told["LIANDAN_HOME"] == str(stack.home)
    assert told["LIANDAN_KAFKA_BOOTSTRAP"] == stack.settings.kafka_bootstrap
    assert told["LIANDAN_DATABASE_WRITER"] == stack.settings.database_writer
    assert told["LIANDAN_GATEWAY_PORT"] == str(stack.settings.gateway_port)
    assert told["LIANDAN_DEADLINE_SETTLE_S"] == "1.5"
    assert told["LIANDAN_WORKER_ID"] == "fake-7"
    assert "postgres@" not in json.dumps(told)  # services are never given the superuser

    old = stack.kill("fake")
    await stack.wait_ready("fake")
    process = state(stack.home)["processes"]["fake"]
    assert process["pid"] == stack.pid("fake") != old
    assert process["metrics_port"] == stack.metrics_port("fake")


async def test_a_service_that_does_not_start_is_named_with_the_end_of_its_log(make_stack, home):
    with pytest.raises(ChildNotStarted, match=r"No module named services\.nothing") as caught:
        await make_stack([Service("nothing", "services.nothing")], home=home)
    assert str(caught.value).startswith("nothing 无法启动")
    assert not (home / "run" / "stack.json").exists()
    await make_stack(home=home)  # and the home is free again


# -- what people do wrong -----------------------------------------------------------------------


async def test_a_taken_port_is_named_with_the_setting_that_changes_it(make_stack):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"端口 {port} .*LIANDAN_KAFKA_PORT"):
            await make_stack(kafka_port=port)
        gateway = Service("gateway", "services.gateway", health="gateway")
        with pytest.raises(PortTaken, match=f"Port {port} .*LIANDAN_GATEWAY_PORT"):
            await make_stack([gateway], gateway_port=port)


async def test_a_set_port_is_used(make_stack):
    port = free_port()
    assert (await make_stack(kafka_port=port)).settings.kafka_bootstrap == f"127.0.0.1:{port}"


async def test_a_second_stack_on_the_same_home_is_refused(stack):
    second = LocalStack(Settings(home=stack.home))
    with pytest.raises(HomeInUse, match=f"pid {os.getpid()}"):
        await second.start()
    await second.stop()  # as a finally clause would
    assert state(stack.home)["pid"] == os.getpid()
    assert await execute(stack.settings.database_reader, "SELECT 1") == 1


async def test_a_full_disk_is_one_sentence(make_stack, monkeypatch):
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 5 * 10**6, 5 * 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NoSpace, match="5 MB left"):
        await make_stack()


# -- what is killed -----------------------------------------------------------------------------


@pytest.mark.chaos
async def test_data_survives_kill_9_of_kafka_and_postgres(make_stack):
    stack = await make_stack()
    await execute(stack.settings.database_migrator, "CREATE TABLE kept AS SELECT 7 AS n")
    await send(stack, b"kept")
    pids = stack.pids()
    stack.kill("postgres")
    stack.kill("kafka")
    await stack.wait_ready("postgres")
    await stack.wait_ready("kafka")
    assert not set(pids.values()) & set(stack.pids().values())
    assert await execute(stack.settings.database_migrator, "SELECT n FROM kept") == 7
    assert (await first_message(stack)).value == b"kept"


@pytest.mark.chaos
async def test_one_store_can_be_stopped_and_brought_back(make_stack):
    stack = await make_stack()
    await stack.stop_child("postgres")
    with pytest.raises(OSError):
        await asyncpg.connect(stack.settings.database_reader)
    assert "postgres" not in state(stack.home)["processes"]
    await stack.start_child("postgres")
    assert await execute(stack.settings.database_reader, "SELECT 1") == 1
    await stack.restart_child("kafka")
    await send(stack, b"{}")


@pytest.mark.chaos
async def test_postgres_starts_though_its_old_pid_is_anothers_now(make_stack, home, jar_cache):
    stack = await make_stack(home=home)
    stack.suspend_restart("postgres")
    stack.kill("postgres")
    data = home / "postgres" / "data"
    lock = (data / "postmaster.pid").read_text().splitlines()
    await stack.stop()
    # As after a reboot: the pid in the lock belongs to some program of the same user.
    where = (data / "postmaster.pid").stat()
    with subprocess.Popen(  # noqa: ASYNC220
        ["sleep", "600"], user=where.st_uid if os.geteuid() == 0 else None
    ) as other:
        try:
            (data / "postmaster.pid").write_text("\n".join([str(other.pid), *lock[1:]]) + "\n")
            os.chown(data / "postmaster.pid", where.st_uid, where.st_gid)
            again = await make_stack(home=home)
            assert await execute(again.settings.database_reader, "SELECT 1") == 1
        finally:
            other.kill()


HOLDER = """
import asyncio, signal, sys
from pathlib import Path
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings
from tests.integration.infra.test_stack import FAKE, execute, send

async def main(home, cache):
    async with LocalStack(Settings(home=Path(home)), [FAKE], cache=Path(cache)) as stack:
        await execute(stack.settings.database_migrator, "CREATE TABLE kept AS SELECT 7 AS n")
        await send(stack, b"kept")
        print("UP", flush=True)
        await asyncio.sleep(600)

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background
asyncio.run(main(*sys.argv[1:]))
"""


def hold(home: Path, cache: Path) -> "subprocess.Popen[str]":
    """Run a stack in another process, return once it is up."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home), str(cache)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert holder.stdout is not None
    next(line for line in holder.stdout if line.startswith("UP"))
    return holder


@pytest.mark.chaos
async def test_kill_9_of_the_supervisor_leaves_nothing_and_loses_nothing(
    home, jar_cache, make_stack
):
    holder = await asyncio.to_thread(hold, home, jar_cache)
    pids = [process["pid"] for process in state(home)["processes"].values()]
    assert len(pids) == 3
    holder.kill()
    holder.wait()
    begun = time.monotonic()
    while any(map(alive, pids)):
        assert time.monotonic() - begun < 8, "a child outlived its supervisor"
        await asyncio.sleep(0.02)
    stack = await make_stack(home=home)
    assert await execute(stack.settings.database_migrator, "SELECT n FROM kept") == 7
    assert (await first_message(stack)).value == b"kept"


@pytest.mark.chaos
async def test_ctrl_c_stops_everything_within_ten_seconds(home, jar_cache):
    holder = await asyncio.to_thread(hold, home, jar_cache)
    pids = [process["pid"] for process in state(home)["processes"].values()]
    begun = time.monotonic()
    holder.send_signal(signal.SIGINT)
    await asyncio.to_thread(holder.wait)
    assert time.monotonic() - begun < 10
    assert not any(map(alive, pids))
    assert not (home / "run" / "stack.json").exists()


@pytest.mark.chaos
async def test_cancelling_a_start_leaves_nothing(home, jar_cache):
    stack = LocalStack(Settings(home=home), cache=jar_cache)
    starting = asyncio.create_task(stack.start())
    while "postgres" not in stack.pids():
        await asyncio.sleep(0.01)
        assert not starting.done()
    pids = stack.pids()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not any(map(alive, pids.values()))
