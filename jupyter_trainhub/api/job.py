"""Jobs as a notebook handles them."""

from __future__ import annotations

from html import escape
from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.api.collection import Collection
from jupyter_trainhub.api.failure import Failure, note
from jupyter_trainhub.api.follow import ProgressBar, follow, shown
from jupyter_trainhub.api.volume import Folder, Volume
from jupyter_trainhub.errors import JobFailed
from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.jobs.failure import in_short
from jupyter_trainhub.hub.tables import jobs_table
from jupyter_trainhub.hub.views import ENDED, View
from jupyter_trainhub.widgets.still import job_html


class Job:
    """A job by its name. What it tells of itself is as of the last look; :meth:`refresh` looks."""

    def __init__(self, name: str, view: View | None = None) -> None:
        self.name = name
        self._view = view or session.hub().jobs.get(name)
        # The cell whose output has its widget already.
        self._shown_in: int | None = None

    @property
    def view(self) -> View:
        """All that is known, as the REST interface shows it, as of the last look."""
        return self._view

    @property
    def phase(self) -> str:
        """The phase now, as ``Running`` or ``Succeeded``."""
        return str(self.refresh()._view["phase"])

    @property
    def spec(self) -> dict[str, Any]:
        """What was asked for."""
        return dict(self._view["spec"])

    @property
    def progress(self) -> dict[str, Any] | None:
        """How far it is now, as the REST interface tells it; None where nothing is known.

        ``fraction`` is from 0 to 1, ``rate`` in steps per second, ``remaining`` in seconds.
        """
        found = self.refresh()._view["progress"]
        return None if found is None else dict(found)

    @property
    def failure(self) -> Failure:
        """How its newest attempt failed; false where it has not."""
        return Failure(session.hub().failures.of_job(self.name))

    def refresh(self) -> Job:
        """Look at the cluster. Raises NotFound when the job was deleted."""
        self._view = session.hub().jobs.get(self.name)
        return self

    def wait(self, timeout: float | None = None, progress: bool = True) -> Job:
        """Return once the job has succeeded.

        ``timeout`` is in seconds, None waits without end; ``progress`` shows its phase meanwhile.
        Raises JobFailed when it fails or is stopped, with the cell of the notebook where that is
        known, and WaitTimeout.
        """
        hub = session.hub()
        number = session.cell()
        if progress and number is not None and number != self._shown_in:
            self._shown_in = number
            with shown(hub, self.name):
                self._view = hub.jobs.wait(self.name, timeout)
        else:
            with ProgressBar(self.name, shown=progress and number is None) as bar:
                self._view = hub.jobs.wait(self.name, timeout, on_view=bar.show)
        if self._view["phase"] != "Succeeded":
            raise job_failed(self._view)
        return self

    def logs(
        self,
        rank: int | None = None,
        tail: int | None = None,
        *,
        attempt: int | None = None,
        previous: bool = False,
        timestamps: bool = False,
    ) -> str:
        """The log until now: of one rank, or of all with ``[rank] `` before each line.

        ``tail`` gives the last lines of each rank only, ``attempt`` an earlier attempt,
        ``previous`` the container before the present one of a pod, ``timestamps`` the time of each
        line in UTC.
        """
        how = {"attempt": attempt, "previous": previous, "timestamps": timestamps}
        log = session.hub().jobs.logs(self.name, rank, tail=tail, **how)
        return b"".join(log).decode(errors="replace")

    def metrics(self) -> dict[str, Any]:
        """What its pods use and have used, as the REST interface tells it.

        ``series`` has a dictionary for each pod and metric, whose ``points`` are pairs of Unix time
        and amount; ``missing`` says what is not known and why.
        """
        return session.hub().metrics.of(self.name)

    def follow(self, rank: int | None = None) -> Job:
        """Show the log while it is written, and how far the job is; return when it has ended.

        Interrupting it leaves the job running.
        """
        self._shown_in = session.cell()
        self._view = follow(session.hub(), self.name, rank)
        return self

    def volume(self, role: str) -> Volume:
        """Its volume ``checkpoint`` or ``model``. Raises NotFound."""
        return Volume.of_job(self.name, role)

    def files(self, role: str, path: str = "") -> Folder:
        """A folder of its volume ``checkpoint`` or ``model``: ``job.files("model")``."""
        return self.volume(role).files(path)

    def stop(self) -> Job:
        """End its pods; everything else of it stays. Raises Conflict when it has ended already."""
        self._view = session.hub().jobs.stop(self.name)
        return self

    def delete(self, *, volumes: bool = False) -> None:
        """Delete it with its pods and their logs, and with ``volumes`` its checkpoints and models.

        Its record, with the logs, is kept: ``th.runs``.
        """
        session.hub().jobs.delete(self.name, volumes=volumes)

    def pin(self, pinned: bool = True) -> Job:
        """Show it before the others in lists, or no longer."""
        self._view = session.hub().jobs.pin(self.name, pinned)
        return self

    def resubmit(self, name: str | None = None) -> Job:
        """Submit it again, with the code as it was submitted, as the new job ``name``.

        ``name`` defaults to its own with the next number that is free. Raises AlreadyExists.
        """
        return self.clone(name)

    def clone(self, name: str | None = None, **changes: Any) -> Job:
        """:meth:`resubmit` with changes of its spec, such as ``clone(nodes=4)``.

        Raises InvalidField and AlreadyExists.
        """
        view = session.hub().jobs.clone(self.name, name, changes)
        return Job(view["name"], view)

    @property
    def history(self) -> list[View]:
        """What became of it, oldest first: ``phase``, ``at``, ``reason``, ``message``, ``attempt``.

        As of the last look.
        """
        return list(self._view["history"])

    def events(self) -> list[View]:
        """What the cluster did for it, oldest first."""
        return list(session.hub().jobs.events(self.name))

    def __repr__(self) -> str:
        told = why(self._view)
        return f"<Job {self.name} {self._view['phase']}{f': {told}' if told else ''}>"

    def _repr_html_(self) -> str:
        return job_html(self._view)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not session.in_notebook():
            return {"text/plain": repr(self), "text/html": self._repr_html_()}
        if session.cell() == self._shown_in:
            return {"text/plain": repr(self), "text/html": f"<code>{escape(repr(self))}</code>"}
        from jupyter_trainhub.widgets.job import JobView

        return JobView.of(session.hub(), self._view)._repr_mimebundle_(**kwargs)


