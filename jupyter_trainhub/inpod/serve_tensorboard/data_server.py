"""TensorBoard's data server, which reads event files many times faster than Python does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_HOST = "127.0.0.1"
_START_SECONDS = 20.0
# It warns of the same things in every look.
_MOST_LINES = 1000
_TIMESTAMP = len("[2026-01-01T00:00:00Z")


class NoDataServer(Exception):
    """There is none for this platform, or it does not start; says why."""


class DataServer:
    """The process. ``hear`` is given each line that it prints, without its time."""

    def __init__(
        self, folder: str, reload_interval: int, samples: str, hear: Callable[[str], None]
    ) -> None:
        """Starts it. Raises NoDataServer where there is none."""
        self._arguments = [
            find_data_server(),
            f"--logdir={folder}",
            f"--reload={reload_interval}",
            f"--samples-per-plugin={samples}",
            f"--host={_HOST}",
            "--die-after-stdin",
        ]
        self._hear = hear
        self._heard: set[str] = set()
        self._listens = threading.Condition()
        self._port = 0
        self._started = 0.0
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def address(self) -> str:
        """Where it listens, the same for as long as this program runs; waits until it does.

        Raises NoDataServer when it has ended instead.
        """
        self._wait_until_it_listens()
        return f"{_HOST}:{self._port}"

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def age(self) -> float:
        """Seconds since it was started (again)."""
        return time.monotonic() - self._started

    def restart(self) -> None:
        """Let it read everything again, at the same address. Raises NoDataServer."""
        self.stop()
        self._process = self._start()
        self._wait_until_it_listens()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self._heard.clear()
        self._started = time.monotonic()
        self._ready = False
        try:
            process = subprocess.Popen(
                [*self._arguments, f"--port={self._port}"],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise NoDataServer(str(error)) from None
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what it prints, each line once."""
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                text = line.decode(errors="replace").rstrip()
                said, _, port = text.rpartition(":")
                if said == f"listening on {_HOST}" and port.isdigit():
                    with self._listens:
                        self._port, self._ready = int(port), True
                        self._listens.notify_all()
                    continue
                words = text[_TIMESTAMP:].strip() if text.startswith("[") else text
                if words not in self._heard and len(self._heard) < _MOST_LINES:
                    self._heard.add(words)
                    with contextlib.suppress(OSError):
                        print(f"data server: {words}", file=sys.stderr, flush=True)
                    self._hear(words)
        with self._listens:
            self._listens.notify_all()

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with self._listens:
            while not self._ready:
                left = deadline - time.monotonic()
                if self._process.poll() is not None:
                    raise NoDataServer(f"it ended with exit code {self._process.returncode}")
                if left <= 0:
                    raise NoDataServer(f"it did not start within {_START_SECONDS:g} s")
                self._listens.wait(min(left, 0.1))


def find_data_server() -> str:
    """Its program, looked for as ``tensorboard/data/server_ingester.py`` does. Raises NoDataServer.

    Its package has builds for x86 only, Linux with glibc 2.31 or later and macOS; elsewhere
    TensorBoard reads event files in Python, without saying so.
    """
    given = os.environ.get("TENSORBOARD_DATA_SERVER_BINARY")
    if given:
        if not Path(given).is_file():
            raise NoDataServer(f"TENSORBOARD_DATA_SERVER_BINARY names no file: {given}")
        return given
    try:
        import tensorboard_data_server  # type: ignore[import-untyped]
    except ImportError:
        raise NoDataServer("the package tensorboard_data_server is missing") from None
    found = tensorboard_data_server.server_binary()
    if found is None:
        raise NoDataServer("its package has no build for this platform")
    return str(found)
