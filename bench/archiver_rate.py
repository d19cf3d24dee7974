"""How fast the archiver empties a log: ``python -m bench.archiver_rate [records]``.

A private stack (real Kafka and Postgres on this machine, services of the stack: none), four
partitions filled beforehand with events of about 768 bytes, then one archiver process. Prints one
JSON object; the rate excludes the process's start (first to last commit).
"""

import asyncio
import json
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path

import asyncpg
import psutil

from infra.local.residence import remove_home
from infra.local.stack import LocalStack
from infra.runtime.kafka import new_producer
from infra.runtime.settings import MANIFEST_TOPIC, Settings, home_from_environment
from schemas.receipt import event_digest

PARTITIONS = 4


def event(n: int) -> bytes:
    """Return a filed event of 768 bytes."""
    said = {
        "specversion": "1.0",
        "id": str(uuid.UUID(int=n + (7 << 76))),
        "source": "urn:uscc:91110000100000000A",
        "type": "liandan.manifest.filed.v1",
        "subject": f"2026{n:010d}",
        "time": "2026-11-20T08:30:00+08:00",
        "data": {
            "consignor": {"uscc": "91110000100000000A", "site_region": "310115"},
            "receiver": {"uscc": "91110000100000000A", "site_region": "320500"},
            "remark": "",
        },
    }
    raw = json.dumps(said).encode()
    said["data"]["remark"] = "x" * (768 - len(raw))
    return json.dumps(said).encode()


async def fill(settings: Settings, records: int) -> None:
    """Append the records, spread over all partitions, with the gateway's headers."""
    async with new_producer(settings) as producer:
        now = str(time.time_ns() // 1000).encode()
        headers = [("received_at", now), ("digest", b""), ("key_id", b"key-1")]
        for begin in range(0, records, 2000):
            sent = []
            for n in range(begin, min(begin + 2000, records)):
                raw = event(n)
                from_gate = [headers[0], ("digest", _hex(raw)), headers[2]]
                sent.append(
                    await producer.send(
                        MANIFEST_TOPIC, raw, partition=n % PARTITIONS, headers=from_gate
                    )
                )
            await asyncio.gather(*sent)


def _hex(raw: bytes) -> bytes:
    return event_digest(raw).encode()


async def measure(records: int, home: Path) -> dict[str, object]:
    """Archive what a filled log holds and return the figures."""
    settings = Settings(home=home, manifest_partitions=PARTITIONS)
    async with LocalStack(settings, cache=home_from_environment() / "cache") as stack:
        await fill(stack.settings, records)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.archiver",
            env={**os.environ, "LIANDAN_HOME": str(home), "LIANDAN_METRICS_PORT": "0"},
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        archiver = psutil.Process(process.pid)
        connection = await asyncpg.connect(stack.settings.database_reader)
        peak, first = 0, None
        sum_of = "SELECT coalesce(sum(next_offset), 0) FROM consumer_offset"
        while (done := int(await connection.fetchval(sum_of))) < records:
            peak = max(peak, archiver.memory_info().rss)
            if done and first is None:
                first = (time.perf_counter(), done)
            await asyncio.sleep(0.01)
        seconds = time.perf_counter() - first[0] if first else 0.0
        cpu = archiver.cpu_times()
        rows = await connection.fetchval("SELECT count(*) FROM event_log")
        await connection.close()
        process.terminate()
        await process.wait()
    return {
        "records": rows,
        "bytes_each": len(event(1)),
        "events_per_s": round((records - (first[1] if first else 0)) / seconds),
        "archiver_cpu_us_per_event": round((cpu.user + cpu.system) / records * 1e6, 1),
        "archiver_peak_rss_mb": round(peak / 2**20),
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "exit_code": process.returncode,
    }


if __name__ == "__main__":
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)
    try:
        count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
        print(json.dumps(asyncio.run(measure(count, home))))
    finally:
        remove_home(home)
