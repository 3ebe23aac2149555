"""The pods behind a service, and where requests to be proxied go."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ..apimachinery.conditions import is_true
from ..apimachinery.resources import PODS, SERVICES
from ..apimachinery.status import ApiError, bad_request
from .store import Object, Store


@dataclass(frozen=True)
class Endpoint:
    """A port of a pod, and how it is spoken to. ``port`` is text, since a pod's may be anything."""

    pod: Object
    scheme: str
    port: str


def serving(store: Store, service: Object) -> list[Object]:
    """The pods that a service's selector finds and that are ready, unless it takes others too."""
    metadata, spec = service["metadata"], service["spec"]
    selector = (spec.get("selector") or {}).items()
    return [
        pod
        for pod in store.list(PODS, metadata["namespace"])
        if selector
        and selector <= (pod["metadata"].get("labels") or {}).items()
        and pod["status"].get("podIP")
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
        and (spec.get("publishNotReadyAddresses") or _ready(pod))
    ]


def _ready(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and is_true(pod, "Ready")


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
        ports = _ports(pod)
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
    pods = serving(store, service)
    if not pods:
        raise _unavailable(f'no endpoints available for service "{name}"')
    random.shuffle(pods)
    for pod in pods:
        for entry in ports:
            number = _number(entry, pod)
            if entry.get("name", "") == port and number:
                return Endpoint(pod, scheme, str(number))
    raise _unavailable(f'no endpoints available for service "{target}"')


def _number(entry: Object, pod: Object) -> int | None:
    """The port of the pod that a service's port leads to; None if the pod does not name it."""
    wanted = entry.get("targetPort") or entry["port"]
    if isinstance(wanted, int):
        return wanted
    return next((int(p["containerPort"]) for p in _ports(pod) if p.get("name") == wanted), None)


def _ports(pod: Object) -> list[Object]:
    return [port for c in pod["spec"]["containers"] for port in c.get("ports") or ()]


def _unavailable(message: str) -> ApiError:
    return ApiError(503, "ServiceUnavailable", message)
