"""The officer of the demo, whose login anybody may know: the demo's data are invented."""

from typing import Any

from infra.runtime.settings import Settings
from services.cli.console import say
from services.console.account import NATION, create_account

__all__ = ["DEMO_LOGIN", "DEMO_PASSWORD", "create_demo_officer", "tell_demo_officer"]

DEMO_LOGIN, DEMO_PASSWORD = "demo", "liandan-demo"


async def create_demo_officer(connection: Any) -> None:
    """Create the account in the demo's fresh database."""
    await create_account(connection, DEMO_LOGIN, "演示员", DEMO_PASSWORD, [NATION], "officer")


def tell_demo_officer(settings: Settings) -> None:
    """Print where the console is and how to log in."""
    say(
        f"监管台 {settings.console_address}  登录名 {DEMO_LOGIN}  密码 {DEMO_PASSWORD}",
        "console: login and password",
        "bold cyan",
    )
