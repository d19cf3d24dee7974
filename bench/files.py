"""Judging files with the full book: ``python -m bench.files [--manifests N] [--rounds N]``.

``judge_lines`` as ``liandan judge`` calls it, events in no order, CPU of this process alone; by turns with
what it cannot go below (the same lines decoded, and judged by a book without rules) and with every rule's
word kept, as it was before. The best of some rounds of each, for others may use the machine. What a judged
manifest leaves in memory is told by the allocator, from a quarter of the manifests to all of them.
"""

import argparse
import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
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
_NO_RULES = RULE_BOOK._replace(manifest=(), limit=())


def _lines(manifests: int) -> tuple[list[bytes], list[bytes]]:
    world = build_world("demo", _SEED, manifests, medical=False, trucks=False)
    events = list(world.events)
    random.Random(_SEED).shuffle(events)  # noqa: S311 - an order, no secret
    return list(world.registry), events


def _decode(events: Sequence[bytes]) -> None:
    for raw in events:
        with suppress(NotUnderstood):
            decode_manifest_event(raw)


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    with seldom_collected():
        began = time.process_time()
        work()
        return time.process_time() - began


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
    asked = parser.parse_args()
    facts = machine_facts()
    registry, events = _lines(asked.manifests)
    works: dict[str, Callable[[], object]] = {
        "decoding_alone": lambda: _decode(events),
        "no_rules": lambda: judge_lines(registry, events, book=_NO_RULES, keep_outcomes=False),
        "full_book": lambda: judge_lines(registry, events, keep_outcomes=False),
        "full_book_with_words": lambda: judge_lines(registry, events, keep_outcomes=True),
    }
    best = dict.fromkeys(works, float("inf"))
    for _ in range(asked.rounds):
        for name, work in works.items():
            best[name] = min(best[name], _seconds(work))
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
