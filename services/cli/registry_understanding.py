"""What ``liandan registry understand`` says of a sheet, in words and as NDJSON."""

from pathlib import Path

import msgspec
from rich.text import Text

from services.cli.console import both, err, out, say
from services.registry.notices import NoticeLine, Outcome, Understanding

__all__ = ["print_understanding", "write_understanding"]

_MOST = 200
"""Lines of each outcome told on the terminal; ``--report`` has them all."""
_WORDS = {
    Outcome.UNDERSTOOD: ("✓", "读懂", "understood", "green"),
    Outcome.REFUSED: ("✗", "未读懂", "not understood", "bold red"),
    Outcome.HELD_BACK: (
        "…",
        "暂缓：同一文件另有未读懂的行",
        "held back: another line of it is not",
        "yellow",
    ),
    Outcome.SKIPPED: ("·", "略过", "skipped", "dim"),
}


def print_understanding(file: Path, found: Understanding) -> None:
    """Print each line and what was understood of it; what was not goes to stderr; then the sums."""
    for zh, en in found.remarks:
        say(f"· {zh}", en, "dim")
    told = dict.fromkeys(Outcome, 0)
    for line in found.lines:
        told[line.outcome] += 1
        if told[line.outcome] <= _MOST:
            _print_line(file, line)
    more = sum(max(0, n - _MOST) for n in told.values())
    if more:
        say(f"  另有 {more} 行，见 --report", f"{more} more lines, see --report")
    if found.missing:
        say(
            f"  {len(found.missing)} 个单位缺统一社会信用代码，可用 --unknown-units 写出待填",
            f"{len(found.missing)} units lack a credit code; --unknown-units writes them to fill in",
            to=err,
        )
    unused = sum(line.unused for line in found.lines)
    say(
        f"读懂 {told[Outcome.UNDERSTOOD]} 行，未读懂 {told[Outcome.REFUSED]} 行，"
        f"暂缓 {told[Outcome.HELD_BACK]} 行，略过 {told[Outcome.SKIPPED]} 行；"
        f"记录 {len(found.records)} 条" + (f"，其中 {unused} 行保留不用" if unused else ""),
        f"{told[Outcome.UNDERSTOOD]} lines understood, {told[Outcome.REFUSED]} not,"
        f" {told[Outcome.HELD_BACK]} held back, {told[Outcome.SKIPPED]} skipped;"
        f" {len(found.records)} records" + (f", {unused} lines kept, not used" if unused else ""),
        "bold",
    )


def _print_line(file: Path, line: NoticeLine) -> None:
    to = err if line.outcome is Outcome.REFUSED else out
    mark, zh, en, style = _WORDS[line.outcome]
    head = Text.assemble((f"{mark} {file.name}:{line.number}", style))
    head.append(f"  {line.record}  " if line.record else "  ")
    to.print(head.append(both(zh, en)), soft_wrap=True)
    for problem in line.problems:
        value = f"“{problem.value}” " if problem.value else ""
        to.print(
            Text.assemble(
                f"    {problem.column} ",
                (value, "yellow"),
                f"{problem.zh}  ",
                (f"{problem.en}  [{problem.code}]", "dim"),
            ),
            soft_wrap=True,
        )
    same = []
    for each in line.understood:
        if each.printed == each.read:
            same.append(each.zh)
            continue
        printed = f"“{each.printed}” → " if each.printed else "→ "
        to.print(
            Text.assemble(f"    {each.zh} ", (each.en, "dim"), f"：{printed}", (each.read, "bold")),
            soft_wrap=True,
        )
    if same:
        to.print(
            Text.assemble("    照录 ", ("as printed", "dim"), f"：{'、'.join(same)}"),
            soft_wrap=True,
        )
    for remark_zh, remark_en in line.remarks:
        to.print(Text("    · ").append(both(remark_zh, remark_en)), soft_wrap=True)


def write_understanding(file: Path, found: Understanding) -> None:
    """Write every line, one JSON object each."""
    file.write_bytes(b"".join(msgspec.json.encode(_row(line)) + b"\n" for line in found.lines))


def _row(line: NoticeLine) -> dict[str, object]:
    return {
        "line": line.number,
        "outcome": line.outcome.value,
        "record": line.record,
        "unused": line.unused,
        "understood": [each._asdict() for each in line.understood],
        "remarks": [{"zh": zh, "en": en} for zh, en in line.remarks],
        "problems": [problem._asdict() for problem in line.problems],
    }
