"""Metrics of the stream worker. Labels are closed sets: rules, severities, reasons, partitions."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "ALERTS",
    "BATCH_EVENTS",
    "BATCH_SECONDS",
    "EVENTS",
    "EVENT_TO_ALERT",
    "FENCED",
    "LAG_RECORDS",
    "LAG_SECONDS",
    "QUARANTINED",
    "REGISTRY_SEQ",
    "REJUDGED",
    "RETRIES",
    "SHARED_JUDGED",
]

EVENTS = Counter("liandan_judge_events_total", "Events judged and committed")
QUARANTINED = Counter("liandan_judge_quarantined_total", "Records sent to quarantine", ["reason"])
ALERTS = Counter(
    "liandan_judge_alerts_total",
    "Alerts written: raised (again), revised or withdrawn",
    ["rule", "severity", "change"],
)
BATCH_EVENTS = Histogram(
    "liandan_judge_batch_events",
    "Events in one batch transaction",
    buckets=(1, 5, 20, 50, 100, 200, 500, 1000, 2000, 5000),
)
BATCH_SECONDS = Histogram(
    "liandan_judge_batch_seconds",
    "Duration of one batch transaction, judging included",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
EVENT_TO_ALERT = Histogram(
    "liandan_event_to_alert_seconds",
    "From the gateway's receipt of an event to the commit of the alert that it raised",
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
LAG_RECORDS = Gauge(
    "liandan_judge_lag_records", "Records in the log that are not judged yet", ["partition"]
)
LAG_SECONDS = Gauge(
    "liandan_judge_lag_seconds",
    "Age of the partition's clock: how far behind the present judging stands",
    ["partition"],
)
REGISTRY_SEQ = Gauge("liandan_judge_registry_seq", "Registry sequence that verdicts rest on")
REJUDGED = Counter("liandan_judge_rejudged_total", "Subjects judged again by order or deadline")
SHARED_JUDGED = Counter("liandan_judge_shared_subjects_total", "Judgements of shared subjects")
FENCED = Counter(
    "liandan_judge_fenced_total", "Batches refused because another owner has taken over"
)
RETRIES = Counter(
    "liandan_judge_retries_total", "Transactions tried again because Postgres was away"
)
