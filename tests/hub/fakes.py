"""A fake cluster: keeps objects in memory and refuses as an API server does."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Iterator
from typing import Any

from jupyter_trainhub.errors import AlreadyExists, Conflict, NotFound, TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import NODES, Resource

Object = dict[str, Any]


def node(name: str = "n1", cpu: str = "4", memory: str = "8Gi", **fields: Any) -> Object:
    """A Node as the scheduler sees it."""
    gpus = {"nvidia.com/gpu": str(fields["gpus"])} if "gpus" in fields else {}
    return {
        "metadata": {"name": name, "labels": fields.get("labels", {})},
        "spec": {
            "unschedulable": fields.get("unschedulable", False),
            "taints": fields.get("taints", []),
        },
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, **gpus, **fields.get("offers", {})},
            "images": [{"names": ["host"]}],
            "conditions": [{"type": "Ready", "status": fields.get("ready", "True")}],
            "nodeInfo": fields.get("info", {}),
        },
    }


class FakeCluster(KubeClient):
    """Objects by resource and name; ``refuse`` holds errors for ``(verb, plural)``."""

    def __init__(self, *nodes: Object) -> None:
        super().__init__(None, server="http://fake", namespace="lab", context=None)
        self.objects: dict[str, dict[str, Object]] = {}
        # When whatever has no time of its own was made.
        self.created = "2026-11-22T02:00:00Z"
        self._lock = threading.Lock()
        self.refuse: dict[tuple[str, str], TrainHubError] = {}
        self.acts: list[tuple[str, str]] = []
        # Errors of dry runs alone.
        self.refuse_dry_run: dict[str, TrainHubError] = {}
        self._uids = itertools.count(1)
        self._versions = itertools.count(1)
        for found in nodes or (node(),):
            self.put(NODES, found)

    def put(self, resource: Resource, body: Object) -> Object:
        """Place an object as a controller would."""
        made = copy.deepcopy(body)
        made["metadata"].setdefault("uid", f"uid-{next(self._uids)}")
        made["metadata"].setdefault("creationTimestamp", self.created)
        made["metadata"].setdefault("generation", 1)
        made["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects.setdefault(resource.plural, {})[made["metadata"]["name"]] = made
        return made

    def names(self, resource: Resource) -> list[str]:
        """The names of all objects of a resource."""
        return sorted(self.objects.get(resource.plural, {}))

    def get(self, resource: Resource, name: str, *, subresource: str | None = None) -> Object:
        self._act("get", resource)
        try:
            return copy.deepcopy(self.objects[resource.plural][name])
        except KeyError:
            raise NotFound(f"{resource.plural} {name!r} not found") from None

    def list_page(
        self,
        resource: Resource,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 100,
        following: str | None = None,
        namespace: str | None = None,
    ) -> Object:
        self._act("list", resource)
        wanted = dict(term.split("=") for term in (label_selector or "").split(",") if term)
        items = [
            copy.deepcopy(found)
            for found in list(self.objects.get(resource.plural, {}).values())
            if wanted.items() <= found["metadata"].get("labels", {}).items()
        ]
        return {"metadata": {"resourceVersion": "1"}, "items": items}

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        if dry_run:
            return self._tried(resource, body)
        self._act("create", resource)
        with self._lock:
            if body["metadata"]["name"] in self.objects.get(resource.plural, {}):
                raise AlreadyExists("it exists")
            return copy.deepcopy(self.put(resource, body))

    def patch(
        self, resource: Resource, name: str, body: Object, *, dry_run: bool = False
    ) -> Object:
        if dry_run:
            return self._tried(resource, body)
        self._act("patch", resource)
        with self._lock:
            found = self.objects[resource.plural].get(name)
            if found is None:
                raise NotFound(f"{resource.plural} {name!r} not found")
            body = copy.deepcopy(body)
            seen = body.get("metadata", {}).pop("resourceVersion", None)
            if seen not in (None, found["metadata"]["resourceVersion"]):
                raise Conflict("the object has been modified")
            if body.get("spec"):
                found["metadata"]["generation"] += 1
            _merge(found, body)
            found["metadata"]["resourceVersion"] = str(next(self._versions))
            if resource.plural == "statefulsets":
                found.setdefault("status", {})["observedGeneration"] = found["metadata"][
                    "generation"
                ]
            return copy.deepcopy(found)

    def _tried(self, resource: Resource, body: Object) -> Object:
        if resource.plural in self.refuse_dry_run:
            raise self.refuse_dry_run[resource.plural]
        if body["metadata"].get("name") in self.objects.get(resource.plural, {}):
            raise AlreadyExists("it exists")
        return body

    def delete(self, resource: Resource, name: str, *, uid: str | None = None) -> None:
        self._act("delete", resource)
        found = self.objects.get(resource.plural, {}).get(name)
        if found is None:
            raise NotFound(f"{resource.plural} {name!r} not found")
        gone = found["metadata"]["uid"]
        if uid not in (None, gone):
            raise Conflict("the UID in the precondition is not the object's")
        del self.objects[resource.plural][name]
        for objects in self.objects.values():
            for other, found in list(objects.items()):
                owners = found["metadata"].get("ownerReferences", [])
                if any(owner["uid"] == gone for owner in owners):
                    del objects[other]

    def read(self, path: str, timeout: tuple[int, int] = (5, 30)) -> Object:
        return {"gitVersion": "v1.36.2"}

    def _act(self, verb: str, resource: Resource) -> None:
        self.acts.append((verb, resource.plural))
        if (verb, resource.plural) in self.refuse:
            raise self.refuse[verb, resource.plural]

    def writes(self) -> Iterator[tuple[str, str]]:
        """What was asked for, reading left out."""
        return (act for act in self.acts if act[0] not in ("get", "list"))


def _merge(target: Object, patch: Object) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value
