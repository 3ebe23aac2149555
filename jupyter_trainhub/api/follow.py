"""A job's log printed while it is written, under a bar that shows how far the job is."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.log.reader import JobLog
from jupyter_trainhub.hub.jobs.progress.manager import EVERY
from jupyter_trainhub.hub.jobs.progress.words import progress_sentence
from jupyter_trainhub.hub.live import LiveState
from jupyter_trainhub.hub.views import ENDED, View

# Seconds between two looks at the phase while no line arrives.
_TICK = 0.3
# Chunks that may wait to be printed.
_WAITING_CHUNKS = 64
# Seconds that the cluster may take to call a job ended after its last line.
_SETTLING = 120.0


def follow(hub: Hub, name: str, rank: int | None = None) -> View:
    """Show the log of a job until it has ended; its view then.

    A notebook shows it in the job's widget, other programs print it. Raises NotFound when the job
    is deleted meanwhile.
    """
    if not session.in_notebook():
        return _print(hub, name, rank)
    with shown(hub, name, rank):
        return hub.jobs.wait(name)


@contextmanager
def shown(hub: Hub, name: str, rank: int | None = None) -> Iterator[None]:
    """Shows the widget of a job, and when what is within has ended how the job stands then."""
    from IPython.display import display

    from jupyter_trainhub.widgets.job import JobView

    view = JobView.of(hub, hub.jobs.get(name))
    view.rank = rank
    handle = display(view, display_id=True)  # type: ignore[no-untyped-call]
    try:
        yield
        view.join(_SETTLING)
    finally:
        # For notebooks that nobody looks at: the text beside the widget is as of its beginning.
        handle.update(view)


def _print(hub: Hub, name: str, rank: int | None) -> View:
    """Print the log until the job has ended.

    What is written is shown by the calling thread alone.
    """
    latest: list[View] = []
    clock = hub.jobs.restarts.clock()

    def look(kind: str, name: str, action: str, view: View | None) -> None:
        if view is not None:
            clock.note(view)
            latest.append(view)

    live = LiveState(hub, look, kind="job", name=name)
    log = hub.jobs.logs(name, rank, follow=True)
    chunks: queue.Queue[bytes | TrainHubError | None] = queue.Queue(_WAITING_CHUNKS)
    ended = threading.Event()
    due = time.monotonic() + EVERY
    reader = threading.Thread(target=_pump, args=(log, chunks, ended), daemon=True)
    with clock, ProgressBar(name) as bar:
        live.start()
        reader.start()
        try:
            while True:
                try:
                    chunk = chunks.get(timeout=_TICK)
                except queue.Empty:
                    chunk = b""
                if latest:
                    bar.show(latest[-1])
                    del latest[:-1]
                if latest and time.monotonic() >= due:
                    due = time.monotonic() + EVERY
                    _tell_progress(hub, latest[-1])
                if chunk is None:
                    break
                if isinstance(chunk, TrainHubError):
                    raise chunk
                if chunk:
                    _write(chunk)
        finally:
            ended.set()
            log.close()
            live.stop()
        view = hub.jobs.wait(name, _SETTLING)
        bar.show(view)
    return view


def _pump(
    log: JobLog, chunks: queue.Queue[bytes | TrainHubError | None], ended: threading.Event
) -> None:
    def put(item: bytes | TrainHubError | None) -> None:
        while not ended.is_set():
            try:
                return chunks.put(item, timeout=1.0)
            except queue.Full:
                continue

    try:
        for chunk in log:
            put(chunk)
        put(None)
    except TrainHubError as error:
        put(error)


def _tell_progress(hub: Hub, view: View) -> None:
    """Print how far a job is: the log does not show what it reports by ``th.progress``."""
    found = hub.progress.look([view])[0]["progress"]
    if found is not None and view["phase"] == "Running":
        print(f"{view['name']}: {progress_sentence(found)}", file=sys.stderr)


def _write(chunk: bytes) -> None:
    sys.stdout.write(chunk.decode(errors="replace"))
    sys.stdout.flush()


class ProgressBar:
    """A bar and a phase: widgets in a notebook, lines of text on standard error elsewhere."""

    def __init__(self, name: str, *, shown: bool = True, done: str = "Succeeded") -> None:
        """``done`` is the phase in which the bar is full; without ``shown`` nothing is written."""
        self._name = name
        self._shown = shown
        self._done = done
        self._phase = ""
        self._bar: Any = None
        self._label: Any = None

    def __enter__(self) -> ProgressBar:
        if self._shown and session.in_notebook():
            self._make_widgets()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None and kind is not None:
            self._bar.bar_style = "warning"

    def show(self, view: View) -> None:
        """Show the phase of ``view``, and why the job waits."""
        phase = view["phase"]
        told = why(view)
        text = f"{phase}: {told}" if told else phase
        if text == self._phase or not self._shown:
            return
        self._phase = text
        if self._bar is None:
            print(f"{self._name}: {text}", file=sys.stderr)
            return
        self._label.value = text
        if phase == self._done:
            self._bar.bar_style = "success"
            self._bar.value = 1.0
        elif phase in ENDED:
            self._bar.bar_style = "danger"

    def _make_widgets(self) -> None:
        import ipywidgets
        from IPython.display import display

        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, description=self._name)
        self._bar.style.description_width = "initial"
        self._label = ipywidgets.Label("Waiting for the cluster.")
        display(ipywidgets.HBox([self._bar, self._label]))  # type: ignore[no-untyped-call]
