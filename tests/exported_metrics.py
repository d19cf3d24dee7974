"""Which series our processes export, told by their metrics modules; and what an expression reads."""

import functools
import importlib
import re
from typing import Any, NamedTuple

from prometheus_client import PROCESS_COLLECTOR, Counter, Gauge, Histogram, Summary

from tests.prometheus_tools import ROOT, rules

FOREIGN = {
    "up",
    "ALERTS",
    "alertmanager_notifications_failed_total",
    *(each.name for family in PROCESS_COLLECTOR.collect() for each in family.samples),
}
"""What Prometheus, Alertmanager and the client library give; seen in real ones by
``tests/integration/infra/test_operators_view.py``."""

_SUFFIXES: dict[type, tuple[str, ...]] = {
    Counter: ("_total",),
    Gauge: ("",),
    Histogram: ("_bucket", "_sum", "_count"),
    Summary: ("_sum", "_count"),
}
_KEYWORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right"}
_KEYWORDS |= {"bool", "offset", "inf", "nan"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_NAME = re.compile(r"(?<![\w.:])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


class Matcher(NamedTuple):
    """One label condition in an expression."""

    metric: str
    label: str
    operator: str
    value: str


def modules() -> list[str]:
    """Return every metrics module of the project."""
    paths = [*ROOT.glob("services/*/metrics.py"), ROOT / "streams/metrics.py"]
    paths.append(ROOT / "infra/runtime/metrics.py")
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)


@functools.cache
def metrics() -> list[Any]:
    """Return every metric that is declared in one of them."""
    kinds = tuple(_SUFFIXES)
    found = {
        id(value): value
        for module in modules()
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, kinds)
    }
    return list(found.values())


def series() -> dict[str, Any]:
    """Return the metric of each series name."""
    return {
        metric._name + suffix: metric for metric in metrics() for suffix in _SUFFIXES[type(metric)]
    }


@functools.cache
def recorded() -> set[str]:
    """Return the names that recording rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}


def names_in(expression: str) -> set[str]:
    """Return the series that an expression reads."""
    bare = _GROUPING.sub("", _STRING.sub('""', expression))
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    return {name for name in _NAME.findall(bare) if name.lower() not in _KEYWORDS}


def matchers_in(expression: str) -> list[Matcher]:
    """Return every label condition of an expression."""
    return [
        Matcher(metric, *matcher)
        for metric, inside in _SELECTOR.findall(expression)
        for matcher in _MATCHER.findall(inside)
    ]
