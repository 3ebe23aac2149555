"""The ``tensorboard`` command, and a JupyterLab with TrainHub beside it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.tensorboard import loop_ticker
from benchmarks.tensorboard.asking import Client, Place
from examples.headless_jupyterlab import JupyterLab

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def command(logs: Path, plugins: Path) -> Iterator[tuple[Place, float]]:
    """The ``tensorboard`` command on a folder, and the seconds until it listened."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("tensorboard")), "--logdir", str(logs)),
            *("--host", "127.0.0.1", "--port", "0"),
        ],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{plugins}{os.pathsep}{ROOT}"},
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"http://\S+:(\d+)/", line):
                break
        else:
            raise RuntimeError("tensorboard did not start")
        yield Place(int(found[1]), "", {}), time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


class Server:
    """A JupyterLab with TrainHub, the peer, and the ticker in its event loop."""

    def __init__(self, folder: Path) -> None:
        self.lab = JupyterLab(folder)
        config = folder / "config" / "jupyter_server_config.d"
        config.mkdir(parents=True)
        extensions = {"ServerApp": {"jpserver_extensions": {loop_ticker.__name__: True}}}
        (config / "benchmark.json").write_text(json.dumps(extensions))

    async def start(self) -> None:
        await self.lab.start()
        described = next((self.lab.folder / "runtime").glob("jpserver-*.json"))
        self.pid: int = json.loads(described.read_text())["pid"]
        parts = urlsplit(self.lab.url)
        assert parts.port is not None
        self.headers = {"Authorization": f"token {self.lab.token}"}
        self._port, self._base = parts.port, parts.path

    def at(self, path: str) -> Place:
        return Place(self._port, f"{self._base}{path}".rstrip("/"), self.headers)

    def found(self, port: int) -> Place:
        """Where we show the TensorBoard that listens on a port of this machine."""
        client = http.client.HTTPConnection("127.0.0.1", self._port)
        address = f"{self._base}trainhub/tensorboards/port/{port}/"
        client.request("GET", address, headers=self.headers)
        place = client.getresponse().headers["Location"]
        return Place(self._port, place.rstrip("/"), self.headers)

    def open(self, folder: Path) -> tuple[Place, float]:
        """Opens a folder; where it is, and the seconds until its data could be read."""
        began = time.perf_counter()
        client = http.client.HTTPConnection("127.0.0.1", self._port)
        body = json.dumps({"folders": [str(folder)]})
        client.request("POST", f"{self._base}trainhub/api/tensorboards", body, self.headers)
        view: dict[str, Any] = json.loads(client.getresponse().read())
        place = self.at(view["url"])
        Client(place).ask("data/environment")
        return place, time.perf_counter() - began

    def end_tensorboards(self) -> None:
        """Ends those that were opened here."""
        asyncio.run(self._end_tensorboards())

    async def _end_tensorboards(self) -> None:
        path = "trainhub/api/tensorboards"
        for board in (await self.lab.request("GET", path))["items"]:
            if board["where"] == "local":
                await self.lab.request("DELETE", f"{path}/{board['id']}")

    def lateness(self) -> list[float]:
        """How late the event loop was at each tick since the last call, in seconds."""
        client = Client(self.at(""))
        late: list[float] = json.loads(client.ask(loop_ticker.PATH))["late"]
        return late
