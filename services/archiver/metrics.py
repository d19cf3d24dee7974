"""Every metric of the archiver."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "ARCHIVED",
    "BATCH_RECORDS",
    "BATCH_SECONDS",
    "CONFLICTS",
    "DUPLICATES",
    "LAG_RECORDS",
    "LAG_SECONDS",
    "ODDITIES",
    "RETRIES",
    "TRACK_BYTES",
    "TRACK_FILES",
    "TRACK_LAG_RECORDS",
    "TRACK_LAG_SECONDS",
    "TRACK_ORPHANS",
    "TRACK_RECORDS",
]

ARCHIVED = Counter("liandan_archiver_records_total", "Records written to the event log")
DUPLICATES = Counter(
    "liandan_archiver_duplicates_total", "Copies of an event that was archived before"
)
CONFLICTS = Counter(
    "liandan_archiver_conflicts_total", "Events that came with an id already used for other bytes"
)
ODDITIES = Counter(
    "liandan_archiver_oddities_total", "Archived records that got a quarantine row", ["reason"]
)
BATCH_RECORDS = Histogram(
    "liandan_archiver_batch_records",
    "Records in one transaction",
    buckets=(1, 10, 100, 500, 1000, 2000, 5000),
)
BATCH_SECONDS = Histogram(
    "liandan_archiver_batch_seconds",
    "From a fetch to its commit",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
LAG_RECORDS = Gauge(
    "liandan_archiver_lag_records", "Records not archived yet, as of the last fetch", ["partition"]
)
LAG_SECONDS = Gauge(
    "liandan_archiver_lag_seconds",
    "Age of the oldest record that may not be archived yet; 0 when caught up",
    ["partition"],
)
RETRIES = Counter("liandan_archiver_retries_total", "Attempts that failed for now", ["what"])
for _what in ("kafka", "postgres", "disk"):
    RETRIES.labels(_what)  # a series that begins with its first failure hides it from rate()

TRACK_RECORDS = Counter(
    "liandan_archiver_track_records_total", "Records of vehicles' positions archived in files"
)
TRACK_FILES = Counter("liandan_archiver_track_files_total", "Files of vehicles' positions archived")
TRACK_BYTES = Counter(
    "liandan_archiver_track_bytes_total", "Bytes of the archived files of vehicles' positions"
)
TRACK_ORPHANS = Counter(
    "liandan_archiver_track_orphans_total",
    "Files found at the start without a row: adopted, or set aside because they do not go on "
    "where the archive ends",
    ["outcome"],
)
for _outcome in ("adopted", "set_aside"):
    TRACK_ORPHANS.labels(_outcome)
TRACK_LAG_RECORDS = Gauge(
    "liandan_archiver_track_lag_records",
    "Records of vehicles' positions that are in no archived file yet; a file is open for minutes",
    ["partition"],
)
TRACK_LAG_SECONDS = Gauge(
    "liandan_archiver_track_lag_seconds",
    "Age of the oldest record of vehicles' positions that may be in no archived file yet",
    ["partition"],
)
