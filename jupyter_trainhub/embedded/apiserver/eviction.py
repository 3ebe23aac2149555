"""Ending a pod for a reason that is not its own, which its condition ``DisruptionTarget`` tells."""

from __future__ import annotations

from ..apimachinery import conditions
from ..apimachinery.resources import PODS
from .options import DeleteOptions
from .registry import Registry
from .store import Object, key_of


def evict(
    registry: Registry, pod: Object, reason: str, message: str, options: DeleteOptions | None = None
) -> None:
    """Mark a pod as disrupted and delete it, by default with its own grace period."""
    options = options or DeleteOptions()
    if not options.dry_run:
        generation = pod["metadata"]["generation"]
        disrupted = conditions.of_pod("DisruptionTarget", "True", reason, message, generation)
        registry.update_status(PODS, pod, conditions.replaced(pod["status"], disrupted))
    registry.delete(PODS, *key_of(pod), options)
