"""The registry that a cluster says it hosts, in kube-public/local-registry-hosting (KEP-1755).

https://github.com/kubernetes/enhancements, keps/sig-cluster-lifecycle/generic/1755; kind's and
k3d's registries are announced so, and Tilt and Skaffold read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_trainhub.errors import Forbidden, NotFound
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS

_PATH = CONFIG_MAPS.path("kube-public", "local-registry-hosting")
_KEY = "localRegistryHosting.v1"


@dataclass(frozen=True)
class Hosting:
    """``host`` is where this process reaches the registry, ``name`` how pods name it in images."""

    host: str
    name: str


def hosting(client: KubeClient) -> Hosting | None:
    """The registry that the cluster hosts; None where it names none for processes such as this.

    Raises ClusterUnavailable.
    """
    try:
        found = client.read(_PATH)
    except (NotFound, Forbidden):
        return None
    # Without a context this process runs in a pod of the cluster.
    return parse((found.get("data") or {}).get(_KEY, ""), inside=client.context is None)


def parse(document: str, *, inside: bool) -> Hosting | None:
    """What the ConfigMap's YAML says; ``inside`` means for a process in a pod of the cluster.

    Pods name the registry by ``hostFromContainerRuntime``, and where that is left out by ``host``.
    A document that is none is as good as absent.
    """
    import yaml

    try:
        fields = yaml.safe_load(document)
    except yaml.YAMLError:
        return None
    if not isinstance(fields, dict):
        return None
    host = _text(fields, "hostFromClusterNetwork" if inside else "host")
    name = _text(fields, "hostFromContainerRuntime") or _text(fields, "host")
    return Hosting(host, name) if host and name else None


def _text(fields: dict[Any, Any], key: str) -> str:
    value = fields.get(key)
    return value.strip() if isinstance(value, str) else ""
