"""A manifest read back from its row, by those who show it: statements and facts, without a registry."""

from collections.abc import Sequence
from datetime import datetime

from schemas.fast import NotUnderstood
from streams.judging.facts import Facts
from streams.judging.fold import fold
from streams.judging.packing import read_events
from streams.judging.statement import Statement, read_statement, union

__all__ = ["stored_facts", "stored_statements"]


def stored_statements(packed: bytes) -> list[Statement]:
    """Decode ``manifest.events``; what an earlier version took and this one does not is left out."""
    found: list[Statement] = []
    for received_us, raw, offset in read_events(packed):
        try:
            found.append(read_statement(raw, received_us, offset=offset))
        except NotUnderstood:
            continue
    return found


def stored_facts(subject: str, consignor: str | None, statements: Sequence[Statement]) -> Facts:
    """Fold again; a filing by a collector counts where without it nothing fits the row.

    ``consignor``: as the row has it, for its owner has asked the registry who may file.
    """
    held = union(statements)
    facts = fold(subject, held, _Collectors(False))
    if facts.filed is not None and facts.form.consignor.uscc == consignor:
        return facts
    return fold(subject, held, _Collectors(True))


class _Collectors:
    """Stands in for the registry."""

    def __init__(self, anyone: bool) -> None:
        self._anyone = anyone

    def is_collector(self, uscc: str, at: datetime) -> bool:
        return self._anyone
