"""Accounts of officers: made, listed and closed on a connection of role ``liandan_registry``."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from schemas.checks import Refusal
from schemas.region import is_province
from services.console.password import check_password, hash_password

__all__ = [
    "NATION",
    "ROLES",
    "Account",
    "Role",
    "create_account",
    "list_accounts",
    "set_enabled",
    "set_password",
]

Role = Literal["officer", "registry", "admin"]
"""``officer`` and ``admin`` take up alerts, ``registry`` only reads them."""
ROLES: tuple[Role, ...] = get_args(Role)
NATION = ""
"""The beginning of every region code: who has it sees the whole nation."""

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Account(NamedTuple):
    """An account without its hash. ``regions``: beginnings of region codes."""

    login: str
    name: str
    regions: tuple[str, ...]
    role: Role
    created_at: datetime
    disabled_at: datetime | None


async def create_account(
    connection: Any, login: str, name: str, password: str, regions: Sequence[str], role: Role
) -> None:
    """Store a new account. Raises Refusal: a value is not valid, or the login is taken."""
    if _LOGIN.fullmatch(login) is None:
        raise Refusal(
            "login_form",
            "登录名为 1 到 64 个小写字母、数字、点、横线或下划线，以字母或数字开头",
            "a login has 1 to 64 lower-case letters, digits, dots, hyphens or underscores, and "
            "begins with a letter or a digit",
        )
    if not 1 <= len(name.strip()) <= 100:
        raise Refusal("name_length", "姓名为 1 到 100 个字符", "a name has 1 to 100 characters")
    if role not in ROLES:
        raise Refusal(
            "role_unknown", f"角色应为 {'、'.join(ROLES)}", f"a role is {' | '.join(ROLES)}"
        )
    checked = [_region(region) for region in regions]
    if not checked:
        raise Refusal("region_missing", "至少指定一个辖区", "at least one region is needed")
    check_password(password, login)
    done = await connection.execute(
        "INSERT INTO console_account (login, name, hash, regions, role)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        login,
        name.strip(),
        hash_password(password),
        sorted(set(checked)),
        role,
    )
    if done != "INSERT 0 1":
        raise Refusal("login_taken", f"登录名 {login} 已存在", f"the login {login} is taken")


async def set_password(connection: Any, login: str, password: str) -> bool:
    """Change a password and end the account's sessions; False: no such login. Raises Refusal."""
    check_password(password, login)
    done = await connection.execute(
        "UPDATE console_account SET hash = $2, password_changed_at = clock_timestamp()"
        " WHERE login = $1",
        login,
        hash_password(password),
    )
    return bool(done == "UPDATE 1")


async def set_enabled(connection: Any, login: str, enabled: bool) -> bool:
    """Open or close an account; its sessions end at once. False: nothing was to be changed."""
    done = await connection.execute(
        "UPDATE console_account SET disabled_at = CASE WHEN $2 THEN NULL ELSE clock_timestamp() END"
        " WHERE login = $1 AND (disabled_at IS NULL) <> $2",
        login,
        enabled,
    )
    return bool(done == "UPDATE 1")


async def list_accounts(connection: Any) -> list[Account]:
    """Return all accounts by login, without hashes."""
    rows = await connection.fetch(
        "SELECT login, name, regions, role, created_at, disabled_at FROM console_account"
        " ORDER BY login"
    )
    return [Account(r[0], r[1], tuple(r[2]), r[3], r[4], r[5]) for r in rows]


def _region(text: str) -> str:
    """Return the beginning of a region code: 2, 4 or 6 digits, or ``NATION``. Raises Refusal."""
    if text == NATION:
        return text
    if not (text.isascii() and text.isdigit() and len(text) in (2, 4, 6) and is_province(text[:2])):
        raise Refusal(
            "region_form",
            f"辖区应为行政区划代码的前 2、4 或 6 位（省、市、县）：{text[:20]}",
            f"a region is the first 2, 4 or 6 digits of a region code: {text[:20]}",
        )
    return text
