"""Work that may block for minutes, and that the end of the process does not wait for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonThreads:
    """Runs at most so many functions at the same time, each in a thread of its own."""

    def __init__(self, at_once: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._begun: set[asyncio.Task[Any]] = set()

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """What the function returns, or raises. Who stops waiting does not end it."""
        loop = asyncio.get_running_loop()

        def tell(answer: Callable[[Any], None], value: Any) -> None:
            if not done.done():
                answer(value)

        def act() -> None:
            outcome: tuple[Callable[[Any], None], Any]
            try:
                outcome = done.set_result, work(*arguments)
            except BaseException as error:
                outcome = done.set_exception, error
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, *outcome)

        async with self._free:
            done: asyncio.Future[Any] = loop.create_future()
            threading.Thread(target=act, name=work.__name__, daemon=True).start()
            result: T = await done
            return result

    def begin(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Run a function whose outcome nobody waits for."""
        task = asyncio.ensure_future(self.run(work, *arguments))
        self._begun.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # else asyncio complains that nobody looked at it
