"""What is kept in memory of the objects that are watched: the parts that views are made of."""

from __future__ import annotations

from jupyter_trainhub.manifests.labels import Object

_POD = (
    "name",
    "uid",
    "labels",
    "annotations",
    "creationTimestamp",
    "deletionTimestamp",
)
_CONTAINER = ("name", "image", "resources")
_EVENT = (
    "type",
    "reason",
    "message",
    "involvedObject",
    "lastTimestamp",
    "eventTime",
    "series",
)


def pod(item: Object) -> Object:
    """A Pod without what its containers run."""
    metadata, spec = item["metadata"], item.get("spec", {})
    return {
        "metadata": {field: metadata[field] for field in _POD if field in metadata},
        "spec": {
            "nodeName": spec.get("nodeName"),
            "containers": [
                {field: container.get(field, {}) for field in _CONTAINER}
                for container in spec.get("containers", [])
            ],
        },
        "status": item.get("status", {}),
    }


def event(item: Object) -> Object:
    """An Event without where it was recorded."""
    created = item["metadata"].get("creationTimestamp")
    return {
        "metadata": {"creationTimestamp": created},
        "involvedObject": {},
        **{field: item[field] for field in _EVENT if item.get(field) is not None},
    }


def node(item: Object) -> Object:
    """What a Node has to offer."""
    return {
        "metadata": {"name": item["metadata"]["name"]},
        "spec": {"unschedulable": item.get("spec", {}).get("unschedulable", False)},
        "status": {"allocatable": item.get("status", {}).get("allocatable", {})},
    }
