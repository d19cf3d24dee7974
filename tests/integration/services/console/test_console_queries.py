"""A page asks the database the same number of questions, however much there is to show."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.services.console.console_served import Served
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import approval, approval_line, registry


class Questions:
    """A pool that notes the statements of every connection it lends."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.asked: list[str] = []

    @contextlib.asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Any]:  # noqa: ASYNC109
        async with self.pool.acquire(timeout=timeout) as connection:
            with connection.query_logger(self._note):
                yield connection

    def _note(self, record: Any) -> None:
        # A fresh connection asks once for the types that it does not know: the driver's business.
        if "typeinfo_tree" not in record.query and "'jit'" not in record.query:
            self.asked.append(record.query)


@pytest.fixture
def questions(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    counting = Questions(served.console.database.pool)
    monkeypatch.setattr(served.console.database, "pool", counting)
    return counting.asked


async def test_the_number_of_queries_does_not_grow_with_the_rows(
    served: Served, new_officer, region, judge: Judge, questions: list[str]
) -> None:
    browser = await served.officer(await new_officer(region))

    async def asked(path: str) -> Counter[str]:
        questions.clear()
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        return Counter(questions)

    few = await judge.manifest(crossing(region, "370100", new_number()))
    alert = f"/alerts/{few.alerts[0].alert.id}"
    before = {path: await asked(path) for path in ("/", f"/manifests/{few.subject}", alert)}

    view = registry(approval("appr-q", origin=region, lines=[approval_line(quantity_t=1)]))
    many = await judge.manifests(
        [crossing(region, "370100", new_number()) for _ in range(120)], view
    )
    full = next(d for d in many if d.draws and d.alerts)
    assert await asked("/") == before["/"]
    assert await asked(f"/manifests/{full.subject}") == before[f"/manifests/{few.subject}"]
    assert await asked(f"/alerts/{full.alerts[0].alert.id}") == before[alert]
    most = {"/": 7, f"/manifests/{few.subject}": 8, alert: 7}
    for path, counted in before.items():
        assert 3 < counted.total() <= most[path], (path, counted)


async def test_the_live_line_asks_once_a_round_however_many_watch(
    served: Served, new_officer, region, judge: Judge, questions: list[str]
) -> None:
    browsers = [await served.officer(await new_officer(region)) for _ in range(12)]
    async with contextlib.AsyncExitStack() as exits:
        opened = [await exits.enter_async_context(b.live("/live?after=0")) for b in browsers]
        for each in opened:
            await each.next()
        questions.clear()
        await judge.manifest(crossing(region, "370100", new_number()))
        for each in opened:
            await each.next("alert")
        feeds = [query for query in questions if "console_feed" in query]
    assert 1 <= len(feeds) <= 6, "rounds until the last list was read, not lists times rounds"
    assert not [q for q in questions if "console_alert" in q], "no list asks for itself"
