"""TensorBoards in the cluster: open, find, start again, stop, delete, reach."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import AlreadyExists, Conflict, NotFound
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.tensorboards.cluster.admission import admitted, readmitted
from jupyter_trainhub.hub.tensorboards.cluster.creation import (
    create,
    is_being_created,
    released,
    remove,
)
from jupyter_trainhub.hub.tensorboards.cluster.log import last_words
from jupyter_trainhub.hub.tensorboards.cluster.programs import Programs
from jupyter_trainhub.hub.tensorboards.cluster.views import TensorBoardViews
from jupyter_trainhub.hub.tensorboards.sources import Sources
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint, TensorBoardView
from jupyter_trainhub.kube.resources import JOBS, PODS
from jupyter_trainhub.manifests.labels import (
    CONTROLLER_UID,
    STOPPED_AT,
    STOPPED_BY,
    Object,
    Objects,
    owner,
    selector,
    spec_of,
    user_name,
)
from jupyter_trainhub.manifests.labels import KIND as KIND_LABEL
from jupyter_trainhub.manifests.tensorboard import (
    KIND,
    kubernetes_name,
    tensorboard_id,
)
from jupyter_trainhub.manifests.tensorboard_admission import Admission, admission_of
from jupyter_trainhub.manifests.tensorboard_status import folders_of, newest_pod, outcome
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

# Seconds after which one is there again that somebody starts anew at this moment.
_REPLACED = 0.3

# The class below has a method called `list`, which hides the type in its own annotations.
Views = list[TensorBoardView]


class ClusterTensorBoards:
    """The TensorBoards of one namespace, which all who may read it share.

    Each is a Job, and methods take its name. They may be called by any thread, and block.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._client = hub.client
        self._programs = Programs(hub)
        self._views = TensorBoardViews(hub, self._programs)

    def open(self, spec: TensorBoardSpec, sources: Sources) -> TensorBoardView:
        """The TensorBoard of these folders and options, started unless it runs.

        Without a name or options, any that shows these folders will do. Raises AlreadyExists where
        the name is that of another one, InvalidField, Forbidden and Conflict.
        """
        name = spec.name or sources.name(spec.options)
        told = {"name": name, "folders": sources.texts, "where": "cluster"}
        admission = admitted(self._hub, spec, sources)
        wanted = _shown(admission)
        for job in self._jobs():
            same = _shown(admission_of(job)) == wanted and not spec.image
            if same and spec.name in (None, user_name(job)) and _fits(job, spec.options):
                return self.start(job["metadata"]["name"])
        return self._created(spec.model_copy(update=told), admission, self._hub.user)

    def update(
        self, name: str, changes: Mapping[str, Any], sources: Sources | None
    ) -> TensorBoardView:
        """Change the spec, with ``sources`` where that has other folders, and start it anew.

        With another name it is another TensorBoard. Raises InvalidField, NotFound, AlreadyExists.
        """
        job = self._find(name)
        spec = TensorBoardSpec.parse({**spec_of(job), **changes, "where": "cluster"})
        old = admission_of(job)
        if sources is not None or old is None:
            assert sources is not None
            spec = spec.model_copy(update={"folders": sources.texts})
            admission = admitted(self._hub, spec, sources)
        else:
            admission = readmitted(self._hub, spec, old)
        if kubernetes_name(spec.name or "") == name:
            return self._created(spec, admission, owner(job), job)
        view = self._created(spec, admission, owner(job))
        remove(self._client, job)
        return view

    def list(self) -> Views:
        """All of them, the latest first."""
        pods: dict[str, Objects] = {}
        for pod in self._client.list(PODS, label_selector=selector(KIND)):
            uid = pod["metadata"]["labels"].get(CONTROLLER_UID, "")
            pods.setdefault(uid, []).append(pod)
        jobs = self._jobs()
        self._programs.forget_others({job["metadata"]["uid"] for job in jobs})
        views = self._views.all([(job, pods.get(job["metadata"]["uid"], [])) for job in jobs])
        return sorted(views, key=lambda view: view["started"] or "", reverse=True)

    def of_job(self, name: str) -> Views:
        """Those that show the logs of a job, as objects alone tell."""
        found = [job for job in self._jobs() if spec_of(job).get("job") == name]
        return [self._views.objects(job, self._pods(job)) for job in found]

    def get(self, name: str) -> TensorBoardView:
        """One of them. Raises NotFound."""
        job = self._find(name)
        return self._views.of(job, self._pods(job))

    def spec(self, name: str) -> TensorBoardSpec:
        """What it was made of. Raises NotFound, and InvalidField where that is broken."""
        return TensorBoardSpec.parse(spec_of(self._find(name)))

    def start(self, name: str) -> TensorBoardView:
        """Start it again where it has ended or was stopped; of two who do it at once, one does.

        Raises NotFound.
        """
        job = self._find(name)
        stopped = job["spec"].get("suspend") and not is_being_created(job)
        if not (stopped or outcome(job)):
            return self._views.of(job, self._pods(job))
        if stopped and STOPPED_BY in (job["metadata"].get("annotations") or {}):
            try:
                going_on = released(self._client, job)
            except Conflict:
                # Somebody else was quicker.
                going_on = self._find(name)
            if going_on is not None:
                return self._views.of(going_on, self._pods(going_on))
        admission = admission_of(job)
        if admission is None:
            raise Conflict(
                f"what TensorBoard {user_name(job)!r} was made of is not known any more",
                field="name",
                remedy="Delete it, and open the folder again.",
            )
        return self._created(TensorBoardSpec.parse(spec_of(job)), admission, owner(job), job)

    def stop(self, name: str) -> TensorBoardView:
        """End its pod and keep its definition. Raises NotFound."""
        job = self._find(name)
        if not (job["spec"].get("suspend") or outcome(job)):
            annotations = {STOPPED_BY: self._hub.user, STOPPED_AT: now()}
            body = {"metadata": {"annotations": annotations}, "spec": {"suspend": True}}
            with contextlib.suppress(Conflict):
                job = self._client.patch(JOBS, name, body)
        return self._views.of(job, [])

    def delete(self, name: str) -> None:
        """Delete it with its pod; the folders stay. Raises NotFound."""
        job = self._find(name)
        self._client.delete(JOBS, name, uid=job["metadata"]["uid"])

    def log(self, name: str) -> str:
        """The last 16 KiB of what it printed; empty where it has no pod. Raises NotFound."""
        job = self._find(name)
        pod = newest_pod(job, self._pods(job))
        return last_words(self._client, pod) if pod is not None else ""

    def endpoint(self, name: str) -> TensorBoardEndpoint:
        """Where it listens. Raises NotFound, and Conflict when it does not run (yet)."""
        job = self._find(name)
        pods = self._pods(job)
        view = self._views.objects(job, pods)
        if view["phase"] != "Running":
            raise Conflict(
                view["message"] or f"TensorBoard {user_name(job)!r} does not run",
                reason=f"TensorBoard{view['phase']}",
                remedy=view["remedy"]
                or ("Wait a moment." if view["phase"] == "Starting" else "Start it."),
            )
        found = self._programs.endpoint(job, pods)
        return TensorBoardEndpoint(found.host, found.port, found.prefix, found.gateway)

    def _created(
        self,
        spec: TensorBoardSpec,
        admission: Admission,
        its_owner: str,
        instead_of: Object | None = None,
    ) -> TensorBoardView:
        try:
            job = create(self._client, spec, admission, owner=its_owner, instead_of=instead_of)
        except AlreadyExists:
            job = self._find(kubernetes_name(spec.name or ""))
            if _shown(admission_of(job)) != _shown(admission):
                folders = ", ".join(folders_of(job))
                raise AlreadyExists(
                    f"there is a TensorBoard {spec.name!r} already, of {folders}",
                    field="name",
                    remedy="Choose another name, or change the one that is there.",
                ) from None
        return self._views.of(job, self._pods(job))

    def _jobs(self) -> Objects:
        return [*self._client.list(JOBS, label_selector=selector(KIND))]

    def _find(self, name: str) -> Object:
        for pause in (_REPLACED, 0.0):
            with contextlib.suppress(NotFound):
                job = self._client.get(JOBS, name)
                if (job["metadata"].get("labels") or {}).get(KIND_LABEL) == KIND:
                    return job
            time.sleep(pause)
        raise NotFound(
            f"there is no TensorBoard {name!r} in the cluster",
            field="id",
            remedy="It may have been deleted. Open the log folder again.",
        )

    def _pods(self, job: Object) -> Objects:
        chosen = f"{CONTROLLER_UID}={job['metadata']['uid']}"
        return [*self._client.list(PODS, label_selector=chosen)]


def cluster_id(name: str) -> str:
    """The id of the TensorBoard that people call ``name``."""
    return tensorboard_id(kubernetes_name(name))


def _shown(admission: Admission | None) -> object:
    """What a TensorBoard shows: the same for two that show the same."""
    return admission and (admission.folders, admission.mounts)


def _fits(job: Object, options: Mapping[str, int]) -> bool:
    """Whether a Job's TensorBoard is as ``options`` want it; without any it is in any case."""
    admission = admission_of(job)
    return admission is not None and all(
        getattr(admission, name) == value for name, value in options.items()
    )
