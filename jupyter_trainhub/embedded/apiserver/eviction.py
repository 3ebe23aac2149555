"""Ending a pod for a reason that is not its own, which its condition ``DisruptionTarget`` tells."""

from __future__ import annotations

from ..apimachinery.resources import PODS
from .registry import DeleteOptions, Registry, condition
from .store import Object, key_of


def evict(
    registry: Registry, pod: Object, reason: str, message: str, options: DeleteOptions | None = None
) -> None:
    """Mark a pod as disrupted and delete it, by default with its own grace period."""
    options = options or DeleteOptions()
    if not options.dry_run:
        status = pod["status"]
        kept = [c for c in status.get("conditions") or [] if c["type"] != "DisruptionTarget"]
        generation = pod["metadata"]["generation"]
        disrupted = condition("DisruptionTarget", "True", reason, message, generation)
        registry.update_status(PODS, pod, {**status, "conditions": [*kept, disrupted]})
    registry.delete(PODS, *key_of(pod), options)
