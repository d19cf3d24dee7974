"""``docs/reference/settings.md``: every setting with type, default, unit and meaning."""

import ast
import inspect
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from infra.runtime.settings import Settings, home_from_environment
from services.cli.reference.chinese import SETTINGS_ZH
from services.cli.reference.page import code, page, table, two

__all__ = ["settings_page", "texts_of_members"]

_UNITS = (
    ("_s", "秒 s"),
    ("_ms", "毫秒 ms"),
    ("_bytes", "字节 bytes"),
    ("_days", "天 days"),
    ("_hours", "小时 hours"),
)
"""What a name ends in: its unit."""

_MADE: dict[Callable[..., Any], str] = {
    home_from_environment: "用户数据目录 the user's data directory",
    socket.gethostname: "主机名 the host's name",
}
"""Defaults that differ from machine to machine."""

_INTRO = """\
设置都是环境变量，默认值在笔记本电脑上即可用。按下列次序取值，先到者有效：
Settings are environment variables with defaults that work on a laptop. The first of these counts:

1. 环境变量 `LIANDAN_<NAME>` · the environment variable
2. `LIANDAN_<NAME>_FILE` 所指文件的内容（末尾换行除外），用于密码等机密 · what the file named by
   `LIANDAN_<NAME>_FILE` holds, without the line break at its end: for secrets. Every setting has one
3. 正在运行的本地环境的地址，见 `$LIANDAN_HOME/run/stack.json` · the addresses of a running local stack
4. 默认值 · the default

不合要求的值会在启动前用一句话指出，退出码 2。
A value that is not valid is told in a sentence before anything starts, exit code 2."""


def settings_page() -> str:
    """Return the page."""
    texts = texts_of_members(Settings)
    rows = [
        (
            code(f"LIANDAN_{name.upper()}"),
            _type(field),
            _default(field),
            _unit(name),
            two(SETTINGS_ZH.get(name, ""), texts.get(name, "")),
        )
        for name, field in Settings.model_fields.items()
    ]
    head = ("变量 variable", "类型 type", "默认 default", "单位 unit", "说明 what it is")
    return page("设置", "Settings", _INTRO, table(head, rows))


def texts_of_members(cls: type) -> dict[str, str]:
    """Return the docstring that follows each member in the class's source."""
    (tree,) = ast.parse(inspect.getsource(cls)).body
    if not isinstance(tree, ast.ClassDef):
        raise TypeError(f"{cls!r} is no class")
    found = {}
    for member, after in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(member, ast.AnnAssign)
            and isinstance(member.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[member.target.id] = inspect.cleandoc(after.value.value)
    return found


def _type(field: FieldInfo) -> str:
    kind: Any = field.annotation
    return code({Path: "path"}.get(kind) or getattr(kind, "__name__", None) or str(kind))


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return _MADE.get(field.default_factory, "")
    if field.is_required():
        return "—"
    return code(field.default) or "（空 empty）"


def _unit(name: str) -> str:
    if name.endswith("_port"):
        return "端口 port"
    return next((unit for end, unit in _UNITS if name.endswith(end)), "")
