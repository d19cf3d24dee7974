"""``python -m services.archiver``: exit code 0 stopped, 3 log broken, 4 fenced, 5 schema unfit."""

import asyncio
import gc
import os
import signal
import sys
import threading

import structlog
import uvloop

from infra.runtime.kafka_on_uvloop import mend_aiokafka
from infra.runtime.logs import configure_logs
from infra.runtime.memory import SELDOM
from infra.runtime.metrics import serve_metrics
from infra.runtime.offsets import Fenced, LogBroken
from infra.runtime.schema import SchemaUnfit
from infra.runtime.settings import MANIFEST_TOPIC, MEDICAL_TOPIC, Settings
from services.archiver.archiver import Archiver
from services.archiver.tracks import TrackArchiver

STOPPED, LOG_BROKEN, FENCED, SCHEMA_UNFIT = 0, 3, 4, 5
_FINISH_WITHIN_S = 2.0
"""For the batch in hand after SIGTERM; cut short it is rolled back, and read again next time."""

log = structlog.get_logger("services.archiver")


async def _all_of(settings: Settings, stop: asyncio.Event) -> None:
    """Archive every topic; the first that fails for good ends all, and its failure is raised."""
    archivers = (
        Archiver(settings, stop, MANIFEST_TOPIC),
        Archiver(settings, stop, MEDICAL_TOPIC),
        TrackArchiver(settings, stop),
    )
    tasks = [asyncio.create_task(archiver.run()) for archiver in archivers]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_FINISH_WITHIN_S)


def _end_for_certain(code: int) -> int:
    """Leave the process a short while to end by itself: a reader cut off in its start can hang it."""
    timer = threading.Timer(_FINISH_WITHIN_S, os._exit, [code])
    timer.daemon = True
    timer.start()
    return code


async def serve(settings: Settings) -> int:
    """Archive until SIGTERM or SIGINT and return the exit code."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    archiving = asyncio.ensure_future(_all_of(settings, stop))

    def end() -> None:
        stop.set()
        loop.call_later(_FINISH_WITHIN_S, archiving.cancel)

    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, end)
    try:
        await archiving
    except asyncio.CancelledError:
        log.warning("stopped in the middle of a batch: it will be read again")
    except LogBroken as broken:
        log.error("log broken", zh=broken.sentence_zh, en=broken.sentence_en, cure=broken.cure)
        print(broken, file=sys.stderr)
        return LOG_BROKEN
    except Fenced as fenced:
        log.error("fenced", error=str(fenced))
        return FENCED
    except SchemaUnfit as unfit:
        log.error("schema unfit", zh=unfit.sentence_zh, en=unfit.sentence_en, cure=unfit.cure)
        print(unfit, file=sys.stderr)
        return SCHEMA_UNFIT
    return STOPPED


def main() -> int:
    """Run the process."""
    settings = Settings()
    configure_logs("archiver", settings.log_level)
    mend_aiokafka()
    port = serve_metrics(settings)
    log.info("metrics", port=port)
    # What is loaded now stays; records are many, short-lived and free of cycles.
    gc.freeze()
    gc.set_threshold(*SELDOM)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return _end_for_certain(runner.run(serve(settings)))


if __name__ == "__main__":
    sys.exit(main())
