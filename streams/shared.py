"""Shared subjects: judged by any worker, one transaction each, READ COMMITTED.

A draw that this transaction does not see has its own dirty row still standing, so the subject comes
round again.
"""

from streams.judging.decision import LimitDecision, decide_limit
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.state import StatePort

__all__ = ["judge_dirty", "judge_shared"]

MOST = 200
"""Subjects in one round."""


async def judge_shared(
    state: StatePort, subject: str, view: RegistryView, book: RuleBook = RULE_BOOK
) -> LimitDecision | None:
    """Judge one dirty subject; None when it is clean or in another worker's hands."""
    async with state.shared() as tx:
        seq, changes = await tx.registry_since(view.seq)
        view.apply(changes)
        view.seq = max(view.seq, seq)
        if not await tx.claim(subject):
            return None
        memo, draws, clock = await tx.load(subject)
        decision = decide_limit(subject, memo, draws, view, clock, book)
        await tx.write(decision, seq, clock)
    return decision


async def judge_dirty(
    state: StatePort, view: RegistryView, book: RuleBook = RULE_BOOK
) -> list[LimitDecision]:
    """Judge what is dirty now, oldest first; return the decisions made."""
    decisions = []
    for subject in await state.dirty_subjects(MOST):
        decision = await judge_shared(state, subject, view, book)
        if decision is not None:
            decisions.append(decision)
    return decisions
