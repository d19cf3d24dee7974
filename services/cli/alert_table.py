"""Alerts as lines of a table that can grow while one watches."""

import re
from datetime import datetime
from typing import Literal

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from schemas.alert import Alert, Severity
from schemas.instant import CHINA

__all__ = ["FINDINGS", "SEVERITIES", "AlertTable", "article_of", "short_name"]

SEVERITIES: dict[Severity, tuple[str, str]] = {
    "critical": ("特高", "bold white on red"),
    "high": ("高", "bold red"),
    "medium": ("中", "yellow"),
    "low": ("低", "cyan"),
}
"""Chinese word and style of each severity."""

FINDINGS: dict[str, tuple[str, str]] = {"review": ("待核", "magenta"), "notice": ("提示", "green")}
"""What stands in place of the severity where nobody is accused."""

_LAWS = {
    "中华人民共和国固体废物污染环境防治法": "固废法",
    "中华人民共和国生态环境法典": "生态环境法典",
    "危险废物转移管理办法": "转移管理办法",
}
_TIME, _SEVERITY, _WHAT, _NUMBER, _PARTIES, _LAW = 11, 4, 26, 17, 45, 27
_GAP = 2
_ONE_LINE = _TIME + _SEVERITY + _WHAT + _NUMBER + _PARTIES + _LAW + 5 * _GAP
"""From this width on an alert is one line, below it two."""

Kind = Literal["opened", "withdrawn"]


class AlertTable:
    """Rows of fixed columns for one width of the terminal: ``header()``, then ``row()`` by row."""

    def __init__(self, width: int) -> None:
        self._wide = width >= _ONE_LINE
        left = width - _TIME - _SEVERITY
        if self._wide:
            law = left - _WHAT - _NUMBER - _PARTIES - 5 * _GAP
            self._widths = [_TIME, _SEVERITY, _WHAT, _NUMBER, _PARTIES, min(law, 2 * _LAW)]
        else:
            parties = max(_WHAT, min(_PARTIES, left - _LAW - 3 * _GAP))
            law = max(_NUMBER, left - parties - 3 * _GAP)
            self._widths = [_TIME, _SEVERITY, parties, law]

    def header(self) -> RenderableType:
        """Return the names of the columns."""
        time, severity = Text("时间 time"), Text("程度")
        what, number = Text("事项 what"), Text("联单号 manifest")
        parties, law = Text("移出人 → 接受人 from → to"), Text("条款 article")
        for text in (time, severity, what, number, parties, law):
            text.stylize("bold dim")
        return self._line(time, severity, what, number, parties, law)

    def row(self, alert: Alert, kind: Kind = "opened") -> RenderableType:
        """Return an alert; a withdrawn one dim, with the reason instead of the article."""
        moment = datetime.fromisoformat(alert.act_at).astimezone(CHINA)
        time = Text(moment.strftime("%m-%d %H:%M"), "dim")
        number = Text(_subject(alert.subject))
        if kind == "withdrawn":
            why = alert.withdrawn_zh or alert.withdrawn_reason or ""
            parts = (Text("撤回"), Text(alert.title_zh), number, self._parties_of(alert), Text(why))
            for part in parts:
                part.stylize("dim")
            return self._line(time, *parts)
        word, style = FINDINGS.get(alert.finding, SEVERITIES[alert.severity])
        return self._line(
            time,
            Text(word, style),
            Text(alert.title_zh, "bold"),
            number,
            self._parties_of(alert),
            Text(article_of(alert), "dim"),
        )

    def _parties_of(self, alert: Alert) -> Text:
        names = [
            short_name(name)
            for name in (
                alert.consignor_name or alert.consignor,
                alert.receiver_name or alert.receiver,
            )
            if name is not None  # a limit of one party has no other
        ]
        return Text(" → ".join(names))

    def _line(
        self, time: Text, severity: Text, what: Text, number: Text, parties: Text, law: Text
    ) -> RenderableType:
        cells = [time, severity, what, number, parties, law]
        if not self._wide:
            cells = [time, severity, _stacked(what, parties), _stacked(number, law)]
        table = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
        for width in self._widths:
            table.add_column(width=width, overflow="fold")
        table.add_row(*cells)
        return table


def _stacked(above: Text, below: Text) -> Text:
    return Text("\n").join([above, below])


def _subject(subject: str) -> str:
    """Return a manifest number, or what a limit is about."""
    kind, slash, rest = subject.partition("/")
    return rest.replace("/pool/", " ") if slash else kind


def short_name(name: str) -> str:
    """Return a firm's name without what all firms' names end in."""
    short = name.removesuffix("有限公司")
    return short if cell_len(short) >= 4 else name


def article_of(alert: Alert) -> str:
    """Return the first legal basis in short: law and article."""
    if not alert.law:
        return ""
    basis = alert.law[0]
    article = re.split("[、，]", basis.article, maxsplit=1)[0]
    return f"{_LAWS.get(basis.law, basis.law)} {article}"
