"""The scale subresource: replicas of whatever has them (``autoscaling/v1 Scale``)."""

from __future__ import annotations

import copy

from ..apimachinery import jsonpath
from ..apimachinery.resources import Resource
from ..apimachinery.status import ApiError
from .customresources import CustomResource
from .store import Object

_PATHS = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def scale_of(resource: Resource, obj: Object) -> Object:
    """The ``Scale`` of an object.

    Raises:
        ApiError: 500, a custom resource says nothing of replicas.
    """
    metadata, paths = obj["metadata"], _PATHS
    labels = ((obj["spec"].get("selector") or {}).get("matchLabels") or {}).items()
    selector = ",".join(f"{k}={v}" for k, v in sorted(labels))
    wanted = jsonpath.find(_PATHS["specReplicasPath"], obj) or [0]
    if isinstance(resource, CustomResource):
        paths = resource.scale
        wanted = jsonpath.find(paths["specReplicasPath"], obj)
        chosen = jsonpath.find(paths.get("labelSelectorPath", ""), obj)
        selector = chosen[0] if "labelSelectorPath" in paths and chosen else ""
    if not wanted:
        text = f'the spec replicas field "{paths["specReplicasPath"]}" does not exist'
        causes = {"causes": [{"message": text}]}
        raise ApiError(500, "InternalError", f"Internal error occurred: {text}", causes)
    there = jsonpath.find(paths["statusReplicasPath"], obj) or [0]
    status = {"replicas": there[0], "selector": selector}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            k: metadata[k]
            for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
            if k in metadata
        },
        # A zero is left out, as the real server does.
        "spec": {"replicas": wanted[0]} if wanted[0] else {},
        "status": status if selector else {"replicas": there[0]},
    }


def scaled(resource: Resource, obj: Object, replicas: int) -> Object:
    """The object with another number of replicas wanted."""
    paths = resource.scale if isinstance(resource, CustomResource) else _PATHS
    changed = copy.deepcopy(obj)
    *way, last = paths["specReplicasPath"].strip(".").split(".")
    place = changed
    for name in way:
        place = place.setdefault(name, {})
    place[last] = replicas
    return changed
