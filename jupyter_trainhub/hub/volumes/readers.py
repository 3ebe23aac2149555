"""Pods in which a volume's files can be read: whatever mounts it, else one that is made for it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Collection
from dataclasses import dataclass

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, Conflict, Forbidden, NotFound
from jupyter_trainhub.hub.images.default import default_image
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.volumes.usage import claims_of, is_reader, mounting, only_node
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import EVENTS, JOBS, PODS
from jupyter_trainhub.manifests.claim_reader import reader_job, reader_name
from jupyter_trainhub.manifests.claims import IMAGE
from jupyter_trainhub.manifests.labels import JOB_NAME, Object, Objects
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status

# Seconds for which somebody waits until a pod runs; it may have to pull an image.
PATIENCE = 90.0
_LOOK_EVERY = 0.2
# What a kubelet goes on trying, without hope that the same image fares better the next time.
_STUCK = re.compile(r"ErrImage|ImagePullBackOff|InvalidImageName|ImageInspectError|CreateContainer")


@dataclass(frozen=True)
class VolumeRoot:
    """Where a volume is mounted: a running container, and the folder in it."""

    pod: str
    container: str
    path: str


class Readers:
    """Finds such pods, and makes them. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, config: TrainHubConfig, nodes: Nodes, user: str) -> None:
        self._client = client
        self._config = config
        self._nodes = nodes
        self._user = user

    def root(self, claim: Object, avoid: Collection[str] = ()) -> VolumeRoot:
        """Where ``claim`` can be read now, but in none of the pods ``avoid``.

        A pod is started where there is none. Raises Conflict when the volume is not there, or when
        the pod does not run within :data:`PATIENCE` seconds, with the reason.
        """
        name = claim["metadata"]["name"]
        phase = (claim.get("status") or {}).get("phase")
        if phase != "Bound" or claim["metadata"].get("deletionTimestamp"):
            raise Conflict(
                f"the volume {name!r} holds no files: it is {phase or 'not made yet'}",
                reason="VolumeNotBound",
                field="claim",
                remedy="Wait until a pod of the job has it.",
            )
        pods = mounting(self._client).get(name, [])
        roots = [
            found
            # Rather not beside a program that trains.
            for pod in sorted(pods, key=is_reader, reverse=True)
            if pod["metadata"]["name"] not in avoid and (found := _root(pod, name))
        ]
        return roots[0] if roots else self._started(claim, only_node(claim, pods))

    def delete(self, claim: str) -> None:
        """End the pod that was made to read ``claim``, if there is one."""
        with contextlib.suppress(NotFound):
            self._client.delete(JOBS, reader_name(claim))

    def _started(self, claim: Object, node: str | None) -> VolumeRoot:
        """Where the reader pod has it; tried with one image after the other."""
        *first, last = self._images(claim)
        for image in first:
            with contextlib.suppress(_Unfit):
                return self._run(claim, image, node)
        return self._run(claim, last, node)

    def _images(self, claim: Object) -> list[str]:
        """Images that may have Python: the site's own for such things, and the job's."""
        ran = (claim["metadata"].get("annotations") or {}).get(IMAGE)
        found = [image for image in (self._config.setup_image, ran) if image]
        if not found:
            found = [default_image(self._config.default_image, self._nodes.visible())]
        return list(dict.fromkeys(found))

    def _run(self, claim: Object, image: str, node: str | None) -> VolumeRoot:
        name, as_root = claim["metadata"]["name"], True
        deadline = time.monotonic() + PATIENCE
        while True:
            pods = self._pods(name)
            roots = [found for pod in pods if (found := _root(pod, name))]
            if roots:
                return roots[0]
            status = pod_status(pods[0]) if pods else None
            if status is None:
                as_root = self._make(claim, image, node, as_root)
            elif status.phase == "Succeeded":
                self.delete(name)
            elif status.phase == "Failed" or _STUCK.match(status.reason or ""):
                self.delete(name)
                raise _Unfit(status)
            if time.monotonic() > deadline:
                if status is not None and status.phase == "Pending":
                    self.delete(name)
                raise _Unfit(status)
            time.sleep(_LOOK_EVERY)

    def _make(self, claim: Object, image: str, node: str | None, as_root: bool) -> bool:
        """See that there is a Job that makes a pod; whether root may run in it."""
        name = claim["metadata"]["name"]
        try:
            job = self._client.get(JOBS, reader_name(name))
        except NotFound:
            self._create(name, image, node, as_root)
            return as_root
        if _has_ended(job):
            self.delete(name)
        elif as_root and self._is_refused(job):
            self.delete(name)
            return False
        return as_root

    def _create(self, claim: str, image: str, node: str | None, as_root: bool) -> None:
        config = self._config
        job = reader_job(
            claim,
            image=image,
            owner=self._user,
            node=node,
            group=config.claim_group,
            as_root=as_root,
            pull_secrets=config.pull_secrets or list(filter(None, [config.registry_secret])),
        )
        # Another server may have made it.
        with contextlib.suppress(AlreadyExists):
            self._client.create(JOBS, job)

    def _pods(self, claim: str) -> Objects:
        chosen = f"{JOB_NAME}={reader_name(claim)}"
        return [
            pod
            for pod in self._client.list(PODS, label_selector=chosen)
            if not pod["metadata"].get("deletionTimestamp")
        ]

    def _is_refused(self, job: Object) -> bool:
        """Whether pods like its are not allowed: it is itself, and an event tells of its pods."""
        about = f"involvedObject.uid={job['metadata']['uid']}"
        with contextlib.suppress(Forbidden):
            events = self._client.list(EVENTS, field_selector=about)
            return any("violates PodSecurity" in (event.get("message") or "") for event in events)
        return False


class _Unfit(Conflict):
    """The reader pod does not run."""

    default_reason = "NoReader"

    def __init__(self, status: PodStatus | None) -> None:
        why = status.why if status else None
        told = why.message if why and why.message else "it has not started"
        super().__init__(
            f"the pod that reads the volume does not run: {told}",
            field="claim",
            remedy=(why and why.remedy) or "Try again in a while.",
            details={"raw": why.details} if why and why.details else None,
        )


def _has_ended(job: Object) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or []
    return any(
        item["type"] in ("Complete", "Failed") and item["status"] == "True" for item in conditions
    )


def _root(pod: Object, claim: str) -> VolumeRoot | None:
    """Where a running container of ``pod`` has the root of ``claim``."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return None
    volumes = [volume for volume, its_claim in claims_of(pod) if its_claim == claim]
    running = [
        item["name"]
        for item in status.get("containerStatuses") or []
        if "running" in (item.get("state") or {})
    ]
    for container in pod["spec"]["containers"]:
        for mount in container.get("volumeMounts") or []:
            whole = not (mount.get("subPath") or mount.get("subPathExpr"))
            if container["name"] in running and mount["name"] in volumes and whole:
                return VolumeRoot(metadata["name"], container["name"], mount["mountPath"])
    return None
