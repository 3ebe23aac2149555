"""What becomes of an object before it is kept: the strategies of kube-apiserver's registry."""

from __future__ import annotations

from ..apimachinery import conditions
from ..apimachinery.podresources import qos_class
from ..apimachinery.resources import (
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    RESOURCEQUOTAS,
    SERVICES,
    Resource,
)
from ..apimachinery.status import bad_request
from . import admission, defaults
from .customresources import CustomResource
from .store import Object, Store

# metadata that only the server sets
_SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
# What the server gave the spec of an object, and keeps in it where an update leaves it out.
_KEPT: dict[Resource, tuple[str, ...]] = {
    PODS: ("serviceAccountName", "serviceAccount", "priority", "preemptionPolicy", "tolerations"),
    JOBS: ("selector",),
    SERVICES: ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"),
}  # fmt: skip


def identify(resource: Resource, namespace: str, obj: Object) -> Object:
    """Give an object the kind and namespace under which it is written, in place; its metadata.

    Raises:
        ApiError: 400, it says that it is of another.
    """
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


def reset_for_create(resource: Resource, obj: Object) -> None:
    """Take from a new object what only the server sets, in place."""
    for field in (*_SERVER_OWNED, "resourceVersion", "selfLink", "generation"):
        obj["metadata"].pop(field, None)
    if resource.has_status and resource not in (NODES, PERSISTENTVOLUMECLAIMS):
        obj.pop("status", None)


def prepare_for_create(store: Store, resource: Resource, obj: Object) -> None:
    """Give a new object what the standard plug-ins and its kind do, in place."""
    admission.mutate(store, resource, obj)
    if resource is PODS:
        obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj)}
        if obj["spec"].get("schedulingGates"):
            why = "Scheduling is blocked due to non-empty scheduling gates"
            gated = conditions.of_pod("PodScheduled", "False", "SchedulingGated", why)
            obj["status"]["conditions"] = [gated]
    elif resource is JOBS:
        defaults.job_selector(obj)
        obj["status"] = {}
    elif resource is SERVICES:
        _allocate_address(store, obj["spec"])
    elif resource is NAMESPACES:
        obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    elif resource is RESOURCEQUOTAS:
        obj["status"] = {}


def _allocate_address(store: Store, spec: Object) -> None:
    # Nothing routes a Service's address here; it is unique, as clients may rely on.
    if "clusterIP" not in spec:
        taken = {s["spec"].get("clusterIP") for s in store.list(SERVICES)}
        spec["clusterIP"] = next(
            a for n in range(1, 1 << 16) if (a := f"10.96.{n >> 8}.{n & 255}") not in taken
        )
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")


def prepare_for_update(resource: Resource, current: Object, obj: Object) -> None:
    """Keep in a changed object what an update cannot change, and count the change, in place."""
    metadata, kept = obj["metadata"], current["metadata"]
    for field in (*_SERVER_OWNED, "generation"):
        metadata.pop(field, None)
        if field in kept:
            metadata[field] = kept[field]
    if resource.has_status and "status" in current:
        obj["status"] = current["status"]
    elif resource.has_status:
        obj.pop("status", None)
    defaults.apply_defaults(resource, obj)
    for field in _KEPT.get(resource, ()):
        if field in current["spec"]:
            obj["spec"].setdefault(field, current["spec"][field])
    if resource is NAMESPACES:
        obj["spec"] = current["spec"]
    if resource.has_generation and _asked(resource, obj) != _asked(resource, current):
        metadata["generation"] = kept.get("generation", 1) + 1


def _asked(resource: Resource, obj: Object) -> Object:
    # What somebody wants: of a custom resource all but its metadata.
    if isinstance(resource, CustomResource):
        return {key: value for key, value in obj.items() if key != "metadata"}
    return {"spec": obj.get("spec")}


def subresource_only(subresource: str, current: Object, given: Object) -> Object:
    """The object with what an update of ``status`` (or a namespace's ``finalize``) may change."""
    metadata = {**current["metadata"]}
    for field in ("resourceVersion", "managedFields"):
        if given["metadata"].get(field):
            metadata[field] = given["metadata"][field]
    if subresource == "finalize":
        finalizers = (given.get("spec") or {}).get("finalizers") or []
        return {**current, "metadata": metadata, "spec": {"finalizers": finalizers}}
    return {**current, "metadata": metadata, "status": given.get("status") or {}}
