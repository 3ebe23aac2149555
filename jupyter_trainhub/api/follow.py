"""A job's log printed while it is written, under a bar that shows how far the job is."""

from __future__ import annotations

import queue
import re
import sys
import threading
from types import TracebackType
from typing import Any

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.log.reader import JobLog
from jupyter_trainhub.hub.live import LiveState
from jupyter_trainhub.hub.progress import progress
from jupyter_trainhub.hub.views import ENDED, View

# Seconds between two looks at the phase while no line arrives.
_TICK = 0.3
# Chunks that may wait to be printed.
_WAITING_CHUNKS = 64
# Seconds that the cluster may take to call a job ended after its last line.
_SETTLING = 120.0


def follow(hub: Hub, name: str, rank: int | None = None) -> View:
    """Print the log of a job until it has ended; its view then.

    What is written is shown by the calling thread alone, since a notebook assigns output to the
    cell whose thread writes it. Raises NotFound when the job is deleted meanwhile.
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
                if chunk is None:
                    break
                if isinstance(chunk, TrainHubError):
                    raise chunk
                if chunk:
                    bar.advance(chunk)
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
        self._fraction = 0.0
        self._bar: Any = None
        self._label: Any = None

    def __enter__(self) -> ProgressBar:
        if self._shown and _in_notebook():
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
            self._set(1.0)
        elif phase in ENDED:
            self._bar.bar_style = "danger"

    def advance(self, chunk: bytes) -> None:
        """Move the bar by what the log lines of ``chunk`` tell."""
        fractions = (
            progress(re.sub(r"^\[\d+\] ", "", line))
            for line in chunk.decode(errors="replace").splitlines()
        )
        told = [fraction for fraction in fractions if fraction is not None]
        # Ranks are not in step; the one ahead counts, so that the bar never goes back.
        if told and max(told) > self._fraction:
            self._set(max(told))

    def _set(self, fraction: float) -> None:
        self._fraction = fraction
        if self._bar is not None:
            self._bar.value = fraction

    def _make_widgets(self) -> None:
        import ipywidgets
        from IPython.display import display

        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, description=self._name)
        self._bar.style.description_width = "initial"
        self._label = ipywidgets.Label("Waiting for the cluster.")
        display(ipywidgets.HBox([self._bar, self._label]))  # type: ignore[no-untyped-call]


def _in_notebook() -> bool:
    """Whether a front end that can show widgets displays what this process prints."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
