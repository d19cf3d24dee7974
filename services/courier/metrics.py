"""Every metric of the courier."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "BACKUP_DONE",
    "BACKUP_VERIFIED",
    "CERTIFICATE_ENDS",
    "CONSUMER_STOPPED",
    "DATABASE_BYTES",
    "DELIVERIES",
    "DELIVERY_SECONDS",
    "FED",
    "FEED_SECONDS",
    "JUDGE_CLOCK_AGE",
    "LEADS",
    "MESSAGES",
    "OUTBOX_AGE",
    "PEOPLE_OLDEST",
    "PRUNED",
    "QUARANTINE_OLDEST",
    "QUARANTINE_WAITING",
    "RETRIES",
    "SENT",
    "SET_ASIDE",
    "SET_ASIDE_ROWS",
    "WEBHOOK_DISABLED",
    "WEBHOOK_OLDEST",
    "WEBHOOK_SECONDS",
    "WEBHOOK_WAITING",
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
SET_ASIDE = Counter(
    "liandan_courier_set_aside_total",
    "Outbox rows that are no alerts, by what is wrong",
    ["reason"],
)
SET_ASIDE_ROWS = Gauge(
    "liandan_courier_set_aside_rows", "Outbox rows set aside that still lie there"
)
RETRIES = Counter(
    "liandan_courier_retries_total", "Rounds that failed and are tried again", ["loop"]
)

DELIVERIES = Counter(
    "liandan_courier_webhook_attempts_total", "Webhook requests by what came of them", ["outcome"]
)
WEBHOOK_SECONDS = Histogram(
    "liandan_courier_webhook_request_seconds",
    "One webhook request, name look-up to answer",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DELIVERY_SECONDS = Histogram(
    "liandan_courier_webhook_delivery_seconds",
    "From the feed to the receiver's 2xx",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400),
)
WEBHOOK_WAITING = Gauge(
    "liandan_courier_webhook_waiting", "Deliveries that wait, of endpoints that are not disabled"
)
WEBHOOK_OLDEST = Gauge(
    "liandan_courier_webhook_oldest_seconds",
    "Age of the oldest delivery that waits, of endpoints that are not disabled; 0 if none does",
)
WEBHOOK_DISABLED = Gauge(
    "liandan_courier_webhook_disabled", "Endpoints disabled after days of failure, or by a 410"
)

MESSAGES = Counter(
    "liandan_courier_messages_total", "Messages to people by what came of them", ["outcome"]
)
PEOPLE_OLDEST = Gauge(
    "liandan_courier_people_oldest_seconds",
    "How long the channel that waits longest could not be told what is urgent; 0 if none waits",
)
PRUNED = Counter("liandan_courier_pruned_rows_total", "Rows pruned after their days", ["what"])
# What the leader sees in the database on behalf of processes that may be gone. A courier that does
# not lead (any more) may still show old values: read them where ``liandan_courier_leads`` is 1.
QUARANTINE_WAITING = Gauge(
    "liandan_quarantine_unanswered_rows", "Quarantined records that nobody has answered yet"
)
QUARANTINE_OLDEST = Gauge(
    "liandan_quarantine_oldest_seconds", "Age of the oldest unanswered record; 0 if none waits"
)
CONSUMER_STOPPED = Gauge(
    "liandan_consumer_stopped_partitions",
    "Partitions at which a consumer refused to go on: the log is not the one it had read",
    ["consumer"],
)
JUDGE_CLOCK_AGE = Gauge(
    "liandan_judge_clock_age_seconds",
    "Age of the clock of the partition that is furthest behind, whether a worker owns it or not",
)
DATABASE_BYTES = Gauge("liandan_database_size_bytes", "Size of the database")

# What lies in files: read when asked for.
BACKUP_DONE = Gauge(
    "liandan_backup_last_success_timestamp_seconds",
    "When the last backup was finished (seconds since 1970); 0: never",
)
BACKUP_VERIFIED = Gauge(
    "liandan_backup_verified_timestamp_seconds",
    "When a backup was last restored to prove it (seconds since 1970); 0: never",
)
CERTIFICATE_ENDS = Gauge(
    "liandan_certificate_not_after_timestamp_seconds",
    "When the first certificate of the watched file ends (seconds since 1970); 0: unreadable",
    ["file"],
)
