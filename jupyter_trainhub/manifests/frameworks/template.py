"""The pods that all frameworks make, and the metadata of a job's objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_trainhub.manifests import claims, pod
from jupyter_trainhub.manifests.command import literal
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.environment import GRACE, platform
from jupyter_trainhub.manifests.frameworks.framework import Framework, JobRequest
from jupyter_trainhub.manifests.labels import (
    ATTEMPT,
    DEFAULT_CONTAINER,
    FRAMEWORK,
    FROM_RUN,
    PORT,
    RUN,
    Object,
    label_value,
    labels,
    spec_annotations,
)
from jupyter_trainhub.manifests.volumes import volumes

# Seconds that the launcher needs on top of the program's grace.
LAUNCHER_MARGIN = 15

# Seconds that the pod may take from its start on the node until the launcher runs:
# pulling an image.
START_MARGIN = 900


def job_labels(request: JobRequest) -> dict[str, str]:
    """The labels of every object and pod of the attempt."""
    return {
        **labels("job", request.spec.name, request.owner),
        RUN: label_value(request.run),
        ATTEMPT: str(request.attempt),
    }


def owner_metadata(request: JobRequest, framework: Framework) -> Object:
    """The metadata of the object that stands for the attempt."""
    from_run = request.submission.from_run
    return {
        "name": request.name,
        "labels": job_labels(request),
        "annotations": {
            **spec_annotations(request.spec.to_dict(), request.owner),
            FRAMEWORK: framework.name,
            RUN: request.run,
            ATTEMPT: str(request.attempt),
            PORT: str(request.port),
            **({FROM_RUN: from_run} if from_run else {}),
            **request.annotations,
        },
    }


def child(request: JobRequest, kind: str, suffix: str = "", **content: Any) -> Object:
    """An object of the core API that belongs to the attempt, such as its Service."""
    metadata = {"name": f"{request.name}{suffix}", "labels": job_labels(request)}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content}


def pod_template(
    request: JobRequest,
    *,
    launched_as: str,
    env: Sequence[Object] = (),
    container: str = pod.CONTAINER,
    sources: Sequence[Object] = (),
    targets: Sequence[Object] = (),
    settings: Object | None = None,
    **fields: Any,
) -> Object:
    """The template of the job's pods: the launcher in the container that the operator wants.

    ``env`` are the framework's own variables, ``sources`` and ``targets`` its volumes and where the
    container mounts them, ``settings`` further fields of the container, ``fields`` of the pod.
    """
    return {
        "metadata": {
            "labels": {
                **job_labels(request),
                # A sidecar put in by Istio would outlive the program and keep the pod from ending.
                "sidecar.istio.io/inject": "false",
            },
            "annotations": {
                DEFAULT_CONTAINER: container,
                RUN: request.run,
                ATTEMPT: str(request.attempt),
            },
        },
        "spec": _pod(
            request,
            {
                "name": container,
                "command": launch(request),
                "env": pod.environment([*platform(request, launched_as), *env], request.spec.env),
                **(settings or {}),
            },
            sources,
            targets,
            fields,
        ),
    }


def launch(request: JobRequest) -> list[str]:
    """The command of the container: the launcher, and what it starts."""
    launcher = f"{code.FOLDER}/{code.LAUNCHER}"
    return ["python", launcher, "--", *(literal(argument) for argument in request.argv)]


def _pod(
    request: JobRequest,
    container: Object,
    sources: Sequence[Object],
    targets: Sequence[Object],
    fields: dict[str, Any],
) -> Object:
    spec, site = request.spec, request.site
    folders, mounts = volumes(spec, site)
    claimed, mounted = claims.volumes(spec, request.claims)
    container = {
        "resources": resources(request),
        "volumeMounts": [
            *mounts,
            *mounted,
            *targets,
            {"name": "code", "mountPath": code.FOLDER, "readOnly": True},
        ],
        # Keeps the end of the log as the message where the launcher could not write one itself.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **container,
    }
    if spec.working_dir is not None:
        container["workingDir"] = spec.working_dir
    if site.capabilities and "securityContext" not in container:
        container["securityContext"] = {"capabilities": {"add": [*site.capabilities]}}
    fields = {"terminationGracePeriodSeconds": GRACE + LAUNCHER_MARGIN, **fields}
    if spec.time_limit is not None:
        # The launcher keeps the limit to the second; this ends the pod should the launcher fail to.
        # It is the pod's and not the owner's deadline, which would count the time in the queue.
        fields["activeDeadlineSeconds"] = (
            spec.time_limit + spec.peer_timeout + GRACE + LAUNCHER_MARGIN + START_MARGIN
        )
    if site.priority_class is not None:
        fields["priorityClassName"] = site.priority_class
    if ownership := claims.ownership(spec, site):
        fields["securityContext"] = ownership
    every = [*folders, *claimed, *sources, code.volume(request.name, request.files)]
    return pod.pod(spec, site, image=request.image, container=container, volumes=every, **fields)


def resources(request: JobRequest) -> Object:
    """Requests and limits of the container, with what the site adds, such as an RDMA device."""
    found = pod.resources(request.spec, request.site.gpu)
    more = request.site.resources
    return {bound: {**amounts, **more} for bound, amounts in found.items()}
