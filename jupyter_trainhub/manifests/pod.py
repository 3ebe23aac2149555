"""What the pods of instances and jobs have in common."""

from __future__ import annotations

import re
from typing import Any

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.quantity import format_cpu
from jupyter_trainhub.specs.resources import PodSpec

CONTAINER = "main"
GPU = "nvidia.com/gpu"


def literal(text: str) -> str:
    """``text`` escaped so that it reaches the container as it is.

    Kubernetes replaces ``$(NAME)`` in commands and in the values of variables, and turns ``$$``
    into ``$``; a ``$`` before anything else stays.
    https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """
    return re.sub(r"\$(?=[$(])", "$$", text)


def resources(spec: PodSpec, gpu: str = GPU) -> Object:
    """Requests and limits of the container; ``gpu`` is the name under which nodes offer GPUs.

    CPU has a request and no limit: a limit makes the kernel stall a process that uses idle cores,
    which data loaders do in bursts. Memory is limited to what was requested, so that a pod which
    needs more is ended itself instead of its neighbours. Kubernetes wants both equal for GPUs.
    """
    bounded: Object = {"memory": str(spec.memory)}
    if spec.gpus:
        bounded[gpu] = str(spec.gpus)
    return {"requests": {"cpu": format_cpu(spec.cpus), **bounded}, "limits": bounded}


def value(name: str, text: str) -> Object:
    """A variable with a value, taken literally."""
    return {"name": name, "value": literal(text)}


def from_field(name: str, path: str) -> Object:
    """A variable whose value is a field of the pod, such as ``status.podIP``."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def environment(platform: list[Object], user: dict[str, str]) -> list[Object]:
    """The platform's variables and the user's; of two with one name the user's is kept."""
    return [
        *(variable for variable in platform if variable["name"] not in user),
        *(value(name, text) for name, text in user.items()),
    ]


def volumes(spec: PodSpec) -> tuple[list[Object], list[Object]]:
    """The volumes of the pod and where its container mounts them."""
    sources: list[Object] = []
    targets: list[Object] = []
    if spec.shared_memory is not None:
        memory = {"medium": "Memory", "sizeLimit": str(spec.shared_memory)}
        sources.append({"name": "shared-memory", "emptyDir": memory})
        targets.append({"name": "shared-memory", "mountPath": "/dev/shm"})
    for number, mount in enumerate(spec.mounts):
        name = f"mount-{number}"
        sources.append({"name": name, **_source(mount)})
        target: Object = {"name": name, "mountPath": mount.path}
        if mount.read_only:
            target["readOnly"] = True
        if mount.sub_path is not None and mount.sub_path != ".":
            target["subPath"] = mount.sub_path
        targets.append(target)
    return sources, targets


def _source(mount: Mount) -> Object:
    if mount.host_path is not None:
        # Directory and not DirectoryOrCreate: a folder that is not there is a mistake to report,
        # and
        # a folder made by the node would belong to root.
        return {"hostPath": {"path": mount.host_path, "type": "Directory"}}
    if mount.nfs is not None:
        return {"nfs": {"server": mount.nfs.server, "path": mount.nfs.path}}
    claim: dict[str, Any] = {"claimName": mount.claim}
    if mount.read_only:
        claim["readOnly"] = True
    return {"persistentVolumeClaim": claim}


def pod(container: Object, volumes: list[Object], **fields: Any) -> Object:
    """A pod spec with one container.

    The pod gets no service account token, for user code must not act as the account, and no
    variables of the namespace's Services, which can be thousands.
    """
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [{"name": CONTAINER, **container}],
        "volumes": volumes,
        **fields,
    }
