"""The Service ``kubernetes``: where pods find the API server."""

from __future__ import annotations

from ..apimachinery.resources import SERVICES
from .registry import Registry

_LABELS = {"component": "apiserver", "provider": "kubernetes"}


def ensure(registry: Registry, address: str) -> None:
    """Make it, or have it say the server's present address (``host:port``).

    Nothing routes addresses of Services here, so it has the server's own, and its own port.
    """
    host, _, port = address.rpartition(":")
    ports = [{"name": "https", "protocol": "TCP", "port": int(port), "targetPort": int(port)}]
    spec = {"clusterIP": host, "clusterIPs": [host], "ports": ports}
    current = registry.store.find(SERVICES, "default", "kubernetes")
    if current is None:
        body = {"metadata": {"name": "kubernetes", "labels": _LABELS}, "spec": spec}
        registry.create(SERVICES, "default", body)
    elif current["spec"]["ports"] != ports:
        changed = {**current, "spec": {**current["spec"], **spec}}
        registry.update(SERVICES, "default", "kubernetes", changed)
