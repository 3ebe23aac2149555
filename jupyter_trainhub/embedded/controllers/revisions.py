"""ControllerRevisions: the templates that a StatefulSet has had, as objects of its own."""

from __future__ import annotations

import hashlib

from ..apimachinery import names
from ..apimachinery.ownerreferences import controller_of, owned_by
from ..apimachinery.resources import CONTROLLERREVISIONS
from ..apiserver.registry import Registry
from ..apiserver.store import Object, encode, key_of
from . import statefulpods

_HASH = "controller.kubernetes.io/hash"


class Revisions:
    """The revisions of one set: that of its template now, and that which its pods had before."""

    def __init__(self, registry: Registry, obj: Object) -> None:
        self._registry = registry
        self._set = obj
        self._all = sorted(
            (r for r in registry.store.list(CONTROLLERREVISIONS, obj["metadata"]["namespace"])
             if (controller_of(r) or {}).get("uid") == obj["metadata"]["uid"]),
            key=lambda r: int(r["revision"]),
        )  # fmt: skip
        template = {**obj["spec"]["template"], "$patch": "replace"}
        self._template = {"spec": {"template": template}}
        self.update = self._ensure()
        known = {r["metadata"]["name"] for r in self._all}
        current = (obj.get("status") or {}).get("currentRevision")
        self.current = str(current) if current in known else self.update

    def _ensure(self) -> str:
        newest = max((int(r["revision"]) for r in self._all), default=0)
        for found in self._all:
            if found["data"] == self._template:
                if found["revision"] < newest:
                    # The template went back to what it once was.
                    changed = {**found, "revision": newest + 1}
                    self._registry.update(CONTROLLERREVISIONS, *key_of(found), changed)
                return str(found["metadata"]["name"])
        digest = hashlib.sha256(encode(self._template)).digest()
        suffix = "".join(names.ALPHABET[byte % len(names.ALPHABET)] for byte in digest[:10])
        metadata = {
            "name": f"{self._set['metadata']['name']}-{suffix}",
            "labels": {
                **((self._set["spec"]["template"].get("metadata") or {}).get("labels") or {}),
                _HASH: suffix,
            },
            "ownerReferences": [owned_by(self._set)],
        }
        body = {"metadata": metadata, "data": self._template, "revision": newest + 1}
        namespace = self._set["metadata"]["namespace"]
        self._all.append(self._registry.create(CONTROLLERREVISIONS, namespace, body))
        return str(metadata["name"])

    def template_for(self, ordinal: int) -> tuple[Object, str]:
        """The template by which an ordinal's pod is to be made, and its revision's name."""
        strategy = self._set["spec"]["updateStrategy"]
        partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        start = statefulpods.ordinals(self._set).start
        rolls = strategy["type"] == "RollingUpdate"
        name = self.current if rolls and ordinal < start + partition else self.update
        found = next(r for r in self._all if r["metadata"]["name"] == name)
        return found["data"]["spec"]["template"], name

    def forget_old(self, used: set[str]) -> None:
        """Delete the oldest of those that nothing uses, beyond the set's history limit."""
        used |= {self.current, self.update}
        idle = [r for r in self._all if r["metadata"]["name"] not in used]
        for old in idle[: max(0, len(idle) - self._set["spec"]["revisionHistoryLimit"])]:
            self._registry.delete(CONTROLLERREVISIONS, *key_of(old))
