"""``liandan user``: accounts of the console."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from infra.runtime.settings import Settings
from schemas.checks import Refusal
from schemas.instant import CHINA
from schemas.region import region_name
from services.cli.console import Failure, out, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.console.account import (
    NATION,
    Account,
    Role,
    create_account,
    list_accounts,
    set_enabled,
    set_password,
)

__all__ = ["PasswordFile", "read_password", "user_app"]

user_app = typer.Typer(
    name="user", help="监管台的账号 / accounts of the console", no_args_is_help=True
)
T = TypeVar("T")

_Login = Annotated[str, typer.Argument(help="登录名 / login")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="从文件读密码，- 为标准输入；不给则提示输入 / read it from a file, - for stdin; else a prompt"
    ),
]


@user_app.command()
def add(
    login: _Login,
    name: Annotated[str, typer.Option(help="姓名 / the person's name")],
    region: Annotated[
        list[str] | None,
        typer.Option(
            help="辖区：行政区划代码前 2、4 或 6 位，可重复 / first 2, 4 or 6 digits of a region code; repeatable"
        ),
    ] = None,
    nationwide: Annotated[bool, typer.Option(help="全国 / all regions")] = False,
    role: Annotated[str, typer.Option(help="officer | registry | admin")] = "officer",
    password_file: PasswordFile = None,
) -> None:
    """新建账号；密码不在命令行上给出 / Create an account; its password never stands on the command line."""
    with served():
        quiet_logs()
        if bool(region) == nationwide:
            raise typer.BadParameter(
                "须给出 --region 或 --nationwide 之一 / give either --region or --nationwide"
            )
        password = read_password(password_file, new=True)
        regions = [NATION] if nationwide else region or []
        _refusing(lambda c: create_account(c, login, name, password, regions, _role(role)))
        say(f"✓ 已建账号 {login}", "account created", "green")


@user_app.command("list")
def list_() -> None:
    """列出账号 / List the accounts."""
    with served():
        quiet_logs()
        accounts = _refusing(list_accounts)
        table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold dim")
        for title in (
            "登录名 login",
            "姓名 name",
            "角色 role",
            "辖区 regions",
            "状态 state",
            "建于 since",
        ):
            table.add_column(title)
        for account in accounts:
            table.add_row(*_cells(account))
        out.print(table)


@user_app.command()
def passwd(login: _Login, password_file: PasswordFile = None) -> None:
    """改密码，原有登录随即失效 / Change a password; sessions of the account end."""
    with served():
        quiet_logs()
        password = read_password(password_file, new=True)
        if not _refusing(lambda c: set_password(c, login, password)):
            raise _unknown(login)
        say(f"✓ 已更改 {login} 的密码", "password changed", "green")


@user_app.command()
def disable(login: _Login) -> None:
    """停用账号，其登录随即失效 / Close an account; its sessions end at once."""
    with served():
        quiet_logs()
        if not _refusing(lambda c: set_enabled(c, login, False)):
            raise _unknown(login)
        say(f"✓ 已停用 {login}", "disabled", "green")


@user_app.command()
def enable(login: _Login) -> None:
    """重新启用账号 / Open an account again."""
    with served():
        quiet_logs()
        if not _refusing(lambda c: set_enabled(c, login, True)):
            raise _unknown(login)
        say(f"✓ 已启用 {login}", "enabled", "green")


def _refusing(work: Callable[[Any], Awaitable[T]]) -> T:
    """Do work on a connection of the registry desk. Raises BadParameter for what it refuses."""

    async def run() -> T:
        async with connected(Settings().database_registry) as connection:
            with reaching("Postgres"):
                return await work(connection)

    try:
        return asyncio.run(run())
    except Refusal as refusal:
        raise typer.BadParameter(f"{refusal.zh} / {refusal.en}") from None


def read_password(file: Path | None, *, new: bool = False) -> str:
    """Return the password from a file or a prompt; a new one is asked for twice. Raises BadParameter."""
    if file is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                "没有终端可输入密码，请用 --password-file / no terminal to ask for the password on: "
                "use --password-file"
            )
        return str(typer.prompt("密码 password", hide_input=True, confirmation_prompt=new))
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    return text.rstrip("\r\n")


def _role(text: str) -> Role:
    for role in ("officer", "registry", "admin"):
        if role == text:
            return role
    raise Refusal(
        "role_unknown", "角色应为 officer、registry 或 admin", "officer, registry or admin"
    )


def _cells(account: Account) -> tuple[str, ...]:
    regions = [
        "全国" if r == NATION else f"{region_name(r.ljust(6, '0'))} {r}" for r in account.regions
    ]
    return (
        account.login,
        account.name,
        account.role,
        "、".join(regions),
        "停用 disabled" if account.disabled_at else "可用 enabled",
        account.created_at.astimezone(CHINA).strftime("%Y-%m-%d"),
    )


def _unknown(login: str) -> Failure:
    return Failure(
        f"没有可更改的账号 {login}。", f"There is no account {login} to be changed.", code=1
    )
