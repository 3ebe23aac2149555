"""ResourceQuotas: what is used, written to their status."""

from __future__ import annotations

from ..apimachinery import quantity
from ..apimachinery.resources import PERSISTENTVOLUMECLAIMS, PODS, RESOURCEQUOTAS, SERVICES
from ..apiserver.admission.resourcequota import quota_usage
from ..apiserver.store import Change, Key
from . import Controller

# Kinds that count differently in the course of their lives.
_CHANGING = (PODS, PERSISTENTVOLUMECLAIMS, SERVICES)


class ResourceQuotaController(Controller):
    """Recounts a namespace's quotas when what they may count comes, changes or goes."""

    def changed(self, change: Change) -> None:
        """A quota, or an object in a namespace that may have one."""
        metadata = change.object["metadata"]
        if change.resource is RESOURCEQUOTAS:
            self.enqueue((metadata["namespace"], metadata["name"]))
        elif change.resource in _CHANGING or change.type != "MODIFIED":
            self._queue_namespace(metadata.get("namespace", ""))

    def resync(self) -> None:
        """Queue every quota."""
        self._queue_namespace(None)

    def _queue_namespace(self, namespace: str | None) -> None:
        for quota in self.store.list(RESOURCEQUOTAS, namespace):
            self.enqueue((quota["metadata"]["namespace"], quota["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Recount one quota."""
        quota = self.store.find(RESOURCEQUOTAS, *key)
        if quota is None:
            return
        hard = dict(quota["spec"].get("hard") or {})
        used = {
            name: quantity.format_like(value, str(hard[name]))
            for name, value in quota_usage(self.store, quota).items()
        }
        self.registry.update_status(RESOURCEQUOTAS, quota, {"hard": hard, "used": used})
