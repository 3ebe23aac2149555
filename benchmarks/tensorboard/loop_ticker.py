"""A Jupyter extension that measures how late its server's event loop comes to what is due."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

TICK_SECONDS = 0.005
PATH = "benchmark/lateness"

_late: list[float] = []


async def _tick() -> None:
    while True:
        due = time.perf_counter() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        _late.append(time.perf_counter() - due)


class Lateness(JupyterHandler):
    """How late each tick was since the last request, in seconds."""

    @web.authenticated
    def get(self) -> None:
        taken = _late[:]
        _late.clear()
        self.finish({"late": taken})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "benchmarks.tensorboard.loop_ticker"}]


def _load_jupyter_server_extension(app: Any) -> None:
    path = url_path_join(app.web_app.settings["base_url"], PATH)
    app.web_app.add_handlers(".*$", [(path, Lateness)])
    app.io_loop.add_callback(_tick)
