"""What the pods of instances and jobs have in common."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.manifests.command import literal
from jupyter_trainhub.manifests.labels import DEFAULT_CONTAINER, Object
from jupyter_trainhub.manifests.site import GPU as GPU
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.manifests.volumes import make_folders
from jupyter_trainhub.specs.quantity import format_cpu
from jupyter_trainhub.specs.resources import PodSpec

CONTAINER = "main"


def main_container(pod: Object) -> str:
    """The name of the container in which the user's program runs.

    Operators want names of their own for it, and the cluster may add containers: the annotation
    tells. Of a pod without it, our usual name, else the first container's.
    """
    named: str | None = pod["metadata"].get("annotations", {}).get(DEFAULT_CONTAINER)
    names = [container["name"] for container in pod.get("spec", {}).get("containers", [])]
    if named is not None and (named in names or not names):
        return named
    return CONTAINER if CONTAINER in names or not names else str(names[0])


def resources(spec: PodSpec, gpu: str) -> Object:
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


def pod(
    spec: PodSpec, site: Site, *, image: str, container: Object, volumes: list[Object], **more: Any
) -> Object:
    """A pod spec with one container of the user's.

    The pod gets no service account token, for user code must not act as the account, and no
    variables of the namespace's Services, which can be thousands.
    """
    pulled = {"image": image, **({"imagePullPolicy": "Always"} if spec.always_pull else {})}
    fields: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [{"name": CONTAINER, **pulled, **container}],
        "volumes": volumes,
        **more,
    }
    if init := make_folders(spec, site, image):
        fields["initContainers"] = init
    if site.pull_secrets:
        fields["imagePullSecrets"] = [{"name": name} for name in site.pull_secrets]
    if site.node_selector:
        fields["nodeSelector"] = dict(site.node_selector)
    if spec.host_network:
        # Without this policy the pod would ask the node's name servers, who know no Services.
        fields |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    return fields
