"""The main program of a reader pod: ``wait_for_readers.py MARK SECONDS``.

Ends once nothing has touched the file MARK for SECONDS, which ``files.py`` does while it runs.
"""

from __future__ import annotations

import os
import signal
import sys
import time

LOOK_SECONDS = 5.0


def main(mark: str, seconds: str) -> None:
    """Make MARK, and wait."""
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with open(mark, "w"):
        pass
    while time.time() - os.stat(mark).st_mtime < float(seconds):
        time.sleep(min(LOOK_SECONDS, float(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
