"""Training jobs: create, find, follow, stop, start again, delete."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.jobs.attempts import Owners, is_deleted
from jupyter_trainhub.hub.jobs.creation import Creation, name_taken
from jupyter_trainhub.hub.jobs.events import events_of
from jupyter_trainhub.hub.jobs.keeping import Keeping
from jupyter_trainhub.hub.jobs.log.opening import open_log
from jupyter_trainhub.hub.jobs.log.reader import JobLog
from jupyter_trainhub.hub.jobs.log.request import LogRequest
from jupyter_trainhub.hub.jobs.program import Bundle, again, program_of, submitted_as
from jupyter_trainhub.hub.jobs.requests import Requests
from jupyter_trainhub.hub.jobs.restarts import Restarts
from jupyter_trainhub.hub.jobs.search import matches
from jupyter_trainhub.hub.jobs.stopping import stop
from jupyter_trainhub.hub.jobs.views import JobViews
from jupyter_trainhub.hub.jobs.yaml import job_yaml
from jupyter_trainhub.hub.live import LiveState
from jupyter_trainhub.hub.submission import free_name
from jupyter_trainhub.hub.waiting import wait_until
from jupyter_trainhub.manifests.frameworks.code import Code
from jupyter_trainhub.manifests.job_status import job_view, over
from jupyter_trainhub.manifests.labels import PINNED, Object, Objects
from jupyter_trainhub.manifests.submission import Submission
from jupyter_trainhub.specs.job import JobSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.policy import Policy


class Jobs:
    """The training jobs of one namespace."""

    def __init__(self, hub: Hub, policy: Policy) -> None:
        self._hub = hub
        self.client = hub.client
        self.discovery = hub.discovery
        self.owners = Owners(hub.client, hub.discovery)
        self.views = JobViews(hub, self.owners)
        self.creation = Creation(hub.client, self.owners)
        self.requests = Requests(hub, policy)

    @cached_property
    def restarts(self) -> Restarts:
        """Whole jobs started again after a failure."""
        return Restarts(self, self._hub.user)

    def create(
        self,
        spec: JobSpec,
        bundle: Bundle | None = None,
        *,
        submission: Submission | None = None,
        code_of: str | None = None,
    ) -> Object:
        """Create a job; its view.

        ``bundle`` is the notebook's, for a spec with a notebook; with ``code_of`` it is what
        that run was made of. Raises InvalidField for what can never run here, AlreadyExists, and
        NotFound. Nothing is left behind when it fails in between.
        """
        if code_of is not None:
            program = again(spec, self._submitted_as(code_of))
        else:
            program = program_of(spec, bundle)
        existing = self.owners.all()
        if spec.name in existing:
            raise name_taken(spec.name)
        framework, request = self.requests.first(spec, program, submission, existing)
        objects = framework.objects(request)
        try:
            if request.claims:
                self._hub.volumes.ensure(request.spec, request.run, image=request.image)
            owner = self.creation.create(framework, objects)
        except BaseException:
            if request.claims:
                self._hub.volumes.discard(request.run)
            raise
        return job_view(owner, [])

    def check(self, spec: JobSpec) -> None:
        """Raises InvalidField for what can never run here. Nothing is made."""
        self.requests.first(spec, Code({}, []), None, {})

    def list(self, search: str = "") -> Objects:
        """The views of all jobs that ``search`` matches: pinned ones first, then the newest."""
        found = [view for view in self.views.all() if matches(view, search)]
        found = [*self._hub.progress.look(found)]
        found.sort(key=lambda view: (view["created"] or "", view["name"]), reverse=True)
        return sorted(found, key=lambda view: not view["pinned"])

    def get(self, name: str) -> Object:
        """The view of one job. Raises NotFound."""
        return self._hub.progress.look([self._seen(name)])[0]

    def stop(self, name: str, *, wait: bool = False) -> Object:
        """End the pods of a job and keep everything else of it, with who stopped it; its view.

        The last of its pods' logs is kept in its record, which ``wait`` waits for as long as pods
        take to end; where it cannot be written the view says so in ``warning``. Raises NotFound,
        and Conflict when it has ended by itself.
        """
        keeping = Keeping(self._hub.runs)
        stop(self.owners, name, self._hub.user, self.views.of, keeping.begin)
        view = self.get(name)
        if wait:
            keeping.finish()
            view = self.get(name)
            self._hub.runs.record(view)
        problem = keeping.problem(view)
        return {**view, "warning": problem} if problem else view

    def delete(self, name: str, *, volumes: bool = False, wait: bool = False) -> None:
        """Delete a job with all its attempts, their pods, logs and code. Raises NotFound.

        What its record lacks is kept there first, as with :meth:`stop`. Its volumes, with
        checkpoints and models, are kept unless ``volumes``; those that it took over from another
        job are kept in any case.
        """
        attempts = self.owners.of(name)
        run, keeping = attempts.run, Keeping(self._hub.runs)
        keeping.begin(self.views.of(attempts))
        # Again and again, for an attempt that is made at this moment.
        while there := [owner for owner in attempts.owners if not is_deleted(owner)]:
            for owner in there:
                self.owners.delete(owner)
            attempts = self.owners.present(name)
        if volumes:
            self._hub.volumes.discard(run)
        if wait:
            keeping.finish()

    def pin(self, name: str, pinned: bool) -> Object:
        """Put a job before the others in lists, or no longer; its view. Raises NotFound."""
        owner = self.owners.of(name).newest
        annotations = {PINNED: "true" if pinned else None}
        self.owners.patch(owner, {"metadata": {"annotations": annotations}})
        return self.get(name)

    def resubmit(self, name: str, new_name: str | None = None) -> Object:
        """Submit a job again, as another one with the code as it was submitted.

        Without ``new_name`` it has the next number that is free. Raises NotFound, AlreadyExists.
        """
        return self.clone(name, new_name, {})

    def clone(self, name: str, new_name: str | None, changes: Mapping[str, Any]) -> Object:
        """:meth:`resubmit` with ``changes`` of its spec. Raises InvalidField too."""
        view = self.get(name)
        stem = re.sub(r"-\d+$", "", name)
        chosen = new_name or free_name(stem, self.owners.all())
        spec = JobSpec.parse({**view["spec"], **changes, "name": chosen})
        submission = Submission(from_run=view["run"])
        return self.create(spec, submission=submission, code_of=view["run"])

    def events(self, name: str) -> Objects:
        """What the cluster did for a job, oldest first. Raises NotFound."""
        attempts = self.owners.of(name)
        claims = [volume["claim"] for volume in job_view(attempts.newest, [])["volumes"]]
        return events_of(self.client, attempts, claims)

    def logs(self, name: str, rank: int | None = None, **how: Any) -> JobLog:
        """The log in chunks of bytes; ``rank`` and ``how`` are the fields of a LogRequest.

        The reader has to exhaust or close it. Raises NotFound, and InvalidField.
        """
        request = LogRequest(rank=rank, **how)
        return open_log(self.client, name, self._seen, request, self._hub.runs.log)

    def yaml(self, name: str, kind: str) -> str:
        """The objects of a job, ``kind`` ``applied`` or ``live``. Raises NotFound, InvalidField."""
        return job_yaml(self.client, self.owners.of(name), kind)

    def wait(
        self,
        name: str,
        timeout: float | None = None,
        on_view: Callable[[Object], None] = lambda view: None,
    ) -> Object:
        """The view once the job has ended, however it did; meanwhile it is started again.

        ``on_view`` is told every change. Raises NotFound when it is deleted, and WaitTimeout after
        ``timeout`` seconds.
        """
        with self.restarts.clock() as clock:

            def look(view: Object) -> None:
                clock.note(view)
                on_view(view)

            wait_until(self, "job", name, over, timeout=timeout, on_view=look)
        # The end of a job may be seen before the end of its pods, which tells why it failed.
        view = self.get(name)
        self._hub.runs.record(view)
        return view

    @contextlib.contextmanager
    def restarting(self, name: str) -> Iterator[None]:
        """Start a job again after failures, as often as it wants, while the block goes on."""
        with self.restarts.clock() as clock:

            def look(kind: str, name: str, action: str, view: Object | None) -> None:
                if view is not None:
                    clock.note(view)

            live = LiveState(self, look, kind="job", name=name)
            live.start()
            try:
                yield
            finally:
                live.stop()

    def _seen(self, name: str) -> Object:
        """The view of one job without its progress, for which a log would be read."""
        return self.views.of(self.owners.of(name))

    def _submitted_as(self, run: str) -> Bundle:
        try:
            return submitted_as(self.client, run)
        except NotFound:
            return self._hub.runs.code(run)
