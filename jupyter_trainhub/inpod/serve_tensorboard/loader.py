"""What reads the event files: TensorBoard's data server, or TensorBoard itself."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

from .broken_files import BrokenFiles
from .data_server import DataServer, NoDataServer
from .failure import Failure

# Seconds that requests wait for one that is being started again.
_HOLD_SECONDS = 20.0
# One that crashes so often in so many seconds will not do it any better.
_MOST_CRASHES = 3
_CRASH_SECONDS = 60.0
# What Python's loader says to a debugger when it stops within a file.
_STOPPED_READING = "Truncated record in %s (%s)"


class Loader:
    """The data server where there is one, kept alive; ``broken`` learns of files given up."""

    def __init__(
        self, folder: str, reload_interval: int, samples: str, broken: BrokenFiles
    ) -> None:
        """Starts reading at once."""
        self.why_slow = ""
        self._broken = broken
        self._server: DataServer | None = None
        self._answers = threading.Event()
        self._answers.set()
        self._crashes: list[float] = []
        # grpc would ask a proxy for this very machine.
        os.environ["no_grpc_proxy"] = "127.0.0.1"  # noqa: SIM112
        try:
            self._server = DataServer(folder, reload_interval, samples, broken.hear)
        except NoDataServer as error:
            self.why_slow = str(error)

    @property
    def is_fast(self) -> bool:
        """Whether there is a data server; else ``why_slow`` says why there is none."""
        return self._server is not None

    def flag(self) -> str:
        """How TensorBoard is to load; waits until the data server listens."""
        if self._server is not None:
            try:
                return f"--grpc_data_provider={self._server.address}"
            except NoDataServer as error:
                self._server.stop()
                self._server, self.why_slow = None, str(error)
        print(f"no fast loader: {self.why_slow}", file=sys.stderr, flush=True)
        _hear_slow_loader(self._broken)
        return "--load_fast=false"

    def pids(self) -> list[int]:
        """Processes besides this one."""
        return [] if self._server is None else [self._server.pid]

    def hold(self) -> None:
        """Returns once requests can be answered."""
        self._answers.wait(_HOLD_SECONDS)

    def keep(self) -> None:
        """Start it again when it has crashed. Raises Failure when it goes on crashing."""
        if self._server is None or self._server.is_running() or not self._answers.is_set():
            return
        now = time.monotonic()
        self._crashes = [*(at for at in self._crashes if at > now - _CRASH_SECONDS), now]
        if len(self._crashes) >= _MOST_CRASHES:
            raise Failure(
                f"TensorBoard's data server ended {_MOST_CRASHES} times within "
                f"{_CRASH_SECONDS:g} s",
                "See its log for the reason; a file that it cannot read may be the cause.",
            )
        print("the data server has ended: starting it again", file=sys.stderr, flush=True)
        self.read_again(0)

    def read_again(self, port: int) -> None:
        """Read everything anew: a file that was given up can be read, or has been replaced.

        Python's loader is a part of this program, which starts over with its process id and
        ``port``.
        """
        if self._server is None:
            os.execv(sys.executable, [sys.executable, *sys.argv, f"--port={port}"])
        self._answers.clear()
        try:
            self._server.restart()
        except NoDataServer as error:
            print(f"the data server does not start: {error}", file=sys.stderr, flush=True)
        finally:
            self._answers.set()

    def stop(self) -> None:
        """End it."""
        self._answers.clear()
        if self._server is not None:
            self._server.stop()


def _hear_slow_loader(broken: BrokenFiles) -> None:
    """Let ``broken`` know of files within which Python's loader stopped, as it tells debuggers."""

    def heard(record: logging.LogRecord) -> bool:
        if record.msg == _STOPPED_READING and isinstance(record.args, tuple):
            broken.suspect(str(record.args[0]), only_zeros=True)
        return record.levelno >= logging.WARNING

    logger = logging.getLogger("tensorboard")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(heard)
