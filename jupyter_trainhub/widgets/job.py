"""A job in a cell's output: how it stands, how far it is, its ranks, and its live log."""

from __future__ import annotations

import threading
import time
from typing import Any

import traitlets

from jupyter_trainhub.errors import NotFound
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
    "run",
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
_SHOWN_OF_POD = ("rank", "phase", "node", "message", "exit_code")

# Seconds between two moments at which the last lines are kept, for notebooks read later.
_KEEP = 3.0

# Seconds that a cell may take to read the log of a job that has ended.
_LOOK = 2.0

# By the job's uid. However often a job is displayed, it is followed once.
_following: dict[str, JobView] = {}


class JobView(Served):
    """A job, followed from when it is first displayed until it ends or the widget is closed.

    ``tail`` are the last lines of its log and ``total`` how many there were.
    """

    tail = traitlets.List(traitlets.Unicode()).tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    # The rank whose lines are shown first; all for None.
    rank = traitlets.Int(None, allow_none=True).tag(sync=True)
    # Whether the kernel follows the job and will tell what becomes of it.
    following = traitlets.Bool().tag(sync=True)

    @classmethod
    def of(cls, hub: Hub, view: View) -> JobView:
        """The widget of a job: the one that follows it already, where there is one."""
        found = _following.get(view["uid"])
        return found if found is not None and found.following else cls(hub, view)

    def __init__(self, hub: Hub, view: View) -> None:
        name = view["name"]
        run = view.get("run")

        def mine() -> View:
            now: View = hub.jobs.get(name)
            if now.get("run") != run:
                # Of the same name: a notebook may be old.
                raise NotFound(f"there is no job {name!r} of run {run} any more")
            return now

        def stop() -> View:
            mine()
            return shown(hub.jobs.stop(name))

        answers = {"stop": stop, "refresh": lambda: shown(mine())}
        super().__init__("job", name, shown(view), answers)
        self._hub = hub
        self._lock = threading.Lock()
        self._follower: Follower | None = None
        self._kept = 0.0

    def html(self) -> str:
        """The state as HTML, with the last lines of the log."""
        return job_html(self.view, self.tail, self.total)

    def text(self) -> str:
        """The state as text, with the last lines of the log."""
        told = why(self.view)
        state = f"<Job {self.name} {self.view['phase']}{f': {told}' if told else ''}>"
        return "\n".join([state, *self.tail])

    def join(self, timeout: float) -> None:
        """Wait until all of an ended job is shown, at most ``timeout`` seconds."""
        if self._follower is not None:
            self._follower.join(timeout)

    def close(self) -> None:
        """End it, and the threads that follow the job; the job goes on."""
        if self._follower is not None:
            self._follower.stop()
        _following.pop(self.view["uid"], None)
        super().close()

    def display_begun(self) -> None:
        with self._lock:
            if self._follower is None:
                self.following = True
                _following[self.view["uid"]] = self
                self._follower = Follower(
                    self._hub, self.name, self._changed, self._written, self._ended
                )
                self._follower.start()
        if self.view["over"]:
            # So that what stays in the notebook has the log.
            self.join(_LOOK)

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
        _following.pop(self.view["uid"], None)

    def _keep(self) -> None:
        self._kept = time.monotonic()
        if self._follower is not None and self._follower.total != self.total:
            with self.hold_sync():
                self.tail, self.total = self._follower.tail, self._follower.total


def shown(view: View) -> dict[str, Any]:
    """What the widget shows of a job's view."""
    pods = [{key: pod.get(key) for key in _SHOWN_OF_POD} for pod in view.get("pods", ())]
    return {
        **{key: view.get(key) for key in _SHOWN},
        "over": over(view),
        "pods": pods,
    }
