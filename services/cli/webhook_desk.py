"""What the commands of ``liandan webhook`` share: a connection, and failures as sentences."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from infra.runtime.settings import Settings
from services.cli.console import Failure
from services.cli.failures import connected, quiet_logs, reaching, served
from services.courier.post import Post
from services.courier.secret import SecretKeys

__all__ = ["at_desk", "keys_of", "known", "post_of"]

T = TypeVar("T")


def at_desk(
    work: Callable[[Any, Settings], Awaitable[T]],
    *,
    role: str = "registry",
    cure: tuple[str, str] | None = None,
) -> T:
    """Run ``work`` on a connection of ``role``; ends the command with a sentence when it fails.

    ``cure``: what to tell where the other side of ``work`` is not only Postgres.
    """

    async def go(settings: Settings) -> T:
        async with connected(getattr(settings, f"database_{role}")) as connection:
            with reaching("URL / Postgres", cure) if cure else reaching("Postgres"):
                return await work(connection, settings)

    with served():
        quiet_logs()
        return asyncio.run(go(Settings()))


def known(endpoint: str, found: T | None) -> T:
    """Return what was found; ends the command if it is None: there is no such endpoint."""
    with served():
        if found is None:
            raise Failure(f"没有推送地址 {endpoint}。", f"There is no webhook {endpoint}.", code=1)
        return found


def post_of(settings: Settings) -> Post:
    """Return what posts. Raises Failure naming the settings."""
    try:
        return Post(settings)
    except (ValueError, OSError) as error:
        raise Failure(
            f"设置 LIANDAN_COURIER_WEBHOOK_… 不合要求（{error}）。",
            f"A setting LIANDAN_COURIER_WEBHOOK_… is not valid ({error}).",
            code=2,
        ) from None


def keys_of(settings: Settings) -> SecretKeys:
    """Return the keys of secrets. Raises Failure naming the setting."""
    try:
        return SecretKeys(settings.courier_webhook_key)
    except ValueError:
        raise Failure(
            "设置 LIANDAN_COURIER_WEBHOOK_KEY 至少 32 个字符。",
            "The setting LIANDAN_COURIER_WEBHOOK_KEY needs 32 characters or more.",
            code=2,
        ) from None
