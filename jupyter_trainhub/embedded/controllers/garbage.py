"""Garbage collection: what belonged to an object that is gone goes too."""

from __future__ import annotations

from ..apimachinery.resources import STORED, Resource, of_kind
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object
from . import Controller


class GarbageCollector(Controller):
    """Deletes dependents whose owners are gone, and ends foreground and orphan deletions.

    A key is (namespace of dependents or "", uid of the owner).
    """

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        # uid of an owner -> its dependents
        self._dependents: dict[str, set[tuple[Resource, Key]]] = {}
        # uid -> what is to go
        self._leaving: dict[str, tuple[Resource, Key]] = {}

    def changed(self, change: Change) -> None:
        """Note who owns what; queue the dependents of what was deleted or is to go."""
        metadata = change.object["metadata"]
        here = (change.resource, (metadata.get("namespace", ""), metadata["name"]))
        references = metadata.get("ownerReferences") or []
        for reference in references:
            owned = self._dependents.setdefault(reference["uid"], set())
            if change.type == "DELETED":
                owned.discard(here)
                # A foreground deletion waits for its dependents.
                self.enqueue(("", reference["uid"]))
            else:
                owned.add(here)
                if change.type == "ADDED":
                    self.enqueue(("", reference["uid"]))
        if change.type == "DELETED":
            self._leaving.pop(metadata["uid"], None)
            self.enqueue(("", metadata["uid"]))
        elif "deletionTimestamp" in metadata:
            self._leaving[metadata["uid"]] = here
            self.enqueue(("", metadata["uid"]))

    def resync(self) -> None:
        """Learn all references; queue all owners."""
        for resource in STORED:
            for obj in self.store.list(resource):
                self.changed(Change(self.store.version, "ADDED", resource, obj, None))

    def sync(self, key: Key) -> None:
        """Look after the dependents of one owner."""
        uid = key[1]
        found = self._owner(uid)
        dependents = self._dependents.get(uid, set())
        if found is None:
            for resource, where in list(dependents):
                self._collect(resource, where, uid)
            if not dependents:
                self._dependents.pop(uid, None)
            return
        resource, owner = found
        finalizers = owner["metadata"].get("finalizers") or []
        if "orphan" in finalizers:
            for dependent, where in list(dependents):
                self._drop_reference(dependent, where, uid)
            self.remove_finalizer(resource, owner, "orphan")
        elif "foregroundDeletion" in finalizers:
            alive = [d for d in dependents if self.store.find(d[0], *d[1])]
            for dependent, where in alive:
                self._delete(dependent, where)
            if not alive:
                self.remove_finalizer(resource, owner, "foregroundDeletion")

    def _owner(self, uid: str) -> tuple[Resource, Object] | None:
        for dependent, where in self._dependents.get(uid, set()):
            obj = self.store.find(dependent, *where)
            for reference in (obj or {}).get("metadata", {}).get("ownerReferences") or []:
                if reference["uid"] == uid:
                    return self._resolve(reference, where[0])
        leaving = self._leaving.get(uid)
        found = self.store.find(leaving[0], *leaving[1]) if leaving else None
        return (leaving[0], found) if leaving and found else None

    def _resolve(self, reference: Object, namespace: str) -> tuple[Resource, Object] | None:
        resource = of_kind(reference["apiVersion"], reference["kind"])
        if resource is None:
            return None
        place = namespace if resource.namespaced else ""
        obj = self.store.find(resource, place, reference["name"])
        if obj is None or obj["metadata"]["uid"] != reference["uid"]:
            return None
        return resource, obj

    def _collect(self, resource: Resource, where: Key, uid: str) -> None:
        obj = self.store.find(resource, *where)
        if obj is None:
            self._dependents[uid].discard((resource, where))
            return
        others = [
            r for r in obj["metadata"].get("ownerReferences") or []
            if r["uid"] != uid and self._resolve(r, where[0])
        ]  # fmt: skip
        if others:
            self._drop_reference(resource, where, uid)
        else:
            self._delete(resource, where)

    def _delete(self, resource: Resource, where: Key) -> None:
        obj = self.store.find(resource, *where)
        if obj and "deletionTimestamp" not in obj["metadata"]:
            self.registry.delete(resource, *where)

    def _drop_reference(self, resource: Resource, where: Key, uid: str) -> None:
        obj = self.store.find(resource, *where)
        if obj is None:
            return
        left = [r for r in obj["metadata"].get("ownerReferences") or [] if r["uid"] != uid]
        metadata = {**obj["metadata"], "ownerReferences": left}
        if not left:
            del metadata["ownerReferences"]
        self.registry.update(resource, *where, {**obj, "metadata": metadata})
        self._dependents.get(uid, set()).discard((resource, where))
