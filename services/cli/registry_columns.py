"""``liandan registry columns``: the CSV form of a kind, or an empty file to fill in."""

import sys
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.cli.console import explained, out, say
from services.cli.registry_kind import KIND_HELP, known_kind
from services.registry.columns import Column, columns_of
from services.registry.csv_export import csv_bytes
from services.registry.form import item_of
from services.registry.titles import title_of

__all__ = ["print_columns"]


def print_columns(
    kind: Annotated[str, typer.Argument(help=KIND_HELP)],
    template: Annotated[
        bool, typer.Option("--template", help="输出只有表头的 CSV / print a CSV with its header")
    ] = False,
) -> None:
    """一类记录的 CSV 列 / The CSV columns of a kind of record."""
    with explained():
        columns = columns_of(known_kind(kind))
        if template:
            sys.stdout.buffer.write(csv_bytes(kind, []))
            sys.stdout.flush()
            return
        table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold dim")
        for name in ("列 column", "名称 name", "必填 required", "写法 how"):
            table.add_column(name, overflow="fold")
        for column in columns:
            zh, en = title_of(column.member.name)
            how_zh, how_en = column.how
            how = Text(how_zh) if how_zh == how_en else _both(how_zh, how_en)
            table.add_row(
                Text(column.name, "bold"), _both(zh, en), "✓" if column.member.required else "", how
            )
        out.print(table)
        for zh, en in _rules(columns):
            say(zh, en)


def _both(zh: str, en: str) -> Text:
    return Text.assemble(zh, " ", (en, "dim"))


def _rules(columns: tuple[Column, ...]) -> list[tuple[str, str]]:
    nested = dict.fromkeys(item_of(c.outer) for c in columns if c.outer is not None)
    rules = [
        (
            '空单元格表示没有此项，空文本写作 ""；列表项中的分号写作 \\;',
            'An empty cell says nothing, an empty text is ""; a semicolon inside an item is \\;',
        ),
        (
            "recorded_at 由系统填写，导入时不采用",
            "recorded_at is set by the system; what a file says of it is not used",
        ),
    ]
    if nested:
        names = "、".join(f"{n}.*" for n in nested)
        rules.append(
            (
                f"{names}：每项一行，各行 id 相同；记录自身的列可重复，也可留空",
                f"{', '.join(f'{n}.*' for n in nested)}: one row each, all with the record's id;"
                " its own columns repeated or empty",
            )
        )
    return rules
