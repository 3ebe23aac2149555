"""The objects of a TensorBoard, brought into the cluster: all of them or none."""

from __future__ import annotations

import contextlib
import secrets
from datetime import timedelta

from jupyter_trainhub.errors import Conflict, Forbidden, NotFound
from jupyter_trainhub.hub.clock import moment, now
from jupyter_trainhub.hub.volumes.usage import mounting, only_node
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import JOBS, PERSISTENT_VOLUME_CLAIMS, SECRETS
from jupyter_trainhub.manifests.activity import parse_time
from jupyter_trainhub.manifests.labels import (
    RELEASED_AT,
    STOPPED_AT,
    STOPPED_BY,
    Object,
    owned_by,
)
from jupyter_trainhub.manifests.tensorboard import (
    TensorBoardObjects,
    kubernetes_name,
    tensorboard_objects,
)
from jupyter_trainhub.manifests.tensorboard_admission import Admission
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

# How often the release is tried again that others made impossible meanwhile.
_TRIES = 10
# How long making one takes at most, by whoever does it.
_CREATION = timedelta(seconds=30)


def create(
    client: KubeClient,
    spec: TensorBoardSpec,
    admission: Admission,
    *,
    owner: str,
    instead_of: Object | None = None,
) -> Object:
    """The Job of a new TensorBoard, released. Nothing is left behind when it fails in between.

    The Job ``instead_of``, which may have the same name, is deleted first. Raises AlreadyExists,
    and Conflict where its volumes cannot be had together.
    """
    assert spec.name is not None
    objects = tensorboard_objects(
        spec,
        admission,
        owner=owner,
        prefix=f"/{secrets.token_hex(16)}",
        # Of its own: the Secret of an earlier Job of this name may be gone a moment later.
        secret=f"{kubernetes_name(spec.name)}-{secrets.token_hex(3)}",
        node=_node(client, admission),
    )
    if instead_of is not None:
        remove(client, instead_of)
    job = client.create(JOBS, objects.job)
    try:
        return _completed(client, job, objects)
    except BaseException:
        remove(client, job)
        raise


def remove(client: KubeClient, job: Object) -> None:
    """Delete this very Job, unless somebody else did already."""
    with contextlib.suppress(NotFound, Conflict):
        client.delete(JOBS, job["metadata"]["name"], uid=job["metadata"]["uid"])


def is_being_created(job: Object) -> bool:
    """Whether somebody is about to release this Job, or was so a moment ago."""
    metadata = job["metadata"]
    if not job["spec"].get("suspend") or STOPPED_BY in (metadata.get("annotations") or {}):
        return False
    created = parse_time(metadata.get("creationTimestamp"), moment())
    return created is not None and moment() - created < _CREATION


def released(client: KubeClient, job: Object) -> Object | None:
    """A stopped Job, going on; None where its pod has to be another one now."""
    if "affinity" in job["spec"]["template"]["spec"]:
        # It was for the node that had its volume.
        return None
    metadata = {
        "resourceVersion": job["metadata"]["resourceVersion"],
        "annotations": {RELEASED_AT: now(), STOPPED_BY: None, STOPPED_AT: None},
    }
    body = {"metadata": metadata, "spec": {"suspend": False}}
    return client.patch(JOBS, job["metadata"]["name"], body)


def _completed(client: KubeClient, job: Object, objects: TensorBoardObjects) -> Object:
    client.create(SECRETS, owned_by(objects.secret, job))
    for _ in range(_TRIES):
        if STOPPED_BY in (job["metadata"].get("annotations") or {}):
            # Its user was quicker.
            return job
        # Of this very version: who stops it in between must not be overruled.
        metadata = {
            "resourceVersion": job["metadata"]["resourceVersion"],
            "annotations": {RELEASED_AT: now()},
        }
        with contextlib.suppress(Conflict):
            return client.patch(
                JOBS, job["metadata"]["name"], {"metadata": metadata, "spec": {"suspend": False}}
            )
        job = client.get(JOBS, job["metadata"]["name"])
    raise Conflict(
        f"TensorBoard {job['metadata']['name']!r} is being changed all the time",
        field="name",
        remedy="Open it again.",
    )


def _node(client: KubeClient, admission: Admission) -> str | None:
    """The only node that can have its volumes now; None for any.

    A claim that is not there is told of by the scheduler.
    """
    claims = sorted({mount.claim for mount in admission.mounts if mount.claim})
    pods = mounting(client) if claims else {}
    nodes: dict[str, str] = {}
    for name in claims:
        with contextlib.suppress(NotFound, Forbidden):
            claim = client.get(PERSISTENT_VOLUME_CLAIMS, name)
            node = only_node(claim, pods.get(name, []))
            if node is not None:
                nodes[name] = node
    if len(set(nodes.values())) > 1:
        listed = " and ".join(f"{name!r} on {node}" for name, node in nodes.items())
        raise Conflict(
            f"the volumes are in use on different nodes, and each can be on one only: {listed}",
            reason="VolumeInUse",
            field="folders",
            remedy="Open them in a TensorBoard each.",
        )
    return next(iter(nodes.values()), None)
