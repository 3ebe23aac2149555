"""What every namespace has for its pods: a service account, and the server's certificate."""

from __future__ import annotations

from ..apimachinery.resources import CONFIGMAPS, NAMESPACES, SERVICEACCOUNTS
from ..apiserver.admission.serviceaccount import ROOT_CA
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key
from . import Controller

_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
    "guaranteed across distributions of Kubernetes clusters."
)


class ServiceAccountController(Controller):
    """Keeps the account ``default`` and the ConfigMap ``kube-root-ca.crt`` in each namespace.

    Args:
        certificate: the API server's, in PEM.
    """

    def __init__(self, registry: Registry, certificate: str) -> None:
        super().__init__(registry)
        self._certificate = certificate

    def changed(self, change: Change) -> None:
        """A namespace, or one of the two that it must have."""
        metadata = change.object["metadata"]
        if change.resource is NAMESPACES:
            self.enqueue(("", metadata["name"]))
        elif (change.resource, metadata["name"]) in (
            (SERVICEACCOUNTS, "default"), (CONFIGMAPS, ROOT_CA),
        ):  # fmt: skip
            self.enqueue(("", metadata["namespace"]))

    def resync(self) -> None:
        """Queue all namespaces."""
        for namespace in self.store.list(NAMESPACES):
            self.enqueue(("", namespace["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Give a namespace what it lacks."""
        name = key[1]
        namespace = self.store.find(NAMESPACES, *key)
        if namespace is None or "deletionTimestamp" in namespace["metadata"]:
            return
        if self.store.find(SERVICEACCOUNTS, name, "default") is None:
            self.registry.create(SERVICEACCOUNTS, name, {"metadata": {"name": "default"}})
        data = {"ca.crt": self._certificate}
        current = self.store.find(CONFIGMAPS, name, ROOT_CA)
        if current is None:
            annotations = {"kubernetes.io/description": _DESCRIPTION}
            body = {"metadata": {"name": ROOT_CA, "annotations": annotations}, "data": data}
            self.registry.create(CONFIGMAPS, name, body)
        elif current.get("data") != data:
            self.registry.update(CONFIGMAPS, name, ROOT_CA, {**current, "data": data})
