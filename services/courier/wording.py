"""The text of messages to people: plain, short, bounded in bytes, Chinese first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from schemas.instant import CHINA
from services.courier.channel import Channel, Language
from services.courier.news import Change, Item

__all__ = ["NAMED", "Kind", "Message", "compose", "test_text"]

Kind = Literal["urgent", "digest", "test"]
NAMED: Mapping[str, int] = {"urgent": 10, "digest": 30}
"""So many alerts a message names at most; the others are counted."""

_SEVERITIES = {
    "critical": ("特高", "critical"),
    "high": ("高", "high"),
    "medium": ("中", "medium"),
    "low": ("低", "low"),
}
_CHANGES: dict[Change, tuple[str, str]] = {
    "opened": ("", ""),
    "raised": ("程度上升", "raised"),
    "withdrawn": ("撤回", "withdrawn"),
}
_SENTENCE, _NAME = 200, 40


@dataclass(frozen=True)
class Message:
    """``named``: how many of the items, from the first on, the body names; the rest it counts."""

    title: str
    body: str
    named: int


def compose(
    kind: Kind,
    channel: Channel,
    items: Sequence[Item],
    alerts: Mapping[UUID, Mapping[str, Any]],
    *,
    most_bytes: int,
    console_url: str,
) -> Message:
    """Return the message that tells ``items`` within ``most_bytes`` of UTF-8, title included.

    ``alerts``: those of the first ``NAMED[kind]`` items at least, as the feed has them.
    """
    title = _title(kind, channel.language, items)
    console = console_url.rstrip("/")
    blocks: list[str] = []
    for item in items[: NAMED[kind]]:
        block = _block(channel.language, item, alerts[item.newest.alert_id], console)
        rest = len(items) - len(blocks) - 1
        text = "\n\n".join([*blocks, block, *_more(channel.language, rest, console)])
        if len(f"{title}\n{text}".encode()) > most_bytes:
            break
        blocks.append(block)
    rest = len(items) - len(blocks)
    body = "\n\n".join([*blocks, *_more(channel.language, rest, console)])
    return Message(title, body, len(blocks))


def test_text(language: Language) -> Message:
    """Return a message that tells of nothing."""
    body = _in(language, "这是联单的测试消息，未报告任何告警。", "A test of Liandan; no alert.")
    return Message(_in(language, "联单：测试", "Liandan: test"), body, 0)


def _in(language: Language, zh: str, en: str) -> str:
    return {"zh": zh, "en": en, "both": f"{zh} / {en}"}[language]


def _title(kind: Kind, language: Language, items: Sequence[Item]) -> str:
    withdrawn = sum(item.change == "withdrawn" for item in items)
    fresh = len(items) - withdrawn
    zh = "，".join([f"{fresh} 条告警"] * bool(fresh) + [f"撤回 {withdrawn} 条"] * bool(withdrawn))
    en = ", ".join(
        [f"{fresh} alert{'s' * (fresh > 1)}"] * bool(fresh)
        + [f"{withdrawn} withdrawn"] * bool(withdrawn)
    )
    if kind == "digest":
        return _in(language, f"联单每日汇总：{zh}", f"Liandan digest: {en}")
    return _in(language, f"联单：{zh}", f"Liandan: {en}")


def _more(language: Language, count: int, console: str) -> list[str]:
    if not count:
        return []
    text = _in(language, f"另有 {count} 条", f"and {count} more")
    return [f"{text}: {console}/" if console else text]


def _block(language: Language, item: Item, alert: Mapping[str, Any], console: str) -> str:
    lines = []
    if language in ("zh", "both"):
        lines += _lines(item, alert, 0)
    if language in ("en", "both"):
        lines += _lines(item, alert, 1)
    lines.append(_parties(language, alert))
    if console:
        lines.append(f"{console}/alerts/{item.newest.alert_id}")
    return "\n".join(lines)


def _lines(item: Item, alert: Mapping[str, Any], tongue: Literal[0, 1]) -> list[str]:
    """Return the heading and the sentence in one language (0 zh, 1 en)."""
    suffix = ("zh", "en")[tongue]
    words = [_SEVERITIES[item.newest.severity][tongue]]
    if item.newest.finding == "review":
        words.append(("待核", "for review")[tongue])
    if _CHANGES[item.change][tongue]:
        words.insert(0, _CHANGES[item.change][tongue])
    heading = f"【{' · '.join(words)}】{_plain(alert.get(f'title_{suffix}'), _SENTENCE)}"
    told = "withdrawn" if item.change == "withdrawn" else "text"
    sentence = _plain(alert.get(f"{told}_{suffix}") or alert.get(f"{told}_reason"), _SENTENCE)
    return [heading, sentence] if sentence else [heading]


def _parties(language: Language, alert: Mapping[str, Any]) -> str:
    subject = _plain(alert.get("subject"), 80)
    kind, slash, rest = subject.partition("/")
    what = _in(language, f"限额 {rest}", f"limit {rest}") if slash else _in(
        language, f"联单 {kind}", f"manifest {kind}"
    )  # fmt: skip
    firms = [
        _plain(alert.get(f"{party}_name") or alert.get(party), _NAME)
        for party in ("consignor", "receiver")
    ]
    return " · ".join(filter(None, [what, " → ".join(filter(None, firms)), _moment(alert)]))


def _moment(alert: Mapping[str, Any]) -> str:
    try:
        at = datetime.fromisoformat(alert["act_at"])
    except (KeyError, TypeError, ValueError):  # no reason to tell nothing
        return ""
    return at.astimezone(CHINA).strftime("%m-%d %H:%M")


def _plain(value: Any, most: int) -> str:
    """Return one line that no messenger takes for markup or for calling everybody (<at …>)."""
    text = "".join(c if c.isprintable() else " " for c in str(value or ""))
    text = " ".join(text.split()).replace("<", "＜").replace(">", "＞").replace("@", "＠")
    return text if len(text) <= most else text[: most - 1] + "…"
