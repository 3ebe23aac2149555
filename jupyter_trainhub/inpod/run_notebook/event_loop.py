"""The event loop that serves every top-level ``await`` of a notebook."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import CodeType
from typing import Any

from .speech import say

# Calls that need a loop that runs. A kernel's always does; here it runs for those who ask for it,
# because `asyncio.run` needs that none does.
_NEED_A_LOOP = frozenset({"create_task", "ensure_future", "get_running_loop"})


class EventLoop:
    """One loop for all cells, as a kernel has."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def execute(self, code: CodeType, namespace: dict[str, Any]) -> None:
        """Run ``code``, the loop turning where the code awaits something or starts a task."""
        # asyncio.run() in a cell before has left none.
        asyncio.set_event_loop(self._loop)
        if _NEED_A_LOOP.isdisjoint(code.co_names):
            result = eval(code, namespace)
            if asyncio.iscoroutine(result):
                self._loop.run_until_complete(result)
        else:
            self._loop.run_until_complete(_inside(code, namespace))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Close the loop at the end, once the tasks that were started have come to theirs."""
        try:
            yield
            tasks = asyncio.all_tasks(self._loop)
            if tasks:
                say(f"the cells have run; waiting for {len(tasks)} task(s) that they started")
                self._loop.run_until_complete(asyncio.gather(*tasks))
        finally:
            self._loop.close()


async def _inside(code: CodeType, namespace: dict[str, Any]) -> None:
    result = eval(code, namespace)
    if asyncio.iscoroutine(result):
        await result
