"""StorageClasses, claims and volumes: the default class, protection of what is in use, growing."""

from __future__ import annotations

from decimal import Decimal

from ...apimachinery import quantity
from ...apimachinery.resources import (
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    STORAGECLASSES,
    Resource,
)
from ...apimachinery.status import Cause, forbidden, not_allowed, required, unsupported
from ..store import Object, Store

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"

_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]


def mutate(store: Store, resource: Resource, obj: Object) -> None:
    """Give a new claim the default class, and claims and volumes their finalizer, in place."""
    protection = {PERSISTENTVOLUMECLAIMS: CLAIM_PROTECTION, PERSISTENTVOLUMES: VOLUME_PROTECTION}
    if resource in protection:
        finalizers = obj["metadata"].setdefault("finalizers", [])
        if protection[resource] not in finalizers:
            finalizers.append(protection[resource])
    if resource is PERSISTENTVOLUMECLAIMS and "storageClassName" not in obj["spec"]:
        default = default_class(store)
        if default:
            obj["spec"]["storageClassName"] = default["metadata"]["name"]


def default_class(store: Store) -> Object | None:
    """The class of claims that name none: of several defaults, the newest."""
    classes = [
        c for c in store.list(STORAGECLASSES)
        if (c["metadata"].get("annotations") or {}).get(IS_DEFAULT) == "true"
    ]  # fmt: skip
    return max(classes, key=lambda c: str(c["metadata"]["creationTimestamp"]), default=None)


def admit(store: Store, resource: Resource, obj: Object, old: Object | None) -> None:
    """Refuse that a claim grows whose volume cannot.

    Raises:
        ApiError: 403.
    """
    if resource is not PERSISTENTVOLUMECLAIMS or not old or _size(obj) <= _size(old):
        return
    name = obj["metadata"]["name"]
    if old["status"].get("phase") != "Bound":
        raise forbidden(resource, name, "Only bound persistent volume claims can be expanded")
    found = store.find(STORAGECLASSES, "", old["spec"].get("storageClassName") or "")
    if not (found or {}).get("allowVolumeExpansion"):
        detail = (
            "only dynamically provisioned pvc can be resized and the storageclass that provisions "
            "the pvc must support resize"
        )
        raise forbidden(resource, name, detail)


def _size(claim: Object) -> Decimal:
    return quantity.parse(claim["spec"]["resources"]["requests"]["storage"])


def validate_claim(claim: Object) -> list[Cause]:
    """What is wrong with a claim."""
    spec = claim["spec"]
    causes = []
    if not spec.get("accessModes"):
        causes.append(required("spec.accessModes", "at least 1 access mode is required"))
    causes += _modes(spec)
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        causes.append(required("spec.resources[storage]"))
    return causes


def _modes(spec: Object) -> list[Cause]:
    modes = spec.get("accessModes") or []
    return [unsupported("spec.accessModes", m, _MODES) for m in modes if m not in _MODES]


def validate_claim_update(old: Object, new: Object) -> list[Cause]:
    """What of a claim may not change: all but the size of one that is bound."""

    def fixed(claim: Object) -> Object:
        spec = {k: v for k, v in claim["spec"].items() if k != "volumeAttributesClassName"}
        return {**spec, "resources": {**spec["resources"], "requests": None}}

    if fixed(old) != fixed(new):
        detail = (
            "spec is immutable after creation except resources.requests and "
            "volumeAttributesClassName for bound claims"
        )
        return [not_allowed("spec", detail)]
    capacity = (old["status"].get("capacity") or {}).get("storage")
    if _size(new) < min(_size(old), quantity.parse(capacity or "0") or _size(old)):
        detail = "field can not be less than status.capacity"
        return [not_allowed("spec.resources.requests.storage", detail)]
    return []


def validate_volume(volume: Object) -> list[Cause]:
    """What is wrong with a volume."""
    spec = volume["spec"]
    causes = [required(f"spec.{f}") for f in ("accessModes", "capacity") if not spec.get(f)]
    return causes + _modes(spec)


def validate_class(obj: Object) -> list[Cause]:
    """What is wrong with a class."""
    causes = [] if obj.get("provisioner") else [required("provisioner")]
    for field, known in (
        ("reclaimPolicy", ["Delete", "Retain"]),
        ("volumeBindingMode", ["Immediate", "WaitForFirstConsumer"]),
    ):
        if obj[field] not in known:
            causes.append(unsupported(field, obj[field], known))
    return causes


def validate_class_update(old: Object, new: Object) -> list[Cause]:
    """What of a class may not change."""
    return [
        not_allowed(field, f"updates to {field} are forbidden.")
        for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
        if old.get(field) != new.get(field)
    ]
