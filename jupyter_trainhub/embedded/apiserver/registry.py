"""What creating, changing and deleting objects means: the API server's rules over the store.

The HTTP API and the controllers both write through here, so that all objects obey the same rules.
"""

from __future__ import annotations

import copy
import random
import uuid
from dataclasses import dataclass
from typing import Any

from ..apimachinery import clock, patch
from ..apimachinery.resources import (
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    RESOURCEQUOTAS,
    SERVICES,
    Resource,
    of_kind,
)
from ..apimachinery.status import (
    bad_request,
    invalid,
    invalid_object,
    precondition_failed,
    required,
    unsupported_media_type,
)
from . import admission, defaults, validation
from .store import Object, Store

# Kubernetes' own alphabet for generated names: no vowels, nothing that looks like another.
_NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

# metadata that only the server sets
_SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True)
class DeleteOptions:
    """How to delete: seconds of grace for a pod, what becomes of dependents, and preconditions."""

    grace_seconds: int | None = None
    propagation: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False

    @classmethod
    def parse(cls, body: Object | None, query: dict[str, str]) -> DeleteOptions:
        """From the body (``DeleteOptions``) and the query of a DELETE request."""
        body = body or {}
        grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        conditions = body.get("preconditions") or {}
        propagation = body.get("propagationPolicy") or query.get("propagationPolicy")
        if propagation not in (None, "Background", "Foreground", "Orphan"):
            raise bad_request(f"invalid propagationPolicy: {propagation}")
        return cls(
            None if grace is None else max(0, int(grace)),
            propagation,
            conditions.get("uid"),
            conditions.get("resourceVersion"),
            bool(body.get("dryRun") or query.get("dryRun")),
        )


