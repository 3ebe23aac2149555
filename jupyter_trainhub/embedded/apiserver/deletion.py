"""How objects go: at once, or marked until their grace period and their finalizers are over."""

from __future__ import annotations

from ..apimachinery import clock
from ..apimachinery.resources import CUSTOMRESOURCEDEFINITIONS, NAMESPACES, PODS, Resource
from ..apimachinery.status import precondition_failed
from .customresources import CLEANUP
from .options import DeleteOptions
from .store import Object

_PROPAGATION = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def require(resource: Resource, obj: Object, options: DeleteOptions) -> None:
    """Refuse where a precondition does not hold.

    Raises:
        ApiError: 409.
    """
    metadata = obj["metadata"]
    for label, asked, found in (
        ("UID", options.uid, metadata["uid"]),
        ("ResourceVersion", options.resource_version, metadata["resourceVersion"]),
    ):
        if asked and asked != found:
            raise precondition_failed(resource, metadata["name"], label, asked, found)


def marked(resource: Resource, obj: Object, options: DeleteOptions) -> Object | None:
    """The object as it stays until it may go; None: it goes at once."""
    metadata = dict(obj["metadata"])
    finalizers = list(metadata.get("finalizers") or [])
    asked = [_PROPAGATION.get(options.propagation or "", "")]
    asked += [CLEANUP] if resource is CUSTOMRESOURCEDEFINITIONS else []
    finalizers += [name for name in asked if name and name not in finalizers]
    grace = _grace_seconds(resource, obj, options.grace_seconds)
    filled = resource is NAMESPACES and (obj.get("spec") or {}).get("finalizers")
    if not (finalizers or grace or filled):
        return None
    if finalizers:
        metadata["finalizers"] = finalizers
    metadata.setdefault("deletionTimestamp", clock.now())
    # Asked for again, it goes no later.
    metadata["deletionGracePeriodSeconds"] = min(
        grace, metadata.get("deletionGracePeriodSeconds", grace)
    )
    changed = {**obj, "metadata": metadata}
    if resource is NAMESPACES:
        changed["status"] = {**obj["status"], "phase": "Terminating"}
    return changed


def _grace_seconds(resource: Resource, obj: Object, asked: int | None) -> int:
    # A pod that no node runs, or that has ended, has nothing to end gracefully.
    if resource is not PODS or not obj["spec"].get("nodeName"):
        return 0
    if obj["status"].get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(obj["spec"]["terminationGracePeriodSeconds"] if asked is None else asked)


def is_over(resource: Resource, obj: Object) -> bool:
    """Whether nothing keeps an object any more that is marked to go."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if resource is NAMESPACES:
        return not (obj.get("spec") or {}).get("finalizers")
    return resource is not PODS or not metadata.get("deletionGracePeriodSeconds")
