"""``python -m bench.first_rules``: a stream worker with the rules from before the terms.

What the rules that came later cost is seen by running ``bench.durable`` with these and with all.
"""

import sys

from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from streams.judge_worker import JudgeWorker
from streams.judging.rules import RULE_BOOK
from streams.worker import run

__all__ = ["FIRST_RULES"]

_FIRST = frozenset(
    (
        "cross_province.no_approval",
        "cross_province.approval_not_in_force",
        "cross_province.wrong_method",
        "cross_province.wrong_receiver",
        "cross_province.wrong_code",
        "cross_province.whitelist_not_approval",
        "inbound.banned",
        "licence.receiver_unlicensed",
        "licence.suspended",
        "licence.code_out_of_scope",
        "licence.mode_out_of_scope",
        "carrier.no_permit",
        "carrier.plate_not_on_permit",
        "form.not_entitled",
        "form.conflicting_reports",
        "cross_province.quantity_exceeded",
        "whitelist.cap_exceeded",
        "licence.scale_exceeded",
    )
)

FIRST_RULES = RULE_BOOK._replace(
    manifest=tuple(rule for rule in RULE_BOOK.manifest if rule.id in _FIRST),
    limit=tuple(rule for rule in RULE_BOOK.limit if rule.id in _FIRST),
)


def main() -> int:
    """Run the worker as ``python -m streams`` does."""
    settings = Settings()
    configure_logs(settings.worker_id, settings.log_level)
    serve_metrics(settings)
    return run(settings, JudgeWorker(settings, MANIFEST_TOPIC, FIRST_RULES))


if __name__ == "__main__":
    sys.exit(main())
