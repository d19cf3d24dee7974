"""``docs/reference/cli.md``: the whole tree of commands with options, arguments and exit codes."""

import inspect
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from services.cli.main import app
from services.cli.reference.page import code, page, table

__all__ = ["command_tree", "commands_page"]

_INTRO = """\
所有命令都接受 `--help`。一句话说明错误及其办法，不向用户显示调用栈；结果写到标准输出，错误写到标准错误。
Every command takes `--help`. What goes wrong is told in a sentence with its cure, never as a stack
trace; results go to stdout, failures to stderr."""

_CODES = (
    ("0", "完成", "done"),
    (
        "1",
        "做完了，但结果不是“全部正确”：有被拒的、有出入、有问题",
        "finished, but not all is right: something was refused, differs or is wrong",
    ),
    (
        "2",
        "命令、文件或设置有误，或本地环境无法启动",
        "the command line, a file or a setting is wrong, or the local stack cannot start",
    ),
    ("3", "对方无法使用：Postgres、Kafka、网关或磁盘", "Postgres, Kafka, gateway or disk is away"),
    ("130", "用 Ctrl-C 中断", "interrupted with Ctrl-C"),
)


def command_tree() -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, as it is typed, in the order of the help."""
    yield from _under("liandan", get_command(app))


def _under(typed: str, command: Any) -> Iterator[tuple[str, Any]]:
    names = getattr(command, "list_commands", None)
    if names is None:
        yield typed, command
        return
    context = typer.Context(command, info_name=typed)
    for name in names(context):
        yield from _under(f"{typed} {name}", command.get_command(context, name))


def commands_page() -> str:
    """Return the page."""
    found = list(command_tree())
    codes = table(
        ("退出码 exit code", "含义", "meaning"), [(code(n), zh, en) for n, zh, en in _CODES]
    )
    parts = [f"## {typed}\n\n{_command(typed, command)}" for typed, command in found]
    return page("命令行", "Command line", _INTRO, codes, *parts)


def _command(typed: str, command: Any) -> str:
    context = typer.Context(command, info_name=typed)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    usage = [typed, *(["[OPTIONS]"] if options else []), *map(_argument, arguments)]
    parts = [_paragraphs(command.help or ""), f"```\n{' '.join(usage)}\n```"]
    rows = [(code(_argument(p)), "", p.help or "") for p in arguments]
    rows += [(_option(p, context), _default(p), _help(p)) for p in options]
    if rows:
        parts.append(table(("参数 parameter", "默认 default", "说明 what it is"), rows))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> str:
    """Return a docstring with its lines kept: each language stands on a line of its own."""
    blocks = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join("\\\n".join(block.splitlines()) for block in blocks)


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _option(parameter: Any, context: Any) -> str:
    names = ", ".join(code(name) for name in (*parameter.opts, *parameter.secondary_opts))
    if getattr(parameter, "is_flag", False):
        return names
    least, most = (
        getattr(parameter.type_descriptor.parameter_info, m, None) for m in ("min", "max")
    )
    bounds = f"{'' if least is None else least} … {'' if most is None else most}".strip()
    shown = parameter.display_type(context)
    return f"{names} {code(shown)}{f' {bounds}' if bounds != '…' else ''}"


def _default(parameter: Any) -> str:
    """Return the default; one that differs by machine is told by a text as ``show_default``."""
    if parameter.required:
        return "必填 required"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    value = getattr(parameter.default, "value", parameter.default)
    if value is None or value == "" or getattr(parameter, "is_flag", False):
        return ""
    return code(value)


def _help(parameter: Any) -> str:
    variables = parameter.envvar
    named = variables if isinstance(variables, str) else ", ".join(variables or ())
    return f"{parameter.help or ''}{f'（环境变量 variable {code(named)}）' if named else ''}"