class Jobs(Collection[Job]):
    """All jobs: ``th.jobs["train-1"]``, ``for job in th.jobs``, ``len(th.jobs)``."""

    table = staticmethod(jobs_table)

    def list(self) -> list[Job]:
        """Every job, the newest first."""
        return [Job(view["name"], view) for view in session.hub().jobs.list()]

    def __getitem__(self, name: str) -> Job:
        """The job called ``name``. Raises NotFound."""
        return Job(name)


def job_failed(view: View) -> JobFailed:
    """The error for a job that ended otherwise than by success.

    Its notes hold the traceback of the rank that failed first.
    """
    failure = session.hub().failures.of_view(view)
    what = "failed" if view["phase"] == "Failed" else "was stopped"
    message = f"job {view['name']!r} {what}"
    short = in_short(failure["root"]) if failure["root"] else None
    error = view["error"] or short
    details = {"name": view["name"], "phase": view["phase"], "error": error, "failure": failure}
    failed = JobFailed(
        f"{message}: {view['message']}" if view["message"] else message,
        reason=view["reason"] if view["phase"] == "Failed" else "JobStopped",
        remedy="Its log says more: job.logs()." if view["phase"] in ENDED else None,
        details=details,
    )
    # What Python 3.11 and later print behind the message (PEP 678).
    failed.__notes__ = [told] if (told := note(failure)) else []
    return failed
