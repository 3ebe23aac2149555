"""Which pods have which volumes."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.claim_reader import READER
from jupyter_trainhub.manifests.labels import KIND, Object, Objects

# A pod that has ended keeps nothing from being deleted.
_NOT_ENDED = "status.phase!=Succeeded,status.phase!=Failed"


def mounting(client: KubeClient) -> dict[str, Objects]:
    """The pods that have not ended, by the claims that they mount."""
    found: dict[str, Objects] = {}
    for pod in client.list(PODS, field_selector=_NOT_ENDED):
        for claim in {claim for _, claim in claims_of(pod)}:
            found.setdefault(claim, []).append(pod)
    return found


def claims_of(pod: Object) -> list[tuple[str, str]]:
    """The claims of a pod's volumes: the volume's name, and the claim's."""
    return [
        (volume["name"], volume["persistentVolumeClaim"]["claimName"])
        for volume in pod["spec"].get("volumes") or []
        if "persistentVolumeClaim" in volume
    ]


def names(pods: Iterable[Object]) -> list[str]:
    """The names of ``pods`` but for those that only read for people."""
    return sorted(pod["metadata"]["name"] for pod in pods if not is_reader(pod))


def is_reader(pod: Object) -> bool:
    """Whether it is a pod of :mod:`jupyter_trainhub.manifests.claim_reader`."""
    return bool(pod["metadata"].get("labels", {}).get(KIND) == READER)


def only_node(claim: Object, pods: Objects) -> str | None:
    """The only node that can have ``claim`` now, for ``pods`` mount it; None for any."""
    if {"ReadWriteMany", "ReadOnlyMany"} & set(claim["spec"].get("accessModes") or []):
        return None
    nodes = [pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")]
    return nodes[0] if nodes else None
