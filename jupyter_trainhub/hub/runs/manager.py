"""The records of a user's runs: listed, read, compared, submitted again, exported, deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jupyter_trainhub.errors import Conflict, Forbidden, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.jobs.failure import recorded
from jupyter_trainhub.hub.runs.collection import (
    CODE,
    ENVIRONMENT_FILE,
    FAILURE_FILE,
    METRICS_FILE,
    Collection,
)
from jupyter_trainhub.hub.runs.comparison import Facts, compare
from jupyter_trainhub.hub.runs.export import export, target_within
from jupyter_trainhub.hub.runs.folder import RUN, RunFolder
from jupyter_trainhub.hub.runs.last_logs import LastLogs
from jupyter_trainhub.hub.runs.log import SavedLog, open_log, saved_logs
from jupyter_trainhub.hub.runs.record import Record, is_over, matches, run_view, updated
from jupyter_trainhub.hub.runs.recorder import Recorder
from jupyter_trainhub.hub.runs.recording import Recording, submission_of
from jupyter_trainhub.hub.runs.store import RunStore
from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.manifests.frameworks.code import Code
from jupyter_trainhub.manifests.submission import CHANGES_FILE, EMPTY

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub


class Runs:
    """The runs of one user. Methods may be called by any thread, and block unless they say so."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._store = RunStore(hub.config, hub.storage)

    @cached_property
    def _recording(self) -> Recording:
        hub = self._hub
        collection = Collection(hub.client, hub.jobs, hub.metrics, lambda: hub.failures)
        return Recording(
            hub.client,
            hub.config,
            self._store,
            collection,
            hub.user,
            self._recorder.hurry,
            hub.progress,
        )

    @cached_property
    def _recorder(self) -> Recorder:
        return Recorder(lambda view: self._recording.visit(view))

    def follows(self, run: str, pod: str) -> bool:
        """Whether the log of a pod is being read for its record."""
        return "_recording" in self.__dict__ and self._recording.follows(run, pod)

    def note(self, view: View) -> None:
        """Keep the record of a job that looks as ``view`` now; returns at once."""
        if self._recording.concerns(view):
            self._recorder.note(view)

    def note_deleted(self, job: str) -> None:
        """Keep what is left of a job that was deleted; returns at once."""
        last = self._recorder.last(job)
        if last is not None and not is_over(last):
            self._recorder.note(self._recording.gone(last))

    def end_abandoned(self) -> None:
        """Give an end to the records of jobs that were deleted while nobody watched them."""
        open_ones = self._recording.without_end()
        try:
            present = {view.get("run") for view in self._hub.jobs.list()} if open_ones else set()
        except TrainHubError:
            # The cluster is away: another time.
            return
        for view in open_ones:
            if view["run"] not in present:
                self._recorder.note(self._recording.gone(view))

    def record(self, view: View) -> None:
        """Write the record of a job now, as far as it can be; never raises."""
        if self._recording.concerns(view):
            self._recording.visit(view, follow=False)

    def before_stop(self, view: View) -> LastLogs | None:
        """Begin to read the logs of a job's pods, which are about to be told to end.

        They are read to their ends in threads: a program that ends has to wait for that. Never
        raises; None where there is nothing to read, or :meth:`problem` says why not.
        """
        return self._recording.last_logs(view)

    def before_delete(self, view: View) -> LastLogs | None:
        """:meth:`before_stop`, and write all else that goes with the job."""
        logs = self.before_stop(view)
        self.record(view)
        return logs

    def problem(self, run: str) -> str | None:
        """Why the record of a run cannot be written, as a sentence; None where it can."""
        found = self._recording.problems.get(run)
        return found[1] if found else None

    def stop(self) -> None:
        """End the threads; what is being written is waited for some seconds."""
        if "_recorder" in self.__dict__:
            self._recorder.stop()

    def get(self, run: str) -> View:
        """The view of one run. Raises NotFound."""
        unwritten = self._recording.problems.get(run)
        if unwritten is not None and self._store.find(run) is None:
            view, problem = unwritten
            return run_view(updated({}, view, EMPTY), pinned=False, size=0, problem=problem)
        folder, record = self._record(run)
        logs = {**self._logs_by_pods(run), **saved_logs(folder)}
        listed = [{"attempt": attempt, "rank": rank} for attempt, rank in sorted(logs)]
        return {**self._view(folder, record), "logs": listed}

    def files(self, run: str) -> Views:
        """The files of a record: ``{path, size, modified}``, in bytes and seconds of the epoch."""
        folder, _ = self._record(run)
        return [
            {"path": path, "size": size, "modified": modified}
            for path, size, modified in folder.files()
        ]

    def open(self, run: str, path: str) -> IO[bytes]:
        """A file of a record, to read. Raises NotFound."""
        folder, _ = self._record(run)
        return folder.open(path)

    def log(
        self,
        run: str,
        rank: int | None = None,
        attempt: int | None = None,
        tail: int | None = None,
        *,
        records: bool = True,
    ) -> SavedLog:
        """The saved log of a run; see ``hub.runs.log``. Raises NotFound."""
        folder, record = self._record(run)
        ended = bool(record.get("complete"))
        with suppress(NotFound):
            return open_log(folder, rank, attempt, tail, records, ended)
        by_pods = self._store.written_by_pods(run)
        return open_log(by_pods or folder, rank, attempt, tail, records, ended)

    def failures(self, run: str) -> Views:
        """How its attempts failed, as far as that was recorded."""
        folder = self._store.find(run)
        return recorded(folder.read_json(FAILURE_FILE)) if folder else []

    def metrics(self, run: str) -> Sequence[bytes]:
        """The lines of what was measured; none where nothing is known."""
        folder = self._store.find(run)
        return folder.read(METRICS_FILE, 64 << 20).splitlines() if folder else []

    def code(self, run: str) -> Code:
        """The code as submitted, and the program that starts it. Raises NotFound."""
        folder, record = self._record(run)
        if record.get("argv") is None:
            raise NotFound(
                f"the record of {run!r} does not hold the code",
                field="run",
                remedy="Submit the notebook or command anew.",
            )
        return Code(_code(folder), [*record["argv"]])

    def submit(self, run: str, name: str | None = None) -> View:
        """Submit a run again, with its code and spec, as a new job; its view.

        ``name`` is that of the job; default: the first free one like it. Raises NotFound,
        InvalidField, AlreadyExists.
        """
        from jupyter_trainhub.hub.submission import free_name
        from jupyter_trainhub.specs.job import JobSpec

        folder, record = self._record(run)
        if name is None:
            taken = {view["name"] for view in self._hub.jobs.list()}
            name = free_name(re.sub(r"-\d+$", "", record["job"]), taken)
        spec = JobSpec.parse({**record["spec"], "name": name})
        # The code is that of the same commit; who submits it, and when, is for the job to say.
        submission = replace(submission_of(folder), submitted_by="", at="", from_run=run)
        return self._hub.jobs.create(spec, submission=submission, code_of=run)

    def compare(self, a: str, b: str) -> View:
        """What differs between two runs; see ``hub.runs.comparison.compare``. Raises NotFound."""
        return compare(self._facts(a, "a"), self._facts(b, "b"))

    def export(self, run: str, target: Path) -> Path:
        """Copy a record to the new folder ``target``; see ``hub.runs.export.export``."""
        folder, _ = self._record(run)
        beside = self._store.written_by_pods(run)
        return export(folder, None if beside and beside.path == folder.path else beside, target)

    def export_within(self, run: str, folder: str, roots: Sequence[Path]) -> Path:
        """:meth:`export` into what a user calls ``folder``; the folder that was made.

        It must lie in ``roots``, the first of which relative paths are below, or in a folder that
        the site allows for archives. Raises InvalidField for another.
        """
        folder_of_run, _ = self._record(run)
        target = target_within(
            folder, folder_of_run.run, roots, self._hub.config, self._hub.storage
        )
        return self.export(run, target)

    def pin(self, run: str, pinned: bool) -> View:
        """Keep a record whatever the site's policy is, or no longer; its view. Raises NotFound."""
        folder, record = self._record(run)
        try:
            folder.pin(pinned)
            if not pinned and record.get("pinned"):
                # It was, with its job.
                folder.write_json(RUN, {**record, "pinned": False})
        except OSError as error:
            raise InvalidField(
                f"the record cannot be changed: {error.strerror or error}",
                field="pinned",
                remedy="Make room on its disk, or ask its owner.",
            ) from None
        return self.get(run)

    def delete(self, run: str) -> None:
        """Delete a record. Raises NotFound, and Conflict while the job runs."""
        folder, record = self._record(run)
        if not is_over(record):
            raise Conflict(
                f"run {run!r} has not ended: {record.get('phase')}",
                reason="RunNotEnded",
                field="run",
                remedy=f"Stop the job {record['job']!r} first.",
            )
        try:
            self._store.delete(folder)
        except OSError as error:
            raise Forbidden(
                f"the record of {run!r} cannot be deleted: {error.strerror or error}",
                field="run",
                remedy="Ask whoever it belongs to.",
            ) from None

    def list(self, search: str = "") -> Views:
        """The views of all runs in which every word of ``search`` occurs; the newest first."""
        found = []
        for folder in self._store.folders():
            record = self._store.record(folder)
            if record is not None and record.get("owner") == self._hub.user:
                view = self._view(folder, record)
                del view["pods"]
                if matches(view, search):
                    found.append(view)
        return sorted(found, key=lambda view: (view["created"] or "", view["run"]), reverse=True)

    def _record(self, run: str) -> tuple[RunFolder, Record]:
        folder = self._store.get(run)
        record = self._store.record(folder)
        if record is None:
            raise NotFound(
                f"the record of {run!r} is broken: its run.json cannot be read",
                field="run",
                remedy=f"Look at it in {folder.path}.",
            )
        return folder, record

    def _view(self, folder: RunFolder, record: Record) -> View:
        size = sum(bytes_ for _, bytes_, _ in folder.files())
        problem = self.problem(folder.run)
        return run_view(record, pinned=folder.pinned, size=size, problem=problem)

    def _logs_by_pods(self, run: str) -> dict[tuple[int, int], str]:
        by_pods = self._store.written_by_pods(run)
        return saved_logs(by_pods) if by_pods else {}

    def _facts(self, run: str, field: str) -> Facts:
        try:
            folder, record = self._record(run)
        except NotFound as error:
            error.field = field
            raise
        view = self._view(folder, record)
        environment = folder.read_json(ENVIRONMENT_FILE)
        return Facts(
            view,
            environment if isinstance(environment, dict) else {},
            _code(folder),
            folder.read(CHANGES_FILE),
        )


def _code(folder: RunFolder) -> dict[str, bytes]:
    return {
        path.removeprefix(f"{CODE}/"): folder.read(path, size)
        for path, size, _ in folder.files()
        if path.startswith(f"{CODE}/")
    }
