"""``python -m streams``: one stream worker, until it is told to stop."""

import sys

from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from streams.judge_worker import JudgeWorker
from streams.worker import run


def main() -> int:
    """Run the worker; the exit code is 0 after a signal, not 0 after a failure."""
    settings = Settings()
    configure_logs(settings.worker_id, settings.log_level)
    serve_metrics(settings)
    return run(settings, JudgeWorker(settings, MANIFEST_TOPIC))


if __name__ == "__main__":
    sys.exit(main())
