"""A container's environment and command, with every reference resolved."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from ..apimachinery import quantity
from ..apimachinery.resources import CONFIGMAPS, NODES, SECRETS, Resource
from ..apiserver.store import Object, Store
from . import service_links

_REFERENCE = re.compile(r"\$(?:\$|\(([^()\s]+)\))")


class ConfigError(Exception):
    """A reference that leads nowhere: the container cannot be made yet."""


def variables(store: Store, pod: Object, container: Object, pod_ip: str) -> dict[str, str]:
    """The environment that the pod's spec asks for.

    Raises:
        ConfigError: a ConfigMap, Secret or key is missing and not optional.
    """
    namespace = pod["metadata"]["namespace"]
    result = service_links.variables(store, pod)
    for source in container.get("envFrom") or []:
        prefix = source.get("prefix", "")
        for field, resource in (("configMapRef", CONFIGMAPS), ("secretRef", SECRETS)):
            if field in source:
                data = _data(store, resource, namespace, source[field])
                result.update({prefix + key: value for key, value in data.items()})
    for entry in container.get("env") or []:
        if "valueFrom" in entry:
            value = _from(store, pod, container, entry["valueFrom"], pod_ip)
            if value is None:
                continue
        else:
            value = expand(entry.get("value", ""), result)
        result[entry["name"]] = value
    return result


def expand(text: str, known: dict[str, str]) -> str:
    """Kubernetes' ``$(NAME)``: known names are replaced, others stay; ``$$`` is a dollar sign."""

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        return known.get(match[1], match[0])

    return _REFERENCE.sub(replace, text)


def expand_known(text: str, known: dict[str, str]) -> str:
    """As ``expand``, but every name must be known.

    Raises:
        ConfigError: one is not.
    """
    for match in _REFERENCE.finditer(text):
        if match[1] is not None and match[1] not in known:
            raise ConfigError(f'missing value for "{match[1]}"')
    return expand(text, known)


def _data(store: Store, resource: Resource, namespace: str, reference: Object) -> dict[str, str]:
    obj = store.find(resource, namespace, reference.get("name", ""))
    if obj is None:
        if reference.get("optional"):
            return {}
        raise ConfigError(f'{resource.kind.lower()} "{reference.get("name")}" not found')
    return {key: value.decode(errors="replace") for key, value in contents(resource, obj).items()}


def contents(resource: Resource, obj: Object) -> dict[str, bytes]:
    """The bytes under each key of a ConfigMap or a Secret."""
    if resource is SECRETS:
        return {k: base64.b64decode(v) for k, v in (obj.get("data") or {}).items()}
    result = {k: str(v).encode() for k, v in (obj.get("data") or {}).items()}
    result.update({k: base64.b64decode(v) for k, v in (obj.get("binaryData") or {}).items()})
    return result


def _from(store: Store, pod: Object, container: Object, source: Object, pod_ip: str) -> str | None:
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"], pod_ip)
    if "resourceFieldRef" in source:
        return resource_value(store, pod, container, source["resourceFieldRef"])
    for field, resource in (("configMapKeyRef", CONFIGMAPS), ("secretKeyRef", SECRETS)):
        if field not in source:
            continue
        reference = source[field]
        data = _data(store, resource, pod["metadata"]["namespace"], reference)
        if reference["key"] in data:
            return data[reference["key"]]
        if reference.get("optional"):
            return None
        where = f"{resource.kind} {pod['metadata']['namespace']}/{reference['name']}"
        raise ConfigError(f"couldn't find key {reference['key']} in {where}")
    raise ConfigError(f"valueFrom names no source that is served: {', '.join(source)}")


def field_value(pod: Object, path: str, pod_ip: str) -> str:
    """A field of the pod, as the downward API gives it.

    Raises:
        ConfigError: the downward API has no such field.
    """
    match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if match:
        return str((pod["metadata"].get(match[1]) or {}).get(match[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        entries = (pod["metadata"].get(path.partition(".")[2]) or {}).items()
        # Quoted as Go does.
        return "\n".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in sorted(entries))
    values: dict[str, Any] = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "status.podIP": pod_ip,
        "status.podIPs": pod_ip,
        "status.hostIP": "127.0.0.1",
        "status.hostIPs": "127.0.0.1",
    }
    if path not in values:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return str(values[path])


def resource_value(store: Store, pod: Object, container: Object, reference: Object) -> str:
    """A request or limit, rounded up to the divisor; without a limit, what the node has.

    Of ``container``, or of the pod's container that the reference names.
    """
    spec = pod["spec"]
    for other in [*spec["containers"], *(spec.get("initContainers") or [])]:
        if other["name"] == reference.get("containerName"):
            container = other
    kind, _, name = reference["resource"].partition(".")
    text = ((container.get("resources") or {}).get(kind) or {}).get(name)
    if text is None and kind == "limits":
        node = store.find(NODES, "", spec.get("nodeName", "")) or {}
        text = ((node.get("status") or {}).get("allocatable") or {}).get(name)
    divisor = quantity.parse(reference.get("divisor") or "1")
    return str(-(-quantity.parse(text or "0") // (divisor or 1)))


def command(container: Object, environment: dict[str, str], entrypoint: tuple[str, ...],
            arguments: tuple[str, ...]) -> tuple[str, ...]:  # fmt: skip
    """What runs: the pod's command and args, where it has none the image's."""
    given, args = container.get("command"), container.get("args")
    if given:
        parts = [*given, *(args or [])]
    else:
        parts = [*entrypoint, *(args if args is not None else arguments)]
    return tuple(expand(part, environment) for part in parts)
