"""Who uses the TensorBoard: its requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Activity:
    """When the last request came, and how many are being answered. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._running = 0
        self.requests = 0

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            self.requests += 1

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            self._running -= 1
            self._last = time.monotonic()

    def begin(self) -> None:
        """From now on it can be used."""
        with self._lock:
            self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since the last request was answered, 0 while one is being answered."""
        with self._lock:
            return 0.0 if self._running else time.monotonic() - self._last


def watched(
    application: WSGIApplication,
    activity: Activity,
    *,
    prefix: str,
    state: Callable[[], dict[str, Any]],
    held: Callable[[], object],
) -> WSGIApplication:
    """``application``, each request to it noted in ``activity``.

    ``PREFIX/trainhub/state`` shows ``state`` and is no use; nor is what does not know the prefix.
    ``held`` returns once requests can be answered.
    """
    path = f"{prefix}/trainhub/state"

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO", "")
        if asked == path:
            content = json.dumps(state()).encode()
            start_response(
                "200 OK",
                [("Content-Type", "application/json"), ("Content-Length", str(len(content)))],
            )
            return [content]
        if not f"{asked}/".startswith(f"{prefix}/"):
            return application(environ, start_response)
        # TensorBoard makes whole answers, so the request is over when the call returns.
        with activity:
            held()
            return application(environ, start_response)

    return answer
