"""``liandan key``: API keys of facilities."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from infra.runtime.settings import Settings
from schemas.checks import Refusal
from schemas.credit_code import read_credit_code
from services.cli.console import Failure, out, say
from services.cli.failures import connected, quiet_logs, reaching, served
from services.cli.keys import create_key, revoke_key
from services.gateway.keys import NewToken

__all__ = ["key_app"]

key_app = typer.Typer(
    name="key", help="企业的 API 密钥 / API keys of facilities", no_args_is_help=True
)


@key_app.command()
def create(
    uscc: Annotated[str, typer.Option(help="单位的统一社会信用代码 / the unit's credit code")],
    name: Annotated[str, typer.Option(help="用途，便于辨认 / what it is for")] = "",
    to: Annotated[
        Path | None,
        typer.Option("--out", help="追加到此密钥文件（0600）/ append to this file, for `post`"),
    ] = None,
) -> None:
    """新建密钥，只显示一次 / Create a key; the secret is shown once and kept nowhere."""
    with served():
        quiet_logs()
        try:
            read_credit_code(uscc)
        except Refusal as refusal:
            raise typer.BadParameter(f"{refusal.zh} / {refusal.en}", param_hint="--uscc") from None
        fresh = asyncio.run(_create(Settings(), uscc, name))
        if to is not None:
            _append(to, uscc, name, fresh)
            say(f"✓ 密钥 {fresh.key_id} 已写入 {to}", "key created and written", "green")
            return
        say(f"✓ 密钥 {fresh.key_id}（只显示这一次）", "key created; shown this once", "green")
        out.print(fresh.token, soft_wrap=True)


@key_app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="12 位编号 / 12 characters")]) -> None:
    """吊销密钥 / Revoke a key; the gateway refuses it within two seconds."""
    with served():
        quiet_logs()
        if not asyncio.run(_revoke(Settings(), key_id)):
            raise Failure(
                f"没有有效的密钥 {key_id}。", f"There is no key {key_id} in force.", code=1
            )
        say(f"✓ 已吊销 {key_id}", "revoked", "green")


async def _create(settings: Settings, uscc: str, name: str) -> NewToken:
    async with connected(settings.database_registry) as connection:
        with reaching("Postgres"):
            return await create_key(connection, uscc, name)


async def _revoke(settings: Settings, key_id: str) -> bool:
    async with connected(settings.database_registry) as connection:
        with reaching("Postgres"):
            return await revoke_key(connection, key_id)


def _append(path: Path, uscc: str, name: str, fresh: NewToken) -> None:
    line = {"uscc": uscc, "name": name, "key_id": fresh.key_id, "token": fresh.token}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(line) + b"\n")
