"""A job watched for a widget, in threads that end with the job or when they are told."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.log.reader import JobLog
from jupyter_trainhub.hub.live import LiveState
from jupyter_trainhub.hub.views import View, over
from jupyter_trainhub.widgets.outbox import Outbox

# Seconds between two batches of lines. Ten a second with at most so many characters each, since
# Jupyter's server drops a kernel's messages above a megabyte a second (`iopub_data_rate_limit`),
# and a notebook may show several jobs.
_TICK = 0.1
_BATCH = 24_000

# Characters that may wait: a second of sending. What is more was too fast to be read.
_WAITING = 240_000

# The last lines that a saved notebook shows.
_TAIL = 200

# Lines of each rank that were written before.
_EARLIER = 2_000

# Seconds between two signs of life to the front end, and to the kept state.
_BEAT = 3.0

# Seconds between two looks at how far the job is.
_MEASURED = 2.0

# Seconds that the log may be silent before its end, once the job has ended.
_SETTLING = 30.0


class Follower:
    """Tells ``on_view`` the job's view whenever it changes, and ``on_lines`` what it logs.

    ``on_lines(first, lines)`` has the number of the first line; without lines it is a sign of life.
    ``on_end(problem)`` is the last call: the job has ended, or could not be followed. All calls
    come from threads of its own.
    """

    def __init__(
        self,
        hub: Hub,
        name: str,
        on_view: Callable[[View], None],
        on_lines: Callable[[int, list[str]], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._hub = hub
        self._name = name
        self._on_view = on_view
        self._on_lines = on_lines
        self._on_end = on_end
        self._outbox = Outbox(_WAITING, _TAIL)
        self._stopping = threading.Event()
        self._job_over = threading.Event()
        self._log_over = threading.Event()
        self._problem = ""
        self._view: View | None = None
        self._log: JobLog | None = None
        self._thread = threading.Thread(
            target=self._follow, name=f"trainhub-widget-{name}", daemon=True
        )

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End soon, without a further word."""
        self._stopping.set()
        if self._log is not None:
            self._log.close()

    def join(self, timeout: float) -> None:
        """Wait until it has ended, at most ``timeout`` seconds."""
        self._thread.join(timeout)

    @property
    def tail(self) -> list[str]:
        """The last lines."""
        return self._outbox.tail

    @property
    def total(self) -> int:
        """How many lines there were."""
        return self._outbox.total

    def _follow(self) -> None:
        clock = self._hub.jobs.restarts.clock()

        def look(kind: str, name: str, action: str, view: View | None) -> None:
            if view is None:
                self._problem = "the job was deleted"
                self._job_over.set()
                return
            clock.note(view)
            self._view = self._hub.progress.merged(view)
            self._on_view(self._view)
            if over(view):
                self._job_over.set()

        live = LiveState(self._hub, look, kind="job", name=self._name)
        with clock:
            live.start()
            for target in (self._read, self._measure):
                threading.Thread(target=target, daemon=True).start()
            try:
                self._send()
            finally:
                live.stop()
                if self._log is not None:
                    self._log.close()
                if not self._stopping.is_set():
                    self._on_end(self._problem)

    def _read(self) -> None:
        try:
            log = self._hub.jobs.logs(self._name, None, follow=True, tail=_EARLIER)
        except TrainHubError as error:
            self._problem = str(error)
            self._log_over.set()
            return
        self._log = log
        try:
            for chunk in log:
                self._outbox.put(chunk)
        except TrainHubError as error:
            self._problem = str(error)
        finally:
            self._outbox.end()
            self._log_over.set()

    def _measure(self) -> None:
        """Tell how far the job is while it runs, and once when it has ended."""
        is_over = False
        while not is_over and not self._stopping.is_set():
            is_over = self._job_over.wait(_MEASURED)
            if self._view is not None:
                with contextlib.suppress(TrainHubError):
                    self._on_view(self._hub.progress.look([self._view], every=_MEASURED)[0])

    def _send(self) -> None:
        """Send until both log and job are over; a log that goes on is given some time more."""
        beat = time.monotonic()
        give_up: float | None = None
        while not self._stopping.wait(_TICK):
            first, lines = self._outbox.take(_BATCH)
            now = time.monotonic()
            if lines or now - beat >= _BEAT:
                beat = now
                self._on_lines(first, lines)
            if lines or not self._job_over.is_set():
                continue
            give_up = give_up or now + _SETTLING
            if self._log_over.is_set() or now > give_up:
                return
