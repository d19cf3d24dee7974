"""Judging files with the full book: ``python -m bench.files [--manifests N] [--rounds N]``.

``judge_lines`` as ``liandan judge`` calls it: in a process of its own, from files, events in no order, CPU of
that process alone, its start not counted; by turns with what it cannot go below (the same lines decoded, and
judged by a book without rules) and with every rule's word kept, as it was before. The best of some rounds of
each, for others may use the machine. What a judged manifest leaves in memory is told by the allocator, from a
quarter of the manifests to all of them.
"""

import argparse
import gc
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bench.machine import keep, machine_facts
from infra.runtime.memory import seldom_collected
from schemas.decode import decode_manifest_event
from schemas.fast import NotUnderstood
from services.simulator import build_world
from streams.judging.on_files import FileVerdict, judge_lines
from streams.judging.rules import RULE_BOOK

GOAL, MOST_BYTES = 30_000, 300
_SEED = 7
_REGISTRY, _EVENTS = "registry.ndjson", "events.ndjson"
_NO_RULES = RULE_BOOK._replace(manifest=(), limit=())


def _lines(manifests: int) -> tuple[list[bytes], list[bytes]]:
    world = build_world("demo", _SEED, manifests, medical=False, trucks=False)
    events = list(world.events)
    random.Random(_SEED).shuffle(events)  # noqa: S311 - an order, no secret
    return list(world.registry), events


def _decode(_registry: object, events: Iterable[bytes]) -> None:
    for raw in events:
        with suppress(NotUnderstood):
            decode_manifest_event(raw)


_WORKS: dict[str, Callable[[Iterable[bytes], Iterable[bytes]], object]] = {
    "decoding_alone": _decode,
    "no_rules": partial(judge_lines, book=_NO_RULES, keep_outcomes=False),
    "full_book": partial(judge_lines, keep_outcomes=False),
    "full_book_with_words": partial(judge_lines, keep_outcomes=True),
}


def _measure(work: str, folder: Path) -> None:
    """Do one piece of work in this process and print the seconds that it took."""
    with (
        (folder / _REGISTRY).open("rb") as registry,
        (folder / _EVENTS).open("rb") as events,
        seldom_collected(),
    ):
        began = time.process_time()
        _WORKS[work](registry, events)
        print(time.process_time() - began)


def _seconds(work: str, folder: Path) -> float:
    """Return the seconds that a piece of work takes in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.files", "--measure", work, str(folder)],
        capture_output=True,
        check=True,
        text=True,
    )
    return float(told.stdout)


def _kept(manifests: int) -> tuple[int, FileVerdict]:
    """Return bytes that are still held once all is judged, without the lines themselves."""
    registry, events = _lines(manifests)
    gc.collect()
    tracemalloc.start()
    verdict = judge_lines(registry, events, keep_outcomes=False)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held, verdict


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--manifests", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        _measure(asked.measure[0], Path(asked.measure[1]))
        return
    facts = machine_facts()
    registry, events = _lines(asked.manifests)
    best = dict.fromkeys(_WORKS, float("inf"))
    with tempfile.TemporaryDirectory(prefix="liandan-bench-") as made:
        folder = Path(made)
        for name, lines in ((_REGISTRY, registry), (_EVENTS, events)):
            (folder / name).write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
        for _ in range(asked.rounds):
            for work in _WORKS:
                best[work] = min(best[work], _seconds(work, folder))
    few, many = asked.manifests // 4, asked.manifests
    (less, _), (more, verdict) = _kept(few), _kept(many)
    result: dict[str, Any] = {
        "bench": "files",
        "machine": facts,
        "load": {
            "manifests": many,
            "events": len(events),
            "records": len(registry),
            "alerts": len(verdict.alerts),
            "rules": len(RULE_BOOK.manifest) + len(RULE_BOOK.limit),
            "rounds": asked.rounds,
        },
        "figures": {
            **{f"{name}_events_per_s": round(len(events) / s) for name, s in best.items()},
            "full_book_to_decoding": round(best["full_book"] / best["decoding_alone"], 2),
            "full_book_to_no_rules": round(best["full_book"] / best["no_rules"], 2),
            "with_words_to_full_book": round(best["full_book_with_words"] / best["full_book"], 2),
            "bytes_kept_a_manifest": round((more - less) / (many - few)),
        },
        "goal": {"full_book_events_per_s": GOAL, "bytes_kept_a_manifest": MOST_BYTES},
    }
    for part in ("load", "figures", "goal"):
        print(part, *(f"  {name}: {value}" for name, value in result[part].items()), sep="\n")
    keep("files", result)


if __name__ == "__main__":
    main()
