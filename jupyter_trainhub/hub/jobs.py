"""Training jobs: create, find, follow, stop, delete."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import (
    AlreadyExists,
    Conflict,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.events import events_of, telling
from jupyter_trainhub.hub.images.default import default_image
from jupyter_trainhub.hub.logs import JobLog, PodOfRank
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.policy import Policy
from jupyter_trainhub.hub.waiting import wait_until
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, PODS, SERVICES
from jupyter_trainhub.manifests.job import LAUNCHER, choose_port, job_objects, taken_ports
from jupyter_trainhub.manifests.job_status import ENDED, job_view
from jupyter_trainhub.manifests.labels import (
    STOPPED_AT,
    STOPPED_BY,
    Object,
    Objects,
    owned_by,
    rank,
    selector,
    user_name,
)
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import JOB_PREFIX, to_kubernetes


class Bundle(Protocol):
    """What a notebook becomes: files for the pods, and the program that runs them."""

    @property
    def files(self) -> Mapping[str, bytes]: ...

    @property
    def argv(self) -> Sequence[str]: ...


class Jobs:
    """The training jobs of one namespace."""

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        nodes: Nodes,
        policy: Policy,
        user: str,
    ) -> None:
        self.client = client
        self._config = config
        self._nodes = nodes
        self._policy = policy
        self._user = user

    def create(self, spec: JobSpec, bundle: Bundle | None = None) -> Object:
        """Create a job; its view. ``bundle`` is the notebook's, for a spec with a notebook.

        Raises InvalidField for what can never run here, and AlreadyExists. Nothing is left behind
        when it fails in between.
        """
        spec, site = self._policy.admit(spec)
        files, argv = _program(spec, bundle)
        image = spec.image or default_image(self._config.default_image, self._nodes.visible())
        existing = [*self.client.list(JOBS, label_selector=selector("job"))]
        objects = job_objects(
            spec,
            owner=self._user,
            image=image,
            files=files,
            argv=argv,
            port=choose_port(spec.name, taken_ports(existing)),
            site=site,
        )
        if self._config.check_fit:
            self._nodes.check(objects.job["spec"]["template"]["spec"], spec.nodes)
        try:
            created = self.client.create(JOBS, objects.job)
        except AlreadyExists:
            raise AlreadyExists(
                f"there is a job called {spec.name!r} already",
                field="name",
                remedy="Choose another name, or delete the job that is there.",
            ) from None
        name, uid = created["metadata"]["name"], created["metadata"]["uid"]
        try:
            # The Job is suspended until its Service and code are there, so no pod starts too early.
            self.client.create(SERVICES, owned_by(objects.service, created))
            self.client.create(CONFIG_MAPS, owned_by(objects.config_map, created))
            released = self.client.patch(JOBS, name, {"spec": {"suspend": False}})
        except BaseException:
            with contextlib.suppress(TrainHubError):
                self.client.delete(JOBS, name, uid=uid)
            raise
        return job_view(released, [])

    def list(self) -> list[Object]:
        """The views of all jobs, the newest first."""
        pods: dict[str, Objects] = {}
        for pod in self.client.list(PODS, label_selector=selector("job")):
            pods.setdefault(user_name(pod), []).append(pod)
        views = [
            self._view(found, pods.get(user_name(found), []))
            for found in self.client.list(JOBS, label_selector=selector("job"))
        ]
        return sorted(views, key=lambda view: (view["created"] or "", view["name"]), reverse=True)

    def get(self, name: str) -> Object:
        """The view of one job. Raises NotFound."""
        return self._view(self._find(name), self._pods(name))

    def stop(self, name: str) -> Object:
        """End the pods of a job and keep its record, with who stopped it. Takes the pods' time.

        Raises NotFound, and Conflict when it has ended by itself. The pods' logs go with them.
        """
        view = self.get(name)
        if view["phase"] == "Stopped":
            return view
        if view["phase"] in ENDED:
            raise Conflict(
                f"job {name!r} has ended already: {view['phase']}",
                reason="JobEnded",
                field="name",
                remedy="There is nothing to stop; delete it to remove its record.",
            )
        stopped = {"annotations": {STOPPED_BY: self._user, STOPPED_AT: now()}}
        changed = self.client.patch(
            JOBS, to_kubernetes(JOB_PREFIX, name), {"metadata": stopped, "spec": {"suspend": True}}
        )
        return job_view(changed, self._pods(name))

    def delete(self, name: str) -> None:
        """Delete a job with its pods, their logs and its code. Raises NotFound."""
        found = self._find(name)
        self.client.delete(JOBS, found["metadata"]["name"], uid=found["metadata"]["uid"])

    def events(self, name: str) -> Objects:
        """What the cluster did for a job, oldest first. Raises NotFound."""
        return events_of(self.client, self._find(name))

    def logs(
        self,
        name: str,
        rank: int | None = None,
        *,
        follow: bool = False,
        tail: int | None = None,
    ) -> JobLog:
        """The log in chunks of bytes: of one rank as it was written, or of all ranks in one.

        In the log of all ranks each line starts with ``[N] ``. ``follow`` goes on until the job has
        ended; ``tail`` begins with the last lines only. The reader has to exhaust or close it.
        Raises NotFound, and InvalidField for a rank that the job does not have.
        """
        nodes = self._find(name)["spec"].get("completions") or 1
        if rank is not None and not 0 <= rank < nodes:
            raise InvalidField(
                f"job {name!r} has no rank {rank}",
                field="rank",
                remedy=f"Its ranks are 0 to {nodes - 1}." if nodes > 1 else "Its only rank is 0.",
            )
        return JobLog(
            self.client,
            range(nodes) if rank is None else [rank],
            lambda number: self._pod_of_rank(name, number),
            prefixed=rank is None,
            follow=follow,
            tail=tail,
        )

    def wait(
        self,
        name: str,
        timeout: float | None = None,
        on_view: Callable[[Object], None] = lambda view: None,
    ) -> Object:
        """The view once the job has ended, however it did.

        ``on_view`` is told every change. Raises NotFound when it is deleted, and WaitTimeout after
        ``timeout`` seconds.
        """
        wait_until(
            self,
            "job",
            name,
            lambda view: view["phase"] in ENDED,
            timeout=timeout,
            on_view=on_view,
        )
        # The end of a job may be seen before the end of its pods, which tells why it failed.
        return self.get(name)

    def _find(self, name: str) -> Object:
        with contextlib.suppress(NotFound):
            return self.client.get(JOBS, to_kubernetes(JOB_PREFIX, name))
        raise NotFound(
            f"there is no job {name!r}", field="name", remedy="Look at the list of jobs."
        )

    def _pods(self, name: str) -> Objects:
        return [*self.client.list(PODS, label_selector=selector("job", name))]

    def _pod_of_rank(self, name: str, number: int) -> PodOfRank:
        pods = [pod for pod in self._pods(name) if rank(pod) == number]
        if pods:
            newest = max(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))
            return PodOfRank(newest, ended=False)
        try:
            view = job_view(self._find(name), [])
        except NotFound:
            return PodOfRank(None, ended=True)
        return PodOfRank(None, ended=view["phase"] in ENDED)

    def _view(self, job: Object, pods: Objects) -> Object:
        view = job_view(job, pods)
        if view["phase"] not in ("Pending", "Starting") or (view["reason"] == "Creating" and pods):
            return view
        return job_view(job, pods, events=telling(self.client), largest=self._nodes.largest())


def _program(spec: JobSpec, bundle: Bundle | None) -> tuple[dict[str, bytes], Sequence[str]]:
    """The files of the job's pods, the launcher among them, and what the launcher starts."""
    launcher = program(LAUNCHER)
    if spec.command is not None:
        return {LAUNCHER: launcher}, spec.command
    if bundle is None:
        raise InvalidField(
            "the notebook was not read, only its path was given",
            field="notebook",
            remedy="Submit it from JupyterLab, with th.submit() or with 'trainhub create job'.",
        )
    return {**bundle.files, LAUNCHER: launcher}, bundle.argv
