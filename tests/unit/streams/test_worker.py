"""The end that always comes."""

import subprocess
import sys
import time

HANGING = """
import threading, time
from streams.worker import Watchdog
dog = Watchdog(0.3)
dog.arm(7)
dog.arm(0)
threading.Thread(target=time.sleep, args=(60,)).start()
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""


def test_the_watchdog_ends_a_process_that_hangs_with_the_first_code() -> None:
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", HANGING], timeout=20, check=False).returncode == 7
    assert time.monotonic() - began < 10
