"""What the full book costs against the first rules: ``python -m bench.book [--events N]``.

The work of a stream worker without its transport and database, on one core: decoding, folding,
judging, deciding, and packing the rows; batches as the worker takes them, both books by turns on the
same batches, CPU of this process alone.
"""

import argparse
import gc
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

import msgspec

from bench.first_rules import FIRST_RULES
from bench.machine import keep, machine_facts
from bench.worlds import Said, world
from schemas.decode import decode_registry_record
from schemas.fast import NotUnderstood
from streams.batch import SubjectCache
from streams.judging.decision import decide_manifest
from streams.judging.packing import pack_events, pack_outcomes
from streams.judging.registry import RecordVersion, RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.statement import Statement, read_statement

_BATCH = 4_000
_COPIES = 20
_RECEIVED_US = 1_790_000_000_000_000
_CLOCK = datetime(2026, 11, 1, tzinfo=UTC)


class Judged:
    """One book at work: its view of the registry, its cache, and the CPU that it took."""

    def __init__(self, book: RuleBook, registry: Sequence[bytes]) -> None:
        self._book = book
        self._view = RegistryView()
        self._view.apply(RecordVersion(1, decode_registry_record(line)) for line in registry)
        self._cache = SubjectCache(200_000)
        self.seconds = 0.0
        self.decisions = 0

    def take(self, batch: Sequence[Said]) -> None:
        """Judge one batch and count its CPU."""
        began = time.process_time()
        arrivals: dict[str, list[Statement]] = defaultdict(list)
        for subject, raw in batch:
            try:
                arrivals[subject].append(read_statement(raw, _RECEIVED_US))
            except NotUnderstood:
                continue
        for subject, said in arrivals.items():
            held = self._cache.get(subject)
            decided = decide_manifest(subject, held, said, self._view, _CLOCK, self._book)
            pack_events(decided.held.statements.values())
            pack_outcomes(decided.outcomes)
            msgspec.msgpack.encode(decided.held.memo)
            self._cache.put(subject, decided.held)
        self.seconds += time.process_time() - began
        self.decisions += len(arrivals)


def main() -> None:
    """Run it and keep the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    asked = parser.parse_args()
    facts = machine_facts()
    registry, said = world(asked.events, _COPIES)
    books = {"first": Judged(FIRST_RULES, registry), "full": Judged(RULE_BOOK, registry)}
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    events, turn = 0, 0
    while batch := list(islice(said, _BATCH)):
        order = list(books.values())
        for book in order if turn % 2 == 0 else reversed(order):
            book.take(batch)
        events, turn = events + len(batch), turn + 1
    figures = {
        f"{name}_us_per_event": round(book.seconds / events * 1e6, 1)
        for name, book in books.items()
    }
    ratio = round(books["full"].seconds / books["first"].seconds, 2)
    result = {
        "bench": "book",
        "machine": facts,
        "load": {
            "events": events,
            "decisions": books["full"].decisions,
            "first_rules": len(FIRST_RULES.manifest),
            "full_rules": len(RULE_BOOK.manifest),
        },
        "figures": figures | {"full_to_first": ratio},
    }
    for part in ("load", "figures"):
        print(part, *(f"  {name}: {value}" for name, value in result[part].items()), sep="\n")
    keep("book", result)


if __name__ == "__main__":
    main()
