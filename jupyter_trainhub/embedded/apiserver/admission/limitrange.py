"""LimitRanges: what a namespace's containers, pods and claims get by default, and may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...apimachinery import quantity
from ...apimachinery.podresources import parsed, pod_resources
from ...apimachinery.resources import LIMITRANGES, PERSISTENTVOLUMECLAIMS, PODS, Resource
from ...apimachinery.status import forbidden
from ..store import Object, Store

_ANNOTATION = "kubernetes.io/limit-ranger"


def set_defaults(store: Store, pod: Object) -> None:
    """Fill in the requests and limits that a new pod's containers leave out, in place."""
    added: list[str] = []
    for found in store.list(LIMITRANGES, pod["metadata"]["namespace"]):
        limits = [item for item in found["spec"].get("limits") or [] if item["type"] == "Container"]
        for kind, field in (("container", "containers"), ("init container", "initContainers")):
            for container in pod["spec"].get(field) or []:
                added += _fill(container, kind, limits)
    if added:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[_ANNOTATION] = "LimitRanger plugin set: " + "; ".join(added)


def _fill(container: Object, kind: str, limits: list[Object]) -> Iterator[str]:
    for field, word, source in (
        ("requests", "request", "defaultRequest"), ("limits", "limit", "default"),
    ):  # fmt: skip
        given = container["resources"].get(field) or {}
        new = {
            name: text
            for item in limits
            for name, text in (item.get(source) or {}).items()
            if name not in given
        }
        if new:
            container["resources"][field] = {**given, **new}
            yield f"{', '.join(sorted(new))} {word} for {kind} {container['name']}"


def admit(store: Store, resource: Resource, obj: Object, old: Object | None) -> None:
    """Refuse what breaks a limit of its namespace.

    Raises:
        ApiError: 403, in the words of LimitRanger.
    """
    if resource not in (PODS, PERSISTENTVOLUMECLAIMS) or (old and resource is PODS):
        return
    broken = [
        text
        for found in store.list(LIMITRANGES, obj["metadata"]["namespace"])
        for item in found["spec"].get("limits") or []
        for requests, limits in _subjects(resource, item["type"], obj)
        for text in _broken(item, requests, limits)
    ]
    if broken:
        # Like Go's aggregated errors: one as it is, several in brackets, each once.
        unique = list(dict.fromkeys(broken))
        detail = unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"
        raise forbidden(resource, obj["metadata"]["name"], detail)


_Pair = tuple[Mapping[str, object], Mapping[str, object] | None]


def _subjects(resource: Resource, kind: str, obj: Object) -> Iterator[_Pair]:
    """The requests and limits that items of one type speak of; a claim has no limits."""
    spec = obj["spec"]
    if resource is PERSISTENTVOLUMECLAIMS:
        if kind == "PersistentVolumeClaim":
            yield (spec.get("resources") or {}).get("requests") or {}, None
        return
    containers = spec.get("containers") or []
    initial = spec.get("initContainers") or []
    if kind == "Container":
        for container in [*containers, *initial]:
            resources = container["resources"]
            yield resources.get("requests") or {}, resources.get("limits") or {}
    elif kind == "Pod":
        yield _summed(obj, "requests"), _summed(obj, "limits")


def _summed(pod: Object, field: str) -> dict[str, object]:
    containers = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
    samples = {n: t for c in containers for n, t in (c["resources"].get(field) or {}).items()}
    return {
        name: quantity.format_like(value, str(samples.get(name, "")))
        for name, value in pod_resources(pod, field).items()
    }


def _broken(
    item: Object, requests: Mapping[str, object], limits: Mapping[str, object] | None
) -> Iterator[str]:
    kind = item["type"]
    request, limit = parsed(requests), parsed(limits)
    for name, text in (item.get("min") or {}).items():
        least, said = quantity.parse(text), f"minimum {name} usage per {kind} is {text}"
        if name not in request:
            yield f"{said}.  No request is specified"
        elif request[name] < least:
            yield f"{said}, but request is {requests[name]}"
        elif limits and name in limit and limit[name] < least:
            yield f"{said}, but limit is {limits[name]}"
    for name, text in (item.get("max") or {}).items():
        most, said = quantity.parse(text), f"maximum {name} usage per {kind} is {text}"
        if limits is not None and name not in limit:
            yield f"{said}.  No limit is specified"
        elif limits is None and name not in request:
            yield f"{said}.  No request is specified"
        elif limits and limit[name] > most:
            yield f"{said}, but limit is {limits[name]}"
        elif name in request and request[name] > most:
            yield f"{said}, but request is {requests[name]}"
    for name, text in (item.get("maxLimitRequestRatio") or {}).items():
        said = f"{name} max limit to request ratio per {kind} is {text}"
        if not request.get(name):
            yield f"{said}, but no request is specified or request is 0"
        elif not limit.get(name):
            yield f"{said}, but no limit is specified or limit is 0"
        elif limit[name] / request[name] > quantity.parse(text):
            yield f"{said}, but provided ratio is {limit[name] / request[name]:.6f}"
