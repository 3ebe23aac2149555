"""Which volume satisfies a claim, and how it says that it is the claim's."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ..apimachinery import quantity
from ..apimachinery.selectors import matches_selector
from ..apiserver.store import Object


def smallest(volumes: Iterable[Object], claim: Object) -> Object | None:
    """The smallest free volume that satisfies a claim; one reserved for it comes first."""

    def rank(volume: Object) -> tuple[bool, Decimal]:
        return not volume["spec"].get("claimRef"), _size(volume)

    return min((v for v in volumes if _satisfies(v, claim)), key=rank, default=None)


def reference(claim: Object) -> Object:
    """``claimRef`` of a claim's volume."""
    metadata = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": metadata["namespace"],
        "name": metadata["name"], "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }  # fmt: skip


def _satisfies(volume: Object, claim: Object) -> bool:
    spec, offered, metadata = claim["spec"], volume["spec"], claim["metadata"]
    taken = offered.get("claimRef")
    if volume["status"].get("phase") == "Bound" or (taken and not _is(metadata, taken)):
        return False
    if spec.get("volumeName"):
        return bool(volume["metadata"]["name"] == spec["volumeName"])
    labels = volume["metadata"].get("labels") or {}
    return (
        (offered.get("storageClassName") or "") == (spec.get("storageClassName") or "")
        and set(spec["accessModes"]) <= set(offered["accessModes"])
        and offered.get("volumeMode") == spec.get("volumeMode")
        and matches_selector(spec.get("selector") or {}, labels)
        and _size(volume) >= quantity.parse(spec["resources"]["requests"]["storage"])
    )


def _is(metadata: Object, reference: Object) -> bool:
    named = (reference.get("namespace"), reference.get("name"))
    return named == (metadata["namespace"], metadata["name"]) and (
        reference.get("uid") in (None, metadata["uid"])
    )


def _size(volume: Object) -> Decimal:
    return quantity.parse(volume["spec"]["capacity"]["storage"])
