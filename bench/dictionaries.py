"""Trains the next pair of dictionaries that rows are packed with: ``python -m bench.dictionaries``.

From demo worlds, each manifest at several moments of its life. Told: bytes a row before and after.
A new pair is worth its 64 kB when events or outcomes have come to look otherwise; the earlier pairs
stay for the rows that were packed with them.
"""

from collections import defaultdict
from datetime import UTC, datetime

from backports import zstd

from schemas.decode import decode_registry_record
from services.simulator import build_world
from streams.judging.decision import decide_manifest
from streams.judging.packing import DICTIONARIES, outcomes_json, pack_events
from streams.judging.registry import RecordVersion, RegistryView
from streams.judging.statement import Statement, read_statement

_SEEDS = (101, 102, 103)
_MANIFESTS = 1_000
_SIZE = 32 * 1024
_CLOCK = datetime(2026, 8, 1, tzinfo=UTC)


def contents(seed: int) -> tuple[list[bytes], list[bytes]]:
    """Return what rows of a world hold over time: events, outcomes, as they are before packing."""
    world = build_world("demo", seed, _MANIFESTS, medical=False, trucks=False)
    view = RegistryView()
    view.apply(RecordVersion(1, decode_registry_record(line)) for line in world.registry)
    said: dict[str, list[Statement]] = defaultdict(list)
    for line in world.events:
        statement = read_statement(line, 1_780_000_000_000_000)
        said[statement.event.subject].append(statement)
    events, outcomes = [], []
    for subject, statements in said.items():
        for upto in {max(1, len(statements) // 2), len(statements)}:
            decision = decide_manifest(subject, None, statements[:upto], view, _CLOCK)
            events.append(pack_events(decision.held.statements.values(), small=False))
            outcomes.append(outcomes_json(decision.outcomes))
    return events, outcomes


def main() -> None:
    """Train and keep one more of each kind."""
    worlds = [contents(seed) for seed in _SEEDS]
    for place, kind in enumerate(("events", "outcomes")):
        learnt = [content for world in worlds[:-1] for content in world[place]]
        tried = worlds[-1][place]
        dictionary = zstd.train_dict(learnt, _SIZE)
        number = 1 + len(list(DICTIONARIES.glob(f"{kind}-*.zdict")))
        (DICTIONARIES / f"{kind}-{number}.zdict").write_bytes(dictionary.dict_content)
        packed = [zstd.compress(content, 1, zstd_dict=dictionary) for content in tried]
        before, after = (sum(map(len, some)) / len(tried) for some in (tried, packed))
        print(f"{kind}-{number}: {before:.0f} B before, {after:.0f} B after, {len(learnt)} learnt")


if __name__ == "__main__":
    main()
