"""Which database schema this program needs, and whether the one it finds will do.

A program's *schema number* is that of the newest expand or migrate file it ships. It runs on a
schema that has at least those, and on newer ones as well, until a contract file says that programs
of its number may not run any more (docs/migrations.md).
"""

import functools
import re
from pathlib import Path
from typing import Any

import asyncpg

__all__ = [
    "CONTRACT_LOCK",
    "MIGRATIONS",
    "SchemaUnfit",
    "application_name",
    "program_schema",
    "require_schema",
    "schema_of",
]

MIGRATIONS = Path(__file__).parents[1] / "postgres" / "migrations"

CONTRACT_LOCK = 0x11A4DA4_2  # any fixed number that no one else uses
"""Advisory lock: exclusive while a contract file is applied, shared while a program looks whether
it may run. So whoever starts meanwhile sees either the old schema and is seen, or the new one."""

_FILE = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_CONTRACT = re.compile(rb"^-- phase: contract\s*$", re.MULTILINE)
_APPLICATION = re.compile(r"liandan/(\d{4})\b")
_LONGEST_NAME = 63  # bytes that Postgres keeps of an application_name

_FOUND = """
SELECT coalesce(max(version) FILTER (WHERE phase <> 'contract'), 0) AS there,
    coalesce(max(oldest_program), 0) AS oldest
FROM schema_migration
"""


class SchemaUnfit(Exception):
    """A program that may not run on this database. ``cure``: the command that mends it, or ""."""

    def __init__(self, sentence_zh: str, sentence_en: str, cure: str) -> None:
        super().__init__("\n".join(filter(None, (sentence_zh, sentence_en, cure))))
        self.sentence_zh = sentence_zh
        self.sentence_en = sentence_en
        self.cure = cure


@functools.cache
def program_schema() -> int:
    """Return this program's schema number."""
    numbers = (
        int(found.group(1))
        for path in MIGRATIONS.glob("*.sql")
        if (found := _FILE.fullmatch(path.name)) and not _CONTRACT.search(path.read_bytes())
    )
    return max(numbers)


def application_name(process: str = "") -> str:
    """Return how a process names itself to Postgres: ``liandan/0009 worker-1``."""
    name = f"liandan/{program_schema():04d} {process}".strip()
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore")


def schema_of(name: str | None) -> int | None:
    """Return the schema number in an application name; None: not one of ours, or an older one."""
    found = _APPLICATION.match(name or "")
    return int(found.group(1)) if found else None


async def require_schema(connection: Any) -> int:
    """Make sure that this program may run on this database; return the oldest one that may.

    Any role may ask. Raises SchemaUnfit, and what asyncpg raises when Postgres is away.
    """
    mine = program_schema()
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", CONTRACT_LOCK)
            found = await connection.fetchrow(_FOUND)
    except (
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedColumnError,
        asyncpg.InsufficientPrivilegeError,
    ):
        found = {"there": 0, "oldest": 0}  # as programs left it that kept no account of phases
    if found["there"] < mine:
        there = f"{found['there']:04d}" if found["there"] else "?"
        raise SchemaUnfit(
            f"数据库结构为 {there}，本程序需要 {mine:04d}，请先升级数据库。",
            f"The database's schema is {there}, this program needs {mine:04d}: upgrade it first.",
            "liandan migrate",
        )
    if found["oldest"] > mine:
        raise SchemaUnfit(
            f"数据库结构已收缩，只容许 {found['oldest']:04d} 及更新的程序，本程序为 {mine:04d}，"
            "请升级程序。",
            f"The schema was contracted and admits programs from {found['oldest']:04d} on; this one"
            f" is {mine:04d}: upgrade the program.",
            "",
        )
    oldest: int = found["oldest"]
    return oldest
