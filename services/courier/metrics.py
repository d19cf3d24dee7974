"""Every metric of the courier."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "FED",
    "FEED_SECONDS",
    "LEADS",
    "OUTBOX_AGE",
    "RETRIES",
    "SENT",
]

_AGES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)

LEADS = Gauge("liandan_courier_leads", "1: this courier leads; 0: it stands by")
FED = Counter("liandan_courier_feed_rows_total", "Outbox rows that got their place in the feed")
FEED_SECONDS = Histogram(
    "liandan_courier_feed_seconds", "From the outbox row to its place in the feed", buckets=_AGES
)
SENT = Counter("liandan_courier_sent_total", "Records that the alerts topic acknowledged")
OUTBOX_AGE = Gauge(
    "liandan_courier_outbox_age_seconds", "Age of the oldest outbox row not sent; 0 if none is left"
)
RETRIES = Counter(
    "liandan_courier_retries_total", "Rounds that failed and are tried again", ["loop"]
)
