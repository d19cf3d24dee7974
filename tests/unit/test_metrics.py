"""Metrics keep Prometheus' naming and cannot grow with what facilities post."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram, Summary

MODULES = [
    "infra.runtime.metrics",
    "services.archiver.metrics",
    "services.console.metrics",
    "services.courier.metrics",
    "services.gateway.metrics",
    "streams.metrics",
]
CLOSED = {
    "rule",
    "severity",
    "change",
    "reason",
    "loop",
    "partition",
    "result",
    "what",
    "outcome",
    "route",
    "status",
    "volume",
    "file",
    "consumer",
}
"""Labels whose values come from code, from settings, or from the number of partitions."""


def metrics_of(module: str) -> Iterator[Any]:
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, Counter | Gauge | Histogram | Summary):
            yield value


@pytest.mark.parametrize("module", MODULES)
def test_every_metric_is_named_after_its_unit_and_kind(module: str) -> None:
    found = list(metrics_of(module))
    assert found
    for metric in found:
        name = metric._name
        assert name.startswith("liandan_"), name
        assert metric._documentation, name
        if isinstance(metric, Histogram):
            assert name.endswith(("_seconds", "_events", "_records", "_bytes")), name
        assert not name.endswith(("_ms", "_millis", "_count", "_sum")), name


@pytest.mark.parametrize("module", MODULES)
def test_no_label_can_take_a_unit_a_manifest_or_an_event(module: str) -> None:
    for metric in metrics_of(module):
        assert set(metric._labelnames) <= CLOSED, metric._name
