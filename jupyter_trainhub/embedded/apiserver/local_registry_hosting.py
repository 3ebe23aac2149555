"""The ConfigMap by which a cluster says that it hosts a registry.

https://github.com/kubernetes/enhancements, keps/sig-cluster-lifecycle/generic/1755
"""

from __future__ import annotations

from ..apimachinery.resources import CONFIGMAPS, ROLEBINDINGS, ROLES, Resource
from ..runtime import host_image
from .registry import Registry
from .store import Object
from .user import AUTHENTICATED

_NAMESPACE, _NAME = "kube-public", "local-registry-hosting"

# Pods have the machine's network.
_DOCUMENT = """\
host: "{address}"
hostFromClusterNetwork: "{address}"
hostFromContainerRuntime: "{domain}"
help: "TrainHub: docs/embedded-cluster.md"
"""


def ensure(registry: Registry, address: str) -> None:
    """Have it say the server's present address (``host:port``), to every user of the cluster."""
    document = _DOCUMENT.format(address=address, domain=host_image.DOMAIN)
    group = ROLES.group
    role = {"rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [_NAME],
                       "verbs": ["get", "list", "watch"]}]}  # fmt: skip
    binding = {
        "roleRef": {"apiGroup": group, "kind": "Role", "name": _NAME},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": AUTHENTICATED}],
    }
    _ensure(registry, CONFIGMAPS, {"data": {"localRegistryHosting.v1": document}})
    _ensure(registry, ROLES, role)
    _ensure(registry, ROLEBINDINGS, binding)


def _ensure(registry: Registry, resource: Resource, body: Object) -> None:
    found = registry.store.find(resource, _NAMESPACE, _NAME)
    if found is None:
        registry.create(resource, _NAMESPACE, {"metadata": {"name": _NAME}, **body})
    elif {**found, **body} != found:
        registry.update(resource, _NAMESPACE, _NAME, {**found, **body})
