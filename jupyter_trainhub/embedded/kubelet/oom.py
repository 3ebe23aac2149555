"""Ends containers that hold more memory than they may, as far as the kernel does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from ..apimachinery import quantity
from ..runtime import processes
from .container_run import ContainerRun

# Between looks (seconds), and how many times as long as a look took, as far as that goes.
_SHORTEST, _LONGEST = 0.5, 5.0
_SHARE = 300


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
        pause = _SHARE * (time.monotonic() - began)
        await asyncio.sleep(min(max(_SHORTEST, pause), _LONGEST))
