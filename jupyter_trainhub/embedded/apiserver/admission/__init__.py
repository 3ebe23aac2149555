"""What the API server adds to, or refuses about, an object because of other objects.

The order is that of a real API server: ``mutate`` comes before validation, ``admit`` after it.
"""

from __future__ import annotations

from ...apimachinery import taints
from ...apimachinery.resources import NAMESPACES, PODS, Resource
from ...apimachinery.status import forbidden
from ..store import Object, Store
from . import limitrange, priority, resourcequota, serviceaccount, storage

_TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def mutate(store: Store, resource: Resource, obj: Object) -> None:
    """Fill in what the standard admission plugins give a new object, in place.

    Raises:
        ApiError: 403, the pod names a priority class or service account that does not exist, or a
            priority.
    """
    storage.mutate(store, resource, obj)
    if resource is not PODS:
        return
    spec = obj["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    serviceaccount.mutate(store, obj)
    limitrange.set_defaults(store, obj)
    priority.resolve(store, obj)
    for key in _TOLERATED:
        if not taints.tolerated(obj, {"key": key, "effect": taints.NO_EXECUTE}):
            spec.setdefault("tolerations", []).append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def admit(store: Store, resource: Resource, obj: Object, old: Object | None = None) -> None:
    """Refuse a new object, or a change of ``old``, that the cluster has no place for.

    Raises:
        ApiError: 403, the namespace is being deleted, a limit or quota would be exceeded, or
            there is another default priority class.
    """
    if resource.namespaced:
        namespace = obj["metadata"]["namespace"]
        home = store.get(NAMESPACES, "", namespace) if old is None else {}
        if home.get("status", {}).get("phase") == "Terminating":
            detail = (
                f"unable to create new content in namespace {namespace} because it is being "
                "terminated"
            )
            raise forbidden(resource, obj["metadata"]["name"], detail)
    priority.admit(store, resource, obj)
    storage.admit(store, resource, obj, old)
    limitrange.admit(store, resource, obj, old)
    resourcequota.admit(store, resource, obj, old)
