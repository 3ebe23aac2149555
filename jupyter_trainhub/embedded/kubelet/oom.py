"""Ends containers that hold more memory than they may, as far as the kernel does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from ..apimachinery import quantity
from ..runtime import processes
from .container_run import ContainerRun

# Between looks (seconds), and how many times as long as a look took at the least.
_PERIOD = 0.5
_SHARE = 200


async def watch(runs: Callable[[], Iterable[ContainerRun]]) -> None:
    """Look after the containers that ``runs`` returns, for ever."""
    while True:
        began = time.monotonic()
        table = processes.Table()
        for run in runs():
            limit = ((run.spec.get("resources") or {}).get("limits") or {}).get("memory")
            running = run.running if "running" in run.state else None
            if limit and running and running.exceeds(int(quantity.parse(limit)), table):
                running.kill(reason="OOMKilled")
        await asyncio.sleep(max(_PERIOD, _SHARE * (time.monotonic() - began)))
