"""The typer application. Commands are imported when called, so that ``judge`` starts fast."""

import contextlib
import io
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

__all__ = ["app"]

_COMMANDS = {
    "demo": "demo:demo",
    "up": "up:up",
    "doctor": "doctor:doctor",
    "migrate": "migrate:migrate",
    "backup": "backup:backup_app",
    "restore": "restore:restore",
    "simulate": "simulate:simulate",
    "post": "post:post",
    "check": "check:check",
    "notices": "notices:notices",
    "ticket": "ticket:ticket_app",
    "alerts": "alerts:alerts",
    "tracks": "tracks:tracks",
    "judge": "judge:judge",
    "rules": "rules:rules_app",
    "backtest": "backtest:backtest",
    "rebuild": "rebuild:rebuild",
    "grade": "grade:grade",
    "play": "play:play",
    "registry": "registry:registry_app",
    "key": "key:key_app",
    "user": "user:user_app",
    "webhook": "webhook:webhook_app",
    "channel": "channel:channel_app",
    "offsets": "offsets:offsets_app",
    "quarantine": "quarantine:quarantine_app",
}
"""Name of a command: module in this package, and the function or sub-application in it."""


class _LazyGroup(TyperGroup):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, None if there is none of that name."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        found = getattr(import_module(f"services.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(found)
        return typer.main.get_command(single)


app = typer.Typer(
    cls=_LazyGroup, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)


def _print_version(asked: bool) -> None:
    if asked:
        try:
            number = version("liandan")
        except PackageNotFoundError:
            number = "0"
        typer.echo(f"liandan {number}")
        raise typer.Exit


@app.callback()
def liandan(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="版本号 / print the version"
        ),
    ] = False,
) -> None:
    """危险废物转移联单的事件驱动监管 / Event-driven supervision of hazardous-waste transfers."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors="replace")  # a terminal without Chinese still works
