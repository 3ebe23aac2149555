"""Debian's docker-registry: a real server of the OCI distribution API, on loopback."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = "docker-registry"


@dataclass
class Distribution:
    """A registry that keeps its images below ``folder``; started again it has them still.

    ``settings`` are merged into its configuration, such as ``{"auth": {"htpasswd": {...}}}``:
    https://distribution.github.io/distribution/about/configuration/
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """What stands before an image's path, ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}"

    def start(self) -> Distribution:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        configuration = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": str(self.folder / "data")},
                "delete": {"enabled": True},
            },
            # Its own secret lets it know uploads again that were begun before it was restarted.
            "http": {"addr": self.host, "secret": "of the tests"},
            **self.settings,
        }
        path = self.folder / "config.json"  # YAML reads JSON
        path.write_text(json.dumps(configuration))
        program = shutil.which(PROGRAM)
        assert program, f"{PROGRAM} is not installed: run tests/install_debian.sh build/debian"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "serve", str(path)], stdout=log, stderr=log, start_new_session=True
            )
        self._await()
        return self

    def kill(self) -> None:
        """End it at once, as a power cut would; ``start`` brings it back at the same port."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None

    def _await(self) -> None:
        deadline = time.monotonic() + 15
        while True:
            assert self._process is not None
            log = self.folder / "log"
            assert self._process.poll() is None, f"{PROGRAM} ended: {log.read_text()}"
            try:
                urllib.request.urlopen(f"{self.url}/v2/", timeout=5).close()
                return
            except urllib.error.HTTPError:
                return  # it wants a password: it is there
            except OSError:
                assert time.monotonic() < deadline, f"{PROGRAM} does not answer: {log.read_text()}"
                time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
