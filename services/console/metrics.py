"""Every metric of the console. Labels come from closed sets: route templates, classes of status."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "ACKNOWLEDGED",
    "LIVE_CLIENTS",
    "LIVE_EVENTS",
    "LIVE_RETRIES",
    "LIVE_SECONDS",
    "LOGINS",
    "REQUESTS",
    "REQUEST_SECONDS",
]

REQUESTS = Counter("liandan_console_requests_total", "HTTP requests answered", ["route", "status"])
REQUEST_SECONDS = Histogram(
    "liandan_console_request_seconds",
    "From the request's head to the end of its answer; live streams left out",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LOGINS = Counter(
    "liandan_console_logins_total", "Logins: accepted, refused, limited (too many)", ["result"]
)
ACKNOWLEDGED = Counter(
    "liandan_console_acknowledgements_total", "Forms sent to take up an alert", ["result"]
)
LIVE_CLIENTS = Gauge("liandan_console_live_clients", "Live lists open now")
LIVE_EVENTS = Counter(
    "liandan_console_live_events_total", "Rows of the feed handed to live lists, once a list"
)
LIVE_SECONDS = Histogram(
    "liandan_console_live_seconds",
    "From the judge's writing of a revision to its handing to the live lists",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
LIVE_RETRIES = Counter("liandan_console_live_retries_total", "Rounds of the live list that failed")
