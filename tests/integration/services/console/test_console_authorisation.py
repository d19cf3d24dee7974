"""What the console's database role can see, whatever it asks: a model in Python, and real Postgres."""

import itertools
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from infra.local.stack import LocalStack
from services.console.account import set_enabled
from services.console.token import digest_of, new_token
from tests.integration.services.console.console_served import connect
from tests.integration.services.console.judged import Judge, crossing, new_number
from tests.manifests import dispatched

VIEWS = {
    "console_alert": "subject",
    "console_alert_history": "body ->> 'subject'",
    "console_case_event": "alert_id::text",
    "console_verdict": "id::text",
    "console_manifest": "subject",
    "console_draw": "manifest",
}
_PLACES = ("540101", "540102", "540201", "541001", "630101", "630201")
_BEGINNINGS = ("", "54", "5401", "5402", "540101", "63", "6302", "630201")


@pytest.fixture(scope="module")
async def console(stack: LocalStack) -> AsyncIterator[Any]:
    connection = await connect(stack.settings.database_console)
    yield connection
    await connection.close()


async def open_session(console: Any, login: str, **changed: Any) -> str:
    token = new_token()
    await console.execute(
        "SELECT console_open_session($1, $2, $3, $4, $5, NULL)",
        login,
        digest_of(token),
        secrets.token_bytes(32),
        changed.get("idle", timedelta(hours=1)),
        changed.get("longest", timedelta(hours=1)),
    )
    return token


async def seen(console: Any, token: str | None, subjects: list[str]) -> set[str]:
    """Ask without any WHERE on regions: what comes is what the views let through."""
    async with console.transaction():
        if token is not None:
            await console.fetch("SELECT * FROM console_enter($1)", token)
        rows = await console.fetch("SELECT subject FROM console_alert")
        return {row["subject"] for row in rows} & set(subjects)


@pytest.fixture(scope="module")
async def loads(judge: Judge) -> dict[str, tuple[str, str] | None]:
    """Manifest number to its regions; None: not filed, so that nobody knows."""
    pairs = [(a, b) for a in _PLACES for b in _PLACES if a != b]
    numbers = {new_number(): pair for pair in pairs}
    # Regions of one province make no crossing: a carrier without a permit is an alert on both.
    await judge.manifests([crossing(a, b, n) for n, (a, b) in numbers.items()])
    nowhere = new_number()
    await judge.manifest([dispatched(subject=nowhere)])
    return {**numbers, nowhere: None}


@pytest.mark.parametrize(
    "holdings",
    [*((b,) for b in _BEGINNINGS), *itertools.combinations(_BEGINNINGS[1:], 2)],
    ids="+".join,
)
async def test_every_view_shows_what_starts_or_ends_in_ones_regions_and_nothing_else(
    holdings: tuple[str, ...], console: Any, new_officer, judge: Judge, loads
) -> None:
    token = await open_session(console, await new_officer(*holdings))
    may = {
        number
        for number, pair in loads.items()
        if any((place or "").startswith(h) for h in holdings for place in (pair or ("",)))
    }
    ids = {
        str(row["id"]): row["subject"]
        for row in await judge.fetch("SELECT id, subject FROM alert WHERE subject = ANY ($1)",
            list(loads))
    }  # fmt: skip
    async with console.transaction():
        await console.fetch("SELECT * FROM console_enter($1)", token)
        for view, key in VIEWS.items():
            rows = await console.fetch(f"SELECT {key} AS key FROM {view}")
            subjects = {ids.get(row["key"], row["key"]) for row in rows} & set(loads)
            assert subjects <= may, (holdings, view)
            if view in ("console_alert", "console_alert_history", "console_verdict"):
                assert subjects == may & set(ids.values()), (holdings, view)
            if view == "console_manifest":
                assert subjects == may, holdings


async def test_without_a_living_session_the_views_are_empty(
    console: Any, new_officer, registry: Any, loads
) -> None:
    subjects = list(loads)
    login = await new_officer("")
    good = await open_session(console, login)
    assert len(await seen(console, good, subjects)) >= 30
    assert await seen(console, None, subjects) == set(), "the setting ends with its transaction"
    for forged in ("", "x", new_token(), digest_of(good).hex(), good[:-1], good + "x"):
        assert await seen(console, forged, subjects) == set(), forged
    expired = await open_session(console, login, longest=timedelta(seconds=-1))
    idle = await open_session(console, login, idle=timedelta(seconds=0))
    for over in (expired, idle):
        assert await seen(console, over, subjects) == set()
    async with console.transaction():
        await console.fetch("SELECT * FROM console_enter($1)", good)
        await console.execute("SELECT console_end_session()")
    assert await seen(console, good, subjects) == set()
    another = await open_session(console, login)
    await set_enabled(registry, login, False)
    assert await seen(console, another, subjects) == set()


async def test_functions_in_a_query_are_not_shown_rows_that_the_view_leaves_out(
    console: Any, new_officer, loads
) -> None:
    token = await open_session(console, await new_officer("540101"))
    async with console.transaction():
        await console.fetch("SELECT * FROM console_enter($1)", token)
        # Divides by zero for every row it is shown whose origin is not the officer's own.
        rows = await console.fetch(
            "SELECT subject FROM console_alert"
            " WHERE 1 / (CASE WHEN origin_region = '630101' AND destination_region = '630201'"
            " THEN 0 ELSE 1 END) = 1"
        )
    assert rows


async def test_the_role_has_no_table_and_no_way_around(console: Any) -> None:
    tables = await console.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'm')"
        " AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')"
        " OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))"
    )
    assert tables == []
    for statement in (
        "SELECT * FROM console_session",
        "SELECT hash FROM console_account",
        "SELECT * FROM feed",
        "SELECT * FROM alert",
        "UPDATE console_alert SET state = 'open'",
        "SET ROLE liandan_writer",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await console.execute(statement)


async def test_no_other_role_may_call_what_is_the_consoles(stack: LocalStack) -> None:
    for role in ("writer", "reader", "registry"):
        connection = await connect(getattr(stack.settings, f"database_{role}"))
        allowed = await connection.fetch(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'public' AND p.proname LIKE 'console%'"
            " AND has_function_privilege(p.oid, 'EXECUTE')"
        )
        await connection.close()
        assert allowed == [], role