class Registry:
    """Writes objects by the API server's rules. Reads go to ``store``."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(
        self, resource: Resource, namespace: str, given: Object, *, dry_run: bool = False
    ) -> Object:
        """Keep a new object, defaulted, admitted and validated.

        Raises:
            ApiError: whatever the API server would answer.
        """
        obj = copy.deepcopy(given)
        metadata = self._identify(resource, namespace, obj)
        for field in (*_SERVER_OWNED, "resourceVersion", "selfLink", "managedFields", "generation"):
            metadata.pop(field, None)
        generated = not metadata.get("name") and metadata.get("generateName")
        if generated:
            metadata["name"] = metadata["generateName"] + generated_suffix()
        if resource.has_status and resource not in (NODES, PERSISTENTVOLUMECLAIMS):
            obj.pop("status", None)
        if not metadata.get("name"):
            detail = "name or generateName is required"
            raise invalid_object(resource, "", [required("metadata.name", detail)])
        if not dry_run and self.store.find(resource, namespace, metadata["name"]):
            # Said before anything else about the object, as the real server's clients expect.
            self.store.create(resource, obj)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = clock.now()
        if resource.has_generation:
            metadata["generation"] = 1
        self._prepare(resource, obj)
        causes = validation.validate(resource, obj)
        if causes:
            raise invalid_object(resource, metadata["name"], causes)
        admission.admit(self.store, resource, obj)
        if dry_run:
            return obj
        return self.store.create(resource, obj)

    def _identify(self, resource: Resource, namespace: str, obj: Object) -> Object:
        if not isinstance(obj.get("metadata"), dict):
            obj["metadata"] = {}
        metadata: Object = obj["metadata"]
        kind, version = obj.get("kind"), obj.get("apiVersion")
        if (kind and kind != resource.kind) or (version and version != resource.api_version):
            raise bad_request(
                f"{kind} in version {version!r} cannot be handled as a {resource.kind}: the API "
                "version in the data does not match the expected API version"
            )
        obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
        if resource.namespaced:
            if metadata.get("namespace", namespace) != namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on "
                    "the request"
                )
            metadata["namespace"] = namespace
        else:
            metadata.pop("namespace", None)
        return metadata

    def _prepare(self, resource: Resource, obj: Object) -> None:
        defaults.apply_defaults(resource, obj)
        if resource is PODS:
            admission.mutate(resource, obj)
            obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj)}
            if obj["spec"].get("schedulingGates"):
                obj["status"]["conditions"] = [
                    condition(
                        "PodScheduled", "False", "SchedulingGated",
                        "Scheduling is blocked due to non-empty scheduling gates",
                    )
                ]  # fmt: skip
        elif resource is JOBS:
            defaults.job_selector(obj)
            obj["status"] = {}
        elif resource is SERVICES and "clusterIP" not in obj["spec"]:
            self._allocate_address(obj)
        elif resource is RESOURCEQUOTAS:
            obj["status"] = {}

    def _allocate_address(self, service: Object) -> None:
        # Nothing routes a Service's address here; it is unique, as clients may rely on.
        taken = {s["spec"].get("clusterIP") for s in self.store.list(SERVICES)}
        address = next(
            a for n in range(1, 1 << 16) if (a := f"10.96.{n >> 8}.{n & 255}") not in taken
        )
        service["spec"].update(clusterIP=address, clusterIPs=[address])

    def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        given: Object,
        *,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Replace an object, or only its status.

        Raises:
            ApiError: whatever the API server would answer.
        """
        obj = copy.deepcopy(given)
        metadata = self._identify(resource, namespace, obj)
        if metadata.setdefault("name", name) != name:
            raise bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL "
                f"({name})"
            )
        current = self.store.get(resource, namespace, name)
        if metadata.get("uid", current["metadata"]["uid"]) != current["metadata"]["uid"]:
            detail = (
                f"the UID in the precondition ({metadata['uid']}) does not match the UID in record "
                f"({current['metadata']['uid']}). The object might have been deleted and then "
                "recreated"
            )
            raise precondition_failed(resource, name, detail)
        if subresource == "status":
            asked = metadata.get("resourceVersion")
            obj = {**current, "status": obj.get("status") or {}}
            if asked:
                obj["metadata"] = {**current["metadata"], "resourceVersion": asked}
        else:
            self._carry_over(resource, current, obj)
            causes = validation.validate_update(resource, current, obj)
            if causes:
                raise invalid_object(resource, name, causes)
        if dry_run:
            return obj
        written = self.store.update(resource, obj)
        return self._finalize(resource, written)

    def _carry_over(self, resource: Resource, current: Object, obj: Object) -> None:
        # What the server owns survives any update.
        metadata, kept = obj["metadata"], current["metadata"]
        for field in (*_SERVER_OWNED, "generation"):
            metadata.pop(field, None)
            if field in kept:
                metadata[field] = kept[field]
        metadata.pop("managedFields", None)
        if resource.has_status and "status" in current:
            obj["status"] = current["status"]
        defaults.apply_defaults(resource, obj)
        if resource is PODS:
            for field in ("nodeName", "serviceAccountName", "serviceAccount", "priority",
                          "preemptionPolicy", "tolerations"):  # fmt: skip
                if field in current["spec"]:
                    obj["spec"].setdefault(field, current["spec"][field])
        elif resource is JOBS:
            obj["spec"].setdefault("selector", current["spec"].get("selector"))
        elif resource is SERVICES:
            for field in ("clusterIP", "clusterIPs"):
                obj["spec"].setdefault(field, current["spec"].get(field))
        if resource.has_generation and obj.get("spec") != current.get("spec"):
            metadata["generation"] = kept.get("generation", 1) + 1

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        content_type: str,
        body: Any,
        *,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Object:
        """Change an object by a patch of one of the types in ``patch.PATCHES``.

        Raises:
            ApiError: whatever the API server would answer.
        """
        if content_type not in patch.PATCHES:
            raise unsupported_media_type(content_type, list(patch.PATCHES))
        current = self.store.get(resource, namespace, name)
        if subresource == "scale":
            scaled = patch.PATCHES[content_type](scale_of(current), body)
            return self.scale(resource, namespace, name, scaled, dry_run=dry_run)
        patched = patch.PATCHES[content_type](current, body)
        if not isinstance(patched, dict):
            raise bad_request("the patch does not leave an object")
        return self.update(
            resource, namespace, name, patched, subresource=subresource, dry_run=dry_run
        )

    def scale(
        self, resource: Resource, namespace: str, name: str, given: Object, *, dry_run: bool = False
    ) -> Object:
        """Change ``spec.replicas`` through the scale subresource; answers a ``Scale``."""
        replicas = (given.get("spec") or {}).get("replicas", 0)
        if replicas < 0:
            cause = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid_object(Resource("autoscaling", "v1", "scales", "Scale"), name, [cause])
        current = self.store.get(resource, namespace, name)
        changed = {**current, "spec": {**current["spec"], "replicas": replicas}}
        return scale_of(self.update(resource, namespace, name, changed, dry_run=dry_run))

    def update_status(self, resource: Resource, obj: Object, status: Object) -> Object | None:
        """Set the status of an object that may have gone; None when it has, or is another one."""
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        current = self.store.find(resource, namespace, name)
        if current is None or current["metadata"]["uid"] != obj["metadata"]["uid"]:
            return None
        return self.store.update(resource, {**current, "status": status})

    def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions
    ) -> tuple[Object, bool]:
        """Delete an object: at once, or (pods, finalizers) marked to go.

        Returns:
            The object as it was left, and whether it is gone.
        """
        obj = self.store.get(resource, namespace, name)
        metadata = obj["metadata"]
        for given, field in ((options.uid, "uid"), (options.resource_version, "resourceVersion")):
            if given and given != metadata[field]:
                label = "UID" if field == "uid" else "ResourceVersion"
                detail = (
                    f"the {label} in the precondition ({given}) does not match the {label} in "
                    f"record ({metadata[field]}). The object might have been deleted and then "
                    "recreated"
                )
                raise precondition_failed(resource, name, detail)
        if options.dry_run:
            return obj, False
        grace = self._grace_seconds(resource, obj, options.grace_seconds)
        finalizers = list(metadata.get("finalizers") or [])
        extra = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(
            options.propagation or ""
        )
        if extra and extra not in finalizers:
            finalizers.append(extra)
        if not finalizers and grace == 0 and resource is not NAMESPACES:
            return self.store.delete(resource, namespace, name), True
        marked = dict(metadata)
        if finalizers:
            marked["finalizers"] = finalizers
        earlier = marked.get("deletionGracePeriodSeconds")
        marked.setdefault("deletionTimestamp", clock.now())
        if resource is PODS:
            marked["deletionGracePeriodSeconds"] = grace if earlier is None else min(grace, earlier)
        else:
            marked.setdefault("deletionGracePeriodSeconds", 0)
        changed = {**obj, "metadata": marked}
        if resource is NAMESPACES:
            changed["status"] = {**obj["status"], "phase": "Terminating"}
        return self.store.update(resource, changed), False

    def _grace_seconds(self, resource: Resource, obj: Object, asked: int | None) -> int:
        if resource is not PODS:
            return 0
        # A pod that no node runs has nothing to end gracefully.
        if not obj["spec"].get("nodeName"):
            return 0
        if obj["status"].get("phase") in ("Succeeded", "Failed"):
            return 0
        return int(obj["spec"]["terminationGracePeriodSeconds"] if asked is None else asked)

    def _finalize(self, resource: Resource, obj: Object) -> Object:
        # An object marked to go goes with its last finalizer.
        metadata = obj["metadata"]
        waiting = resource is PODS and metadata.get("deletionGracePeriodSeconds")
        if "deletionTimestamp" not in metadata or metadata.get("finalizers") or waiting:
            return obj
        if resource is NAMESPACES and (obj.get("spec") or {}).get("finalizers"):
            return obj
        return self.store.delete(resource, metadata.get("namespace", ""), metadata["name"])

    def bind(self, namespace: str, name: str, node: str) -> None:
        """Give a pod to a node, as the scheduler does."""
        pod = self.store.get(PODS, namespace, name)
        scheduled = condition("PodScheduled", "True", generation=pod["metadata"]["generation"])
        kept = [
            c for c in pod["status"].get("conditions") or [] if c["type"] != "PodScheduled"
        ]  # fmt: skip
        status = {**pod["status"], "conditions": [*kept, scheduled]}
        self.store.update(
            PODS, {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}
        )


