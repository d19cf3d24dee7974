"""Every metric of the gateway.

Labels come from closed sets: codes of ``problems.KINDS``, routes, ``terminals.refusal.REASONS``.
"""

from prometheus_client import Counter, Gauge, Histogram

from services.gateway.problems import KINDS
from services.gateway.terminals.refusal import REASONS

__all__ = [
    "ACK_SECONDS",
    "BATCH_EVENTS",
    "CHECKS",
    "EVENTS",
    "INFLIGHT",
    "INFLIGHT_BYTES",
    "KAFKA_READY",
    "KEYS_LOADED",
    "LOOKUPS_SKIPPED",
    "PRODUCER_REBUILDS",
    "PRODUCER_STARTS_FAILED",
    "RECENT_EVENTS",
    "REQUESTS",
    "REQUEST_SECONDS",
    "TERMINALS_KNOWN",
    "TERMINAL_CONNECTIONS",
    "TERMINAL_FRAMES",
    "TERMINAL_FRAMES_WAITING",
    "TERMINAL_POSITIONS",
]

EVENTS = Counter(
    "liandan_gateway_events_total",
    "Events posted, by what became of them: accepted, duplicate, or the code of the refusal",
    ["result"],
)
REQUESTS = Counter("liandan_gateway_requests_total", "HTTP requests answered", ["route", "status"])
REQUEST_SECONDS = Histogram(
    "liandan_gateway_request_seconds",
    "From the request's head to the end of its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BATCH_EVENTS = Histogram(
    "liandan_gateway_batch_events",
    "Events in one POST that was read",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
ACK_SECONDS = Histogram(
    "liandan_gateway_ack_seconds",
    "From handing a batch to the Kafka client to its acknowledgement by all in-sync copies",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
PRODUCER_REBUILDS = Counter(
    "liandan_gateway_producer_rebuilds_total", "Kafka producers given up and replaced"
)
PRODUCER_STARTS_FAILED = Counter(
    "liandan_gateway_producer_starts_failed_total", "Attempts to connect to Kafka that failed"
)
KAFKA_READY = Gauge("liandan_gateway_kafka_ready", "1 while a Kafka producer is connected")
INFLIGHT = Gauge("liandan_gateway_inflight_requests", "POSTs whose body is held")
INFLIGHT_BYTES = Gauge("liandan_gateway_inflight_bytes", "Bytes of bodies held")
RECENT_EVENTS = Gauge("liandan_gateway_recent_events", "Events in the recent window")
LOOKUPS_SKIPPED = Counter(
    "liandan_gateway_lookups_skipped_total",
    "Look-ups of duplicates not made or given up because Postgres was away or slow",
)
CHECKS = Counter(
    "liandan_gateway_checks_total", "Drafts checked, by what was said of them", ["outcome"]
)
for _light in ("green", "review", "red"):
    CHECKS.labels(_light)
for _result in ("accepted", "duplicate", *KINDS):
    EVENTS.labels(_result)  # a series that begins with its first failure hides it from rate()
REQUESTS.labels("events", "500")
KEYS_LOADED = Gauge("liandan_gateway_keys", "API keys in the snapshot, revoked ones included")
TERMINAL_CONNECTIONS = Gauge(
    "liandan_gateway_terminal_connections", "Connections of vehicles' terminals"
)
TERMINALS_KNOWN = Gauge("liandan_gateway_terminals", "Terminals on record in the snapshot")
TERMINAL_FRAMES = Counter(
    "liandan_gateway_terminal_frames_total",
    "Frames of terminals, by what became of them: kept, answered, or the reason of the refusal",
    ["result"],
)
for _result in ("kept", "answered", *REASONS):
    TERMINAL_FRAMES.labels(_result)
TERMINAL_POSITIONS = Counter(
    "liandan_gateway_terminal_positions_total", "Positions of terminals kept in the log"
)
TERMINAL_FRAMES_WAITING = Gauge(
    "liandan_gateway_terminal_frames_waiting", "Frames that wait to be appended to the log"
)
