"""Hostile bodies and rude clients against one gateway process, at full length.

Run: ``python -m bench.hostile [bodies] [seed]`` (20,000 bodies by default). Prints answers by
status, the memory of the gateway, and how long good events took meanwhile. Exit code 1 if anything
was answered that must not be. Loopback only.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import GATEWAY
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment
from tests.fuzz.assault import Assault, assault_on

ROUNDS = 5


def told(assault: Assault, what: str, begun: float) -> None:
    """Print where things stand."""
    took = sorted(assault.good_s) or [0.0]
    print(
        f"{what}: {time.monotonic() - begun:.0f} s, RSS {assault.rss_mb():.0f} MB, good events"
        f" {len(assault.good_s)}, p50 {took[len(took) // 2] * 1000:.0f} ms,"
        f" longest {took[-1] * 1000:.0f} ms",
        flush=True,
    )


async def main(bodies: int, seed: int) -> int:
    """Run it; return the exit code."""
    home = Path(tempfile.mkdtemp(prefix="liandan-bench-"))
    home.chmod(0o755)  # noqa: ASYNC240 - Postgres may run as another user
    settings = Settings(home=home, gateway_port=free_port())
    begun = time.monotonic()
    try:
        cache = home_from_environment() / "cache"
        async with LocalStack(settings, [GATEWAY], cache=cache) as stack:
            assault = await assault_on(stack)
            told(assault, "fresh", begun)
            for turn in range(ROUNDS):
                async with assault.watched():
                    await assault.bodies(seed + turn, bodies // ROUNDS)
                told(assault, f"{(turn + 1) * (bodies // ROUNDS)} bodies", begun)
            async with assault.watched():
                for what, attack in (
                    ("slow bodies", assault.slow_bodies(200, 10.0)),
                    ("unfinished heads", assault.slow_heads(600, 5.0)),
                    ("half closed", assault.half_closed(600)),
                    ("pipelined", assault.pipelined(50)),
                    ("malformed", assault.malformed(seed, 380)),
                    ("crowd", assault.crowd(800)),
                ):
                    await attack
                    told(assault, what, begun)
            print(f"next good event after {await assault.post_good() * 1000:.0f} ms")
            print("answers:", dict(sorted(assault.statuses.items())))
            print("items of batches:", dict(sorted(assault.items.items())))
            print("rude:", dict(assault.rude))
            for one in assault.broken[:20]:
                print("BROKEN", one)
            return int(bool(assault.broken))
    finally:
        remove_home(home)


if __name__ == "__main__":
    sys.exit(
        asyncio.run(
            main(
                int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
                int(sys.argv[2]) if len(sys.argv) > 2 else 1,
            )
        )
    )
