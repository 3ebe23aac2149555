"""Where a request to a pod's or a service's proxy subresource goes."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ...apimachinery.resources import PODS, SERVICES
from ...apimachinery.status import ApiError, bad_request
from ..store import Object, Store


@dataclass(frozen=True)
class Endpoint:
    """A port of a pod, and how it is spoken to. ``port`` is text, since a pod's may be anything."""

    pod: Object
    scheme: str
    port: str


def find(store: Store, namespace: str, plural: str, target: str) -> Endpoint:
    """The endpoint of ``[scheme:]name[:port]``, of ``pods`` or ``services``.

    Raises:
        ApiError: 400, 404 or 503, there is none.
    """
    parts = target.split(":")
    scheme, name, port = ["", *parts, ""][:3] if len(parts) < 3 else parts[:3]
    if len(parts) > 3 or not name or scheme not in ("", "http", "https"):
        raise bad_request(f'invalid {plural.removesuffix("s")} request "{target}"')
    scheme = scheme or "http"
    if plural == "services":
        return _of_service(store, namespace, scheme, name, port, target)
    pod = store.get(PODS, namespace, name)
    if not port:
        ports = [p for c in pod["spec"]["containers"] for p in c.get("ports") or ()]
        port = str(ports[0]["containerPort"]) if ports else {"http": "80", "https": "443"}[scheme]
    return Endpoint(pod, scheme, port)


def _of_service(
    store: Store, namespace: str, scheme: str, name: str, port: str, target: str
) -> Endpoint:
    service = store.find(SERVICES, namespace, name)
    if service is None or not service["spec"].get("selector"):
        details = {"name": name, "kind": "endpoints"}
        raise ApiError(404, "NotFound", f'endpoints "{name}" not found', details)
    ports = service["spec"].get("ports") or []
    if port.isdecimal():
        named = [p for p in ports if p["port"] == int(port)]
        if not named:
            raise _unavailable(f'no service port {port} found for service "{name}"')
        port = named[0].get("name", "")
    pods = [pod for pod in store.list(PODS, namespace) if _serves(service, pod)]
    if not pods:
        raise _unavailable(f'no endpoints available for service "{name}"')
    random.shuffle(pods)
    for pod in pods:
        for entry in ports:
            number = _number(entry, pod)
            if entry.get("name", "") == port and number:
                return Endpoint(pod, scheme, str(number))
    raise _unavailable(f'no endpoints available for service "{target}"')


def _serves(service: Object, pod: Object) -> bool:
    labels, status = pod["metadata"].get("labels") or {}, pod["status"]
    if not service["spec"]["selector"].items() <= labels.items() or not status.get("podIP"):
        return False
    if status.get("phase") in ("Succeeded", "Failed") or "deletionTimestamp" in pod["metadata"]:
        return False
    ready = {"type": "Ready", "status": "True"}.items()
    conditions = status.get("conditions") or ()
    return service["spec"].get("publishNotReadyAddresses", False) or any(
        ready <= {k: v for k, v in c.items() if isinstance(v, str)}.items() for c in conditions
    )


def _number(entry: Object, pod: Object) -> int | None:
    """The port of the pod that a service's port leads to; None if the pod does not name it."""
    wanted = entry.get("targetPort") or entry["port"]
    if isinstance(wanted, int):
        return wanted
    ports = [p for c in pod["spec"]["containers"] for p in c.get("ports") or ()]
    return next((int(p["containerPort"]) for p in ports if p.get("name") == wanted), None)


def _unavailable(message: str) -> ApiError:
    return ApiError(503, "ServiceUnavailable", message)
