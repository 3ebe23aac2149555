"""A job in a cell's output: how it stands, how far it is, its ranks, its log while it is written."""

from __future__ import annotations

import threading
import time
from typing import Any

import traitlets

from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.views import View, over
from jupyter_trainhub.widgets.follower import Follower
from jupyter_trainhub.widgets.served import Served
from jupyter_trainhub.widgets.still import job_html

# What of a job's view is shown, and kept in the notebook.
_SHOWN = (
    "name",
    "uid",
    "phase",
    "reason",
    "message",
    "remedy",
    "nodes",
    "attempt",
    "attempts",
    "restart",
    "created",
    "started",
    "finished",
    "progress",
    "error",
)
# Seconds between two moments at which the last lines are kept, for notebooks read later.
_KEEP = 3.0

_SHOWN_OF_POD = ("rank", "phase", "node", "message", "exit_code")


class JobView(Served):
    """A job, followed from when it is first displayed until it ends or the widget is closed.

    ``tail`` are the last lines of its log and ``total`` how many there were.
    """

    tail = traitlets.List(traitlets.Unicode()).tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    # Whether the kernel follows the job and will tell what becomes of it.
    following = traitlets.Bool().tag(sync=True)

    def __init__(self, hub: Hub, name: str, view: View) -> None:
        answers = {
            "stop": lambda: shown(hub.jobs.stop(name)),
            "refresh": lambda: shown(hub.jobs.get(name)),
        }
        super().__init__("job", name, shown(view), answers)
        self._hub = hub
        self._lock = threading.Lock()
        self._follower: Follower | None = None
        self._kept = 0.0

    def html(self) -> str:
        """The state as HTML, with the last lines of the log."""
        return job_html(self.view, self.tail, self.total)

    def text(self) -> str:
        """The state as text."""
        told = why(self.view)
        return f"<Job {self.name} {self.view['phase']}{f': {told}' if told else ''}>"

    def join(self, timeout: float) -> None:
        """Wait until all of an ended job is shown, at most ``timeout`` seconds."""
        if self._follower is not None:
            self._follower.join(timeout)

    def close(self) -> None:
        """End it, and the threads that follow the job; the job goes on."""
        if self._follower is not None:
            self._follower.stop()
        super().close()

    def _shown(self) -> None:
        with self._lock:
            if self._follower is None:
                self.following = True
                self._follower = Follower(
                    self._hub, self.name, self._changed, self._written, self._ended
                )
                self._follower.start()

    def _changed(self, view: View) -> None:
        self.view = shown(view)

    def _written(self, first: int, lines: list[str]) -> None:
        self.send({"first": first, "lines": lines})
        # The kept lines are many times what a batch has.
        if time.monotonic() - self._kept > _KEEP:
            self._keep()

    def _ended(self, problem: str) -> None:
        self.problem = problem
        self._keep()
        self.following = False

    def _keep(self) -> None:
        self._kept = time.monotonic()
        if self._follower is not None and self._follower.total != self.total:
            with self.hold_sync():
                self.tail, self.total = self._follower.tail, self._follower.total


def shown(view: View) -> dict[str, Any]:
    """What the widget shows of a job's view."""
    pods = [{key: pod.get(key) for key in _SHOWN_OF_POD} for pod in view.get("pods", ())]
    return {**{key: view.get(key) for key in _SHOWN}, "over": over(view), "pods": pods}
