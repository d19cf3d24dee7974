"""Migration files ``NNNN_name.sql`` with their phase, read and checked before anything is applied.

From ``FIRST_WITH_PHASE`` on a file begins with a comment that says ``-- phase: expand`` (or
``migrate``, ``contract``); a contract file also says ``-- oldest program: NNNN``: the schema number
below which programs may not run on it.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from infra.postgres.phase import Phase, objections
from infra.runtime.schema import MIGRATIONS

__all__ = ["FIRST_WITH_PHASE", "MIGRATIONS", "Migration", "MigrationError", "read_migrations"]

FIRST_WITH_PHASE = 7

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_HEADER = re.compile(r"\A(?:[ \t]*(?:--[^\n]*)?\n)*")
_PHASE = re.compile(r"^-- phase: (expand|migrate|contract)[ \t]*$", re.MULTILINE)
_OLDEST = re.compile(r"^-- oldest program: (\d{4})[ \t]*$", re.MULTILINE)


class MigrationError(Exception):
    """The files, and what the database has recorded, do not go together. ``zh``: in Chinese."""

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.zh = zh or en


@dataclass(frozen=True)
class Migration:
    """One file."""

    version: int
    name: str
    sql: str
    sha256: str
    phase: Phase
    oldest_program: int
    """Programs of a lower schema number may not run after it; 0: all may."""


def read_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    """Return all migrations of a folder in their order.

    Raises MigrationError: a name is malformed or a number taken, the phase is not declared, or the
    file does what its phase does not allow.
    """
    migrations: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        found = _NAME.fullmatch(path.name)
        if found is None:
            raise MigrationError(f"{path.name}: expected a name such as 0001_first_tables.sql")
        version, content = int(found.group(1)), path.read_bytes()
        if version in migrations:
            raise MigrationError(f"{path.name}: {migrations[version].name} has the same number")
        sql = content.decode()
        phase, oldest = _declared(path.name, version, sql)
        migrations[version] = Migration(
            version, path.name, sql, hashlib.sha256(content).hexdigest(), phase, oldest
        )
    return list(migrations.values())


def _declared(name: str, version: int, sql: str) -> tuple[Phase, int]:
    if version < FIRST_WITH_PHASE:
        return "expand", 0
    header = _HEADER.match(sql)
    comment = header.group() if header else ""
    found, oldest = _PHASE.search(comment), _OLDEST.search(comment)
    if found is None:
        raise MigrationError(
            f"{name}: its first comment must have a line `-- phase: expand` (only adds), `-- phase:"
            " migrate` (changes rows) or `-- phase: contract` (takes away); see docs/migrations.md",
            f"{name}：开头的注释须有一行 `-- phase: expand`（只增加）、`-- phase: migrate`（改数据）"
            "或 `-- phase: contract`（移除），见 docs/migrations.md",
        )
    phase = cast("Phase", found.group(1))
    if (phase == "contract") != (oldest is not None):
        raise MigrationError(
            f"{name}: a line `-- oldest program: NNNN` belongs to a contract file, and only there",
            f"{name}：`-- oldest program: NNNN` 一行为 contract 文件所必需，其他文件不得有",
        )
    if against := objections(sql, phase):
        raise MigrationError(
            f"{name} says phase {phase}, but {'; '.join(against)}",
            f"{name} 声明为 {phase}，但：{'；'.join(against)}",
        )
    if oldest is not None and not 0 < int(oldest.group(1)) < version:
        raise MigrationError(
            f"{name}: the oldest program must be of an earlier number than the file"
        )
    return phase, int(oldest.group(1)) if oldest else 0
