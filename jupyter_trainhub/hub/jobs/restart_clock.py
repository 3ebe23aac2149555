"""Does something for jobs at the moments that their views tell, in one thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.manifests.labels import Object

# Seconds after which something that failed is tried again.
AGAIN = 60.0

_log = logging.getLogger(__name__)


class RestartClock:
    """Calls ``step(name)`` for each noted job at the time ``when(view)``, seconds of the epoch.

    Its thread begins with the first job that has a time.
    """

    def __init__(
        self, when: Callable[[Object], float | None], step: Callable[[str], object]
    ) -> None:
        self._when = when
        self._step = step
        self._due: dict[str, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def note(self, view: Object) -> None:
        """A job looks as ``view`` now; returns at once."""
        moment = self._when(view)
        with self._changed:
            if moment is None:
                self._due.pop(view["name"], None)
                return
            self._due[view["name"]] = moment
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="trainhub-restarts", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """End it; a step under way is not waited for."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def __enter__(self) -> RestartClock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        while (name := self._next()) is not None:
            try:
                self._step(name)
            except TrainHubError as error:
                _log.warning("job %r was not started again: %s", name, error)
                self._later(name)
            except Exception:
                _log.exception("job %r was not started again", name)
                self._later(name)

    def _next(self) -> str | None:
        """The next job whose time has come; None at the end."""
        with self._changed:
            while not self._closed:
                name = min(self._due, key=self._due.__getitem__, default=None)
                if name is None:
                    self._changed.wait()
                    continue
                left = self._due[name] - time.time()
                if left <= 0:
                    del self._due[name]
                    return name
                self._changed.wait(left)
        return None

    def _later(self, name: str) -> None:
        with self._changed:
            self._due.setdefault(name, time.time() + AGAIN)
