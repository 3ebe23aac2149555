"""The three ways to patch an object: JSON merge patch, JSON patch, strategic merge patch."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
from jsonpointer import JsonPointerException

from .schema import Field, Type
from .status import ApiError, bad_request

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

_DELETE_ITEMS = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"
_NOTHING = Type("any")


def accepted(type: Type | None) -> list[str]:
    """The media types of patches that objects of the type take: custom ones have no strategy."""
    return [JSON, MERGE, STRATEGIC] if type and type.go else [JSON, MERGE]


def apply(media_type: str, type: Type | None, target: Any, change: Any) -> Any:
    """``target`` as the patch leaves it; it is not changed itself.

    Raises:
        ApiError: the patch cannot be applied.
    """
    if media_type == JSON:
        return json_patch(target, change)
    if not isinstance(change, dict):
        prefix = "error decoding patch: " if media_type == MERGE else ""
        raise bad_request(
            f"{prefix}json: cannot unmarshal array into Go value of type map[string]interface {{}}"
        )
    if media_type == MERGE:
        return merge(target, change)
    return strategic(type or _NOTHING, target, change)


def merge(target: Any, change: Any) -> Any:
    """RFC 7386: null removes, objects merge, all else replaces."""
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in change.items():
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
    if not isinstance(operations, list) or not all(isinstance(o, dict) for o in operations):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        return jsonpatch.apply_patch(target, operations)
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError) as error:
        raise ApiError(
            422, "Invalid", "the server rejected our request due to an error in our request", {}
        ) from error


def strategic(type: Type, target: Any, change: dict[str, Any]) -> dict[str, Any]:
    """Kubernetes' own merge: lists merge as their fields say, and ``$`` directives steer it.

    Source: k8s.io/apimachinery/pkg/util/strategicpatch.

    Raises:
        ApiError: 400, a directive is malformed; 500 (as the real server), a list's item has no key.
    """
    body = {key: value for key, value in change.items() if not key.startswith("$")}
    directive = change.get("$patch")
    if directive == "replace":
        return body
    if directive == "delete":
        return {}
    if "$patch" in change:
        raise _failed(f"unknown patch type: {directive} in map: {go_text(change)}")
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in change:
        retained = change["$retainKeys"]
        if not isinstance(retained, list) or not _retained_only(body, retained):
            raise bad_request("invalid patch format of retainKeys")
        result = {key: value for key, value in result.items() if key in retained}
    for key, value in change.items():
        if key.startswith(_DELETE_ITEMS):
            name = key.removeprefix(_DELETE_ITEMS)
            if isinstance(result.get(name), list):
                result[name] = [item for item in result[name] if item not in value]
    for name, value in body.items():
        field = type.fields.get(name) or Field(type.items or _NOTHING)
        _set(result, name, field, value)
    for key, order in change.items():
        if key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            if not isinstance(order, list):
                raise bad_request("invalid patch format of setElementOrder list")
            if isinstance(result.get(name), list):
                merge_key = type.fields[name].merge_key if name in type.fields else ""
                live = (target or {}).get(name) or []
                result[name] = _ordered(result[name], order, live, merge_key)
    return result


def _retained_only(body: dict[str, Any], retained: list[Any]) -> bool:
    """Whether a patch sets nothing that its ``$retainKeys`` leave out."""
    return all(key in retained for key, value in body.items() if value is not None)


def _set(result: dict[str, Any], name: str, field: Field, value: Any) -> None:
    current = result.get(name)
    if value is None:
        result.pop(name, None)
    elif isinstance(value, dict) and isinstance(current, dict):
        result[name] = strategic(field.type, current, value)
    elif isinstance(value, list) and isinstance(current, list) and field.merge:
        result[name] = _merge_lists(field, current, value)
    elif not (isinstance(value, dict) and "$patch" in value):
        result[name] = _plain(value)


def _plain(value: Any) -> Any:
    # What is new has nothing for directives to act on.
    if isinstance(value, dict):
        return {
            key: _plain(inner)
            for key, inner in value.items()
            if inner is not None and not key.startswith("$") and not _directed(inner)
        }
    if isinstance(value, list):
        return [_plain(item) for item in value if not _directed(item)]
    return value


def _directed(value: Any) -> bool:
    return isinstance(value, dict) and "$patch" in value


def _merge_lists(field: Field, current: list[Any], change: list[Any]) -> list[Any]:
    key = field.merge_key
    if not key:
        added = [v for i, v in enumerate(change) if v not in current and v not in change[:i]]
        return _ordered(current + added, change, current, "")
    for item in change:
        if not isinstance(item, dict) or (key not in item and item.get("$patch") != "replace"):
            raise _failed(f"map: {go_text(item)} does not contain declared merge key: {key}")
    doomed = [item[key] for item in change if item.get("$patch") == "delete"]
    merged = [item for item in current if item.get(key) not in doomed]
    if any(item.get("$patch") == "replace" for item in change):
        merged = []
    change = [item for item in change if "$patch" not in item]
    for item in change:
        found = next((i for i, m in enumerate(merged) if m.get(key) == item[key]), None)
        if found is None:
            merged.append(_plain(item))
        else:
            merged[found] = strategic(field.type.items or _NOTHING, merged[found], item)
    return _ordered(merged, change, current, key)


def _ordered(items: list[Any], order: list[Any], live: list[Any], key: str) -> list[Any]:
    """The patch's order for what it names; the others keep their places among those they knew."""

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted, known = [identity(item) for item in order], [identity(item) for item in live]
    others = [item for item in items if identity(item) not in wanted]
    result: list[Any] = []
    for item in sorted(
        (item for item in items if identity(item) in wanted),
        key=lambda item: wanted.index(identity(item)),
    ):
        if identity(item) in known:
            place = known.index(identity(item))
            while others and identity(others[0]) in known[:place]:
                result.append(others.pop(0))
        result.append(item)
    return result + others


def _failed(message: str) -> ApiError:
    return ApiError(500, "", message)


def go_text(value: Any) -> str:
    """A JSON value as Go prints it with ``%v``."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{k}:{go_text(value[k])}' for k in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(go_text(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(value)
