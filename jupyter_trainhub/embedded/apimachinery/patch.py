"""The three ways to patch an object: JSON merge patch, JSON patch, strategic merge patch."""

from __future__ import annotations

import copy
from typing import Any

from .status import ApiError, bad_request

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

# The field by which Kubernetes' own types merge a list of objects, by the list's name. Lists that
# are not named here are replaced. Source: the patchMergeKey tags of k8s.io/api.
_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "schedulingGates": "name",
    "resourceClaims": "name",
    "conditions": "type",
    "ownerReferences": "uid",
    "secrets": "name",
    "addresses": "type",
    "podIPs": "ip",
    "hostIPs": "ip",
}
_MERGED_SETS = {"finalizers"}


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902.

    Raises:
        ApiError: 400, no list of operations; 422, an operation that cannot be applied.
    """
    if not isinstance(operations, list):
        raise bad_request("a JSON patch is a list of operations")
    document = copy.deepcopy(target)
    for operation in operations:
        try:
            document = _apply(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ApiError(
                422, "Invalid", "the server rejected our request due to an error in our request"
            ) from error
    return document


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    name, path = operation["op"], operation["path"]
    if name == "test":
        if _read(document, path) != operation["value"]:
            raise ValueError("test failed")
        return document
    if name in ("move", "copy"):
        value = copy.deepcopy(_read(document, operation["from"]))
        if name == "move":
            document = _write(document, operation["from"], "remove", None)
        return _write(document, path, "add", value)
    if name not in ("add", "remove", "replace"):
        raise ValueError(f"unknown operation {name}")
    value = None if name == "remove" else copy.deepcopy(operation["value"])
    return _write(document, path, name, value)


def _parts(path: str) -> list[str]:
    return [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]


def _read(document: Any, path: str) -> Any:
    for part in _parts(path):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _write(document: Any, path: str, name: str, value: Any) -> Any:
    parts = _parts(path)
    if not parts:
        return value
    parent = _read(document, "/" + "/".join(_escape(p) for p in parts[:-1]) if parts[1:] else "")
    last: Any = parts[-1]
    if isinstance(parent, list):
        index = len(parent) if last == "-" else int(last)
        if name == "add":
            if index > len(parent):
                raise IndexError(index)
            parent.insert(index, value)
        elif name == "replace":
            parent[index] = value
        else:
            del parent[index]
    elif name == "remove":
        del parent[last]
    else:
        if name == "replace":
            parent[last]
        parent[last] = value
    return document


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def strategic(target: Any, patch: Any, name: str = "", parent: str = "") -> Any:
    """Kubernetes' own merge: lists of objects merge by a key, and ``$patch`` directs.

    ``name`` and ``parent`` are the fields that hold the value and the object around it.
    """
    if isinstance(patch, dict):
        return _strategic_object(target, patch, name)
    if isinstance(patch, list):
        return _strategic_list(target, patch, name, parent)
    return patch


def _strategic_object(target: Any, patch: dict[str, Any], name: str) -> Any:
    directive = patch.get("$patch")
    body = {k: v for k, v in patch.items() if not k.startswith("$")}
    if directive == "replace":
        return body
    if directive == "delete":
        return {}
    result = dict(target) if isinstance(target, dict) else {}
    retained = patch.get("$retainKeys")
    if retained is not None:
        result = {k: v for k, v in result.items() if k in retained}
    for key, value in body.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = strategic(result.get(key), value, key, name)
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            result[field] = [v for v in result.get(field) or [] if v not in value]
        elif key.startswith("$setElementOrder/"):
            field = key.partition("/")[2]
            if isinstance(result.get(field), list):
                result[field] = _ordered(result[field], value, _merge_key(field, name))
    return result


def _merge_key(field: str, parent: str) -> str | None:
    if field == "ports":
        # A container's ports and a Service's have different keys.
        return "port" if parent == "spec" else "containerPort"
    return _MERGE_KEYS.get(field)


def _strategic_list(target: Any, patch: list[Any], name: str, parent: str) -> list[Any]:
    current = list(target) if isinstance(target, list) else []
    if name in _MERGED_SETS:
        return current + [v for v in patch if v not in current]
    key = _merge_key(name, parent)
    if key is None or not all(isinstance(p, dict) for p in patch):
        return [p for p in patch if not (isinstance(p, dict) and "$patch" in p)]
    if any(p.get("$patch") == "replace" for p in patch):
        return [p for p in patch if "$patch" not in p]
    for item in patch:
        found = next((i for i, c in enumerate(current) if c.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            if found is not None:
                del current[found]
        elif found is None:
            current.append(strategic({}, item, name))
        else:
            current[found] = strategic(current[found], item, name)
    return current


def _ordered(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    def rank(item: Any) -> int:
        for position, wanted in enumerate(order):
            if item == wanted or (key and item.get(key) == wanted.get(key)):
                return position
        return len(order)

    return sorted(items, key=rank)


PATCHES = {MERGE: merge, JSON: json_patch, STRATEGIC: strategic}
