"""Namespaces: the standard ones, and emptied before they go."""

from __future__ import annotations

from ..apimachinery.resources import NAMESPACES, STORED
from ..apiserver.store import Change, Key
from . import Controller

# The namespaces that every cluster has.
STANDARD = ("default", "kube-node-lease", "kube-public", "kube-system")

# What this controller takes from a namespace that it has emptied; others may keep it longer.
_FINALIZER = "kubernetes"


class NamespaceController(Controller):
    """Keeps the standard namespaces, and deletes the contents of those that are to go."""

    def changed(self, change: Change) -> None:
        """A namespace, or something that left one that is to go."""
        if change.resource is NAMESPACES:
            self.enqueue(("", change.object["metadata"]["name"]))
        elif change.type == "DELETED" and change.object["metadata"].get("namespace"):
            self.enqueue(("", change.object["metadata"]["namespace"]))

    def resync(self) -> None:
        """Make the standard namespaces; queue all."""
        for name in STANDARD:
            if self.store.find(NAMESPACES, "", name) is None:
                self.registry.create(NAMESPACES, "", {"metadata": {"name": name}})
        for namespace in self.store.list(NAMESPACES):
            self.enqueue(("", namespace["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Empty and remove a namespace that is to go."""
        name = key[1]
        namespace = self.store.find(NAMESPACES, "", name)
        if namespace is None or "deletionTimestamp" not in namespace["metadata"]:
            return
        left = 0
        for resource in STORED:
            if not resource.namespaced:
                continue
            for obj in self.store.list(resource, name):
                left += 1
                if "deletionTimestamp" not in obj["metadata"]:
                    where = (name, obj["metadata"]["name"])
                    _, gone = self.registry.delete(resource, *where)
                    left -= gone
        finalizers = namespace["spec"].get("finalizers") or []
        if not left and _FINALIZER in finalizers:
            kept = {"finalizers": [f for f in finalizers if f != _FINALIZER]}
            done = {**namespace, "spec": kept}
            self.registry.update(NAMESPACES, "", name, done, subresource="finalize")
