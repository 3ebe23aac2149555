"""Which nodes a pod chooses by their labels, and which of those it would rather have."""

from __future__ import annotations

from ..apimachinery.selectors import matches_node_selector
from ..apiserver.store import Object


def selected(spec: Object, node: Object) -> bool:
    """Whether a pod's nodeSelector and required node affinity choose a node."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    required = _affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    return not required or matches_node_selector(required, node)


def preference(spec: Object, node: Object) -> int:
    """The sum of the weights of the pod's preferences that a node fulfils."""
    preferred = _affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution") or []
    return sum(
        int(term["weight"])
        for term in preferred
        if matches_node_selector({"nodeSelectorTerms": [term["preference"]]}, node)
    )


def _affinity(spec: Object) -> Object:
    found: Object = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    return found
