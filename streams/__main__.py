"""``python -m streams``: one stream worker, until it is told to stop."""

import sys

from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import MEDICAL_TOPIC, TRACKS_TOPIC, Settings
from infra.runtime.ticket_keys import PublicKeys
from streams.judge_worker import JudgeWorker
from streams.judging.rules import RULE_BOOK
from streams.medical_worker import MedicalWorker
from streams.worker import run


def main() -> int:
    """Run the worker; the exit code is 0 after a signal, not 0 after a failure."""
    settings = Settings()
    configure_logs(settings.worker_id, settings.log_level)
    serve_metrics(settings)
    book = RULE_BOOK._replace(ticket_keys=PublicKeys(settings.ticket_directory))
    topic = settings.worker_topic
    if topic == MEDICAL_TOPIC:
        return run(settings, MedicalWorker(settings, topic, book), topic)
    if topic == TRACKS_TOPIC:
        # numpy and shapely take tens of megabytes, which no other worker needs.
        from streams.track_worker import TrackWorker

        return run(settings, TrackWorker(settings, topic, book), topic)
    return run(settings, JudgeWorker(settings, topic, book), topic)


if __name__ == "__main__":
    sys.exit(main())
