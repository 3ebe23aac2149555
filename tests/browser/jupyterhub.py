"""A real JupyterHub, whose users' servers all run as whoever runs the tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 20.0

# The part of every address before /hub and /user: what JupyterHub's own tests have there.
BASE_URL = "/@/space%20word/"


class UserServer(NamedTuple):
    """The Jupyter server of one user."""

    url: str


class JupyterHub:
    """JupyterHub with its configurable-http-proxy, on the loopback address and below one folder.

    Any name logs in with any password. A user's home, which is what his JupyterLab shows, is
    `folder/NAME`. `url` ends with a slash.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        public, api, hub = free_ports(3)
        self.url = f"http://127.0.0.1:{public}{BASE_URL}"
        # The Hub without its proxy. To a browser it is another site, to which it sends the same
        # cookies, since those know no ports.
        self.other_origin = f"http://127.0.0.1:{hub}{BASE_URL}hub/login"
        self._process: subprocess.Popen[bytes] | None = None
        beside = ROOT / "labextension" / "node_modules" / ".bin" / "configurable-http-proxy"
        proxy = shutil.which(str(beside))
        assert proxy, "no configurable-http-proxy: run the tests with `make test`"
        (folder / "config.json").write_text(
            json.dumps(
                {
                    "JupyterHub": {
                        "bind_url": self.url,
                        "hub_bind_url": f"http://127.0.0.1:{hub}",
                        "authenticator_class": "dummy",
                        "spawner_class": "simple",
                        "db_url": "sqlite://",
                        "cookie_secret_file": str(folder / "cookie_secret"),
                    },
                    "ConfigurableHTTPProxy": {
                        "command": [proxy],
                        "api_url": f"http://127.0.0.1:{api}",
                        "pid_file": str(folder / "proxy.pid"),
                    },
                    "Authenticator": {"allow_all": True},
                    "SimpleLocalProcessSpawner": {
                        "home_dir_template": str(folder / "{username}"),
                        "default_url": "/lab",
                        "args": ["--allow-root"] if os.geteuid() == 0 else [],
                    },
                }
            )
        )

    def start(self) -> None:
        """Start it; returns when it answers. Raises RuntimeError with the end of its log."""
        log = self.folder / "jupyterhub.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.json")],
                cwd=self.folder,
                env=os.environ
                | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}hub/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise RuntimeError(f"JupyterHub did not start. The end of {log}:\n{tail}")

    def server(self, user: str) -> UserServer:
        """A user's server, whether it runs or not."""
        return UserServer(f"{self.url}user/{user}/")

    def stop(self) -> None:
        """End it, its proxy and the users' servers."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address on which nothing listens."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()
