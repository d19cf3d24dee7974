"""``docs/reference/metrics.md``: every metric of every process."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, Summary

from services.cli.reference.chinese import METRICS_ZH
from services.cli.reference.page import code, page, table, two

__all__ = ["metric_modules", "metrics_of", "metrics_page"]

_ROOT = Path(__file__).parents[3]
_PROCESSES = {
    "infra.runtime.metrics": ("每个进程", "every process"),
    "streams.metrics": ("研判进程", "stream worker"),
    "services.gateway.metrics": ("网关", "gateway"),
    "services.archiver.metrics": ("归档", "archiver"),
    "services.courier.metrics": ("信使", "courier"),
    "services.console.metrics": ("控制台", "console"),
}
_INTRO = """\
每个进程在自己的 `/metrics` 上给出下列指标，地址见 `liandan doctor`，或由 `LIANDAN_METRICS_HOST`、
`LIANDAN_METRICS_PORT` 设定。时间以秒计，标签取值都是封闭集合，不含单位、联单和事件。
Each process shows these at its own `/metrics`; `liandan doctor` tells the addresses, or set
`LIANDAN_METRICS_HOST` and `LIANDAN_METRICS_PORT`. Times are seconds. Labels take values of closed
sets only, never a unit, a manifest or an event."""


def metric_modules() -> list[str]:
    """Return the modules in which processes declare their metrics, shared ones first."""
    found = [
        ".".join(path.relative_to(_ROOT).with_suffix("").parts)
        for folder in ("infra", "streams", "services")
        for path in sorted((_ROOT / folder).rglob("metrics.py"))
        if "reference" not in path.parts
    ]
    order = list(_PROCESSES)
    return sorted(found, key=lambda m: order.index(m) if m in order else len(order))


def metrics_of(module: str) -> Iterator[Any]:
    """Yield the metrics that a module declares, in its order."""
    for name, value in vars(import_module(module)).items():
        if isinstance(value, Counter | Gauge | Histogram | Summary) and name.isupper():
            yield value


def metrics_page() -> str:
    """Return the page."""
    sections = []
    for module in metric_modules():
        zh, en = _PROCESSES.get(module, (module, ""))
        rows = [_row(metric) for metric in metrics_of(module)]
        head = ("指标 metric", "类型 type", "标签 labels", "含义 what it is")
        sections.append(f"## {zh} {en}".rstrip() + f"\n\n{table(head, rows)}")
    return page("指标", "Metrics", _INTRO, *sections)


def _row(metric: Any) -> tuple[str, ...]:
    (family,) = metric.describe()
    name = family.name + ("_total" if isinstance(metric, Counter) else "")
    labels = ", ".join(map(code, metric._labelnames))
    return code(name), family.type, labels, two(METRICS_ZH.get(name, ""), family.documentation)
