"""``python -m services.courier``: runs until SIGTERM or SIGINT; exit code 0, 2 settings, 5 schema unfit."""

import asyncio
import logging
import signal
import sys

import structlog
import uvloop

from infra.runtime.kafka_on_uvloop import mend_aiokafka
from infra.runtime.logs import configure_logs
from infra.runtime.metrics import serve_metrics
from infra.runtime.schema import SchemaUnfit
from infra.runtime.settings import Settings
from services.courier.courier import Courier
from services.courier.upkeep import watch_upkeep

STOPPED, SCHEMA_UNFIT = 0, 5
_FINISH_WITHIN_S = 2.0
"""For the rounds in hand after SIGTERM; cut short, what was not marked goes out again."""

log = structlog.get_logger("services.courier")


async def serve(settings: Settings) -> int:
    """Hand on alerts until SIGTERM or SIGINT and return the exit code; 2: unusable settings."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    try:
        courier = Courier(settings, stop)
    except (ValueError, OSError) as error:
        log.critical("a setting cannot be used", error=str(error))
        return 2
    working = asyncio.ensure_future(courier.run())

    def end() -> None:
        stop.set()
        loop.call_later(_FINISH_WITHIN_S, working.cancel)

    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, end)
    try:
        await working
    except asyncio.CancelledError:
        log.warning("stopped in the middle of a round: what was not marked goes out again")
    except SchemaUnfit as unfit:
        log.error("schema unfit", zh=unfit.sentence_zh, en=unfit.sentence_en, cure=unfit.cure)
        print(unfit, file=sys.stderr)
        return SCHEMA_UNFIT
    return STOPPED


def main() -> int:
    """Run the process."""
    settings = Settings()
    configure_logs("courier", settings.log_level)
    for noisy in ("httpx2", "httpcore2"):  # a webhook's URL may hold a secret
        logging.getLogger(noisy).setLevel(logging.WARNING)
    mend_aiokafka()
    port = serve_metrics(settings)
    watch_upkeep(settings)
    log.info("metrics", port=port)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(settings))


if __name__ == "__main__":
    sys.exit(main())
