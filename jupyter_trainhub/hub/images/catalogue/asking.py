"""Questions to registries that need not answer in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

A = TypeVar("A")
T = TypeVar("T")

# Requests at the same time.
_THREADS = 8


class Asking:
    """Asks in a few threads. Methods may be called by any thread."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="trainhub-images")
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[float, Future[Any]]] = {}

    def once(self, key: str, call: Callable[[], T], fresh: float = 0.0) -> Future[T]:
        """The answer to come of ``call``; or that of an earlier one of the same ``key``.

        One that is awaited is not asked for again, so that questions to a registry that hangs do
        not pile up; nor is one that is younger than ``fresh`` seconds.
        """
        with self._lock:
            at, found = self._asked.get(key, (0.0, None))
            if found is None or (found.done() and time.monotonic() - at >= fresh):
                found = self._threads.submit(call)
                self._asked[key] = time.monotonic(), found
            return found

    def each(self, call: Callable[[A], T], items: Iterable[A]) -> list[Future[T]]:
        """The answers to come of ``call`` for each item."""
        return [self._threads.submit(call, item) for item in items]


def there(asked: Iterable[Future[T]], deadline: float) -> list[Future[T] | None]:
    """Those that are answered at ``deadline``, a moment of the monotonic clock; None for others."""
    wanted = [*asked]
    wait(wanted, max(0.0, deadline - time.monotonic()))
    return [future if future.done() else None for future in wanted]