def generated_suffix() -> str:
    """Five characters, as in ``train-x7k2p``."""
    return "".join(random.choices(_NAME_ALPHABET, k=5))


def condition(
    kind: str, status: str, reason: str = "", message: str = "", generation: int | None = None
) -> Object:
    """A pod condition that changed now."""
    body: Object = {"type": kind, "status": status, "lastProbeTime": None}
    if generation is not None:
        body["observedGeneration"] = generation
    body["lastTransitionTime"] = clock.now()
    if reason:
        body["reason"] = reason
    if message:
        body["message"] = message
    return body


def qos_class(pod: Object) -> str:
    """``Guaranteed``, ``Burstable`` or ``BestEffort``, by requests and limits of cpu and memory."""
    spec = pod["spec"]
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    guaranteed, any_named = True, False
    for container in containers:
        resources = container.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        for name in ("cpu", "memory"):
            any_named = any_named or name in requests or name in limits
            if limits.get(name) is None or requests.get(name) != limits[name]:
                guaranteed = False
    if not any_named:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def owner_reference(owner: Object) -> Object:
    """A reference by which ``owner`` controls an object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Object) -> Object | None:
    """The owner reference that controls the object, or None."""
    for reference in obj["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            found: Object = reference
            return found
    return None


def scale_of(obj: Object) -> Object:
    """The ``Scale`` of a StatefulSet."""
    metadata = obj["metadata"]
    selector = ((obj["spec"].get("selector") or {}).get("matchLabels") or {}).items()
    replicas = obj["spec"].get("replicas", 0)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            k: metadata[k]
            for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        },
        # A zero is left out, as the real server does.
        "spec": {"replicas": replicas} if replicas else {},
        "status": {
            "replicas": (obj.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{k}={v}" for k, v in sorted(selector)),
        },
    }


def resource_of(obj: Object) -> Resource:
    """The served resource of an object that names its kind.

    Raises:
        ApiError: 400, no such kind is served.
    """
    resource = of_kind(obj.get("apiVersion", ""), obj.get("kind", ""))
    if resource is None:
        raise bad_request(f"no kind {obj.get('kind')!r} is served in {obj.get('apiVersion')!r}")
    return resource
