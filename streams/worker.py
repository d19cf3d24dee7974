"""The worker's process: fast loop, frozen heap, and an end that always comes."""

import asyncio
import gc
import logging
import os
import threading

import uvloop

from infra.runtime.kafka_on_uvloop import mend_aiokafka
from infra.runtime.memory import SELDOM
from infra.runtime.settings import MANIFEST_TOPIC, Settings
from streams.handler import Handler

__all__ = ["run"]

GRACE_S = 2.5
"""From the beginning of the end to the hard exit: Faust can hang when it stops."""


class Watchdog:
    """Ends the process with the given code a short grace after ``arm``, whatever hangs."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._timer: threading.Timer | None = None

    def arm(self, code: int) -> None:
        """Start the countdown; a second call changes nothing."""
        if self._timer is None:
            self._timer = threading.Timer(self._grace_s, os._exit, [code])
            self._timer.daemon = True
            self._timer.start()


def run(settings: Settings, handler: Handler, topic: str = MANIFEST_TOPIC) -> int:
    """Run a worker in this process until it is told to stop; return the exit code.

    0 after SIGTERM or SIGINT, 1 after a failure. Call it last, in the main thread: a few seconds
    after the end has begun the process is gone even if this has not returned. Logging is the
    caller's to configure.
    """
    uvloop.install()  # before Faust is imported, or its event loop policy wins
    mend_aiokafka()
    from streams.app import serve

    for name in ("aiokafka", "faust", "mode"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:  # their DEBUG calls cost 5-9 % of a worker
            logger.setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()
    # What a batch makes dies by itself at its end; looking at it sooner costs a tenth of a worker.
    gc.set_threshold(*SELDOM)
    watchdog = Watchdog()
    return asyncio.run(serve(settings, handler, topic, watchdog.arm))
