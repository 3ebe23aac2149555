"""Objects as sets of fields that can be owned, compared, merged and removed apart.

What the schema calls granular has parts; scalars, atomic lists and maps, and null are one value.
Source: sigs.k8s.io/structured-merge-diff, package typed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from .fieldpath import Path, compact, show_element
from .schema import Field, Type

# What no schema describes: maps are merged by key, lists are atomic.
UNTYPED = Type("any", preserve_unknown=True)

_ABSENT = object()


def _below(field: Field, element: str) -> Field:
    if _is_declared(field, element):
        return field.type.fields[element[2:]]
    return Field(field.type.items or UNTYPED)


def _is_declared(field: Field, element: str) -> bool:
    return element.startswith("f:") and element[2:] in field.type.fields


def _elements(field: Field, value: Any) -> list[tuple[str, Any]] | None:
    # The parts of a value by path element; None: it is one value.
    shape = field.type
    if isinstance(value, dict):
        granular = shape.fields or shape.items or shape.preserve_unknown
        if granular and not (field.atomic or shape.atomic):
            return [(f"f:{key}", item) for key, item in value.items()]
    elif isinstance(value, list) and shape.kind == "list" and field.list_type in ("map", "set"):
        return [(_item_element(field, item), item) for item in value]
    return None


def _item_element(field: Field, item: Any) -> str:
    if field.list_type == "set":
        return "v:" + compact(item)
    declared = field.type.items.fields if field.type.items else {}
    keys = {}
    for key in sorted(field.list_keys):
        value = item.get(key, declared[key].default if key in declared else None)
        if value is not None:
            keys[key] = value
    return "k:" + compact(keys)


def field_set(field: Field, value: Any, path: Path = ()) -> set[Path]:
    """All that a manager owns who applies ``value``."""
    parts = _elements(field, value)
    if parts is None:
        return {path}
    found: set[Path] = set()
    for element, part in parts:
        found |= field_set(_below(field, element), part, (*path, element))
        if not _is_declared(field, element) or part is None or part == {}:
            found.add((*path, element))
    return found


def compare(field: Field, old: Any, new: Any) -> tuple[set[Path], set[Path]]:
    """The paths that were added or changed, and those that were removed."""
    changed: set[Path] = set()
    removed: set[Path] = set()

    def walk(field: Field, old: Any, new: Any, path: Path) -> None:
        if old == new:
            return
        ours, theirs = _parts(field, old), _parts(field, new)
        whole = ours is None or theirs is None or not (ours or theirs)
        if ours is not None and theirs is not None:
            for element in {**ours, **theirs}:
                walk(_below(field, element), ours.get(element, _ABSENT),
                     theirs.get(element, _ABSENT), (*path, element))  # fmt: skip
        if new is _ABSENT:
            removed.add(path)
        elif whole or old is _ABSENT:
            changed.add(path)

    walk(field, old, new, ())
    return changed, removed


def _parts(field: Field, value: Any) -> dict[str, Any] | None:
    # What is not there, or null, takes the other side's shape.
    if value is None or value is _ABSENT:
        return {}
    parts = _elements(field, value)
    return None if parts is None else dict(parts)


def with_declared(field: Field, paths: Iterable[Path]) -> set[Path]:
    """The paths, and the declared fields on the way to them."""
    result = set(paths)
    for path in paths:
        at = field
        for depth, element in enumerate(path, 1):
            if _is_declared(at, element):
                result.add(path[:depth])
            at = _below(at, element)
    return result


def merge(field: Field, live: Any, config: Any) -> Any:
    """``live`` with all that ``config`` says. Items of lists take their order from ``config``."""
    ours, theirs = _elements(field, live), _elements(field, config)
    if not ours or not theirs:
        return config
    if isinstance(config, dict):
        merged = dict(live)
        for key, value in config.items():
            inner = _below(field, f"f:{key}")
            merged[key] = merge(inner, live[key], value) if key in live else value
        return merged
    return _merge_list(Field(field.type.items or UNTYPED), ours, dict(theirs))


def _merge_list(item: Field, live: list[tuple[str, Any]], config: dict[str, Any]) -> list[Any]:
    known, waiting = dict(live), deque(live)
    shared = deque(element for element in config if element in known)
    merged = []

    def take_until(element: str | None) -> None:
        # What only the live list has stays in front of the item that it was in front of.
        while waiting and waiting[0][0] != element:
            found, value = waiting.popleft()
            if found not in config:
                merged.append(value)

    for element, value in config.items():
        take_until(shared[0] if shared else None)
        merged.append(merge(item, known[element], value) if element in known else value)
        if shared and shared[0] == element:
            shared.popleft()
    take_until(None)
    return merged


def remove(field: Field, value: Any, doomed: Iterable[Path]) -> Any:
    """``value`` without what is at the paths. What loses all its parts becomes None."""
    parts = _elements(field, value)
    if parts is None or not doomed:
        return value
    inner: dict[str, list[Path]] = {}
    for path in doomed:
        inner.setdefault(path[0], []).append(path[1:])
    kept = [
        (element, remove(_below(field, element), part, inner.get(element, ())))
        for element, part in parts
        if () not in inner.get(element, ())
    ]
    if not kept:
        return None
    return {e[2:]: p for e, p in kept} if isinstance(value, dict) else [p for _, p in kept]


def faults(field: Field, value: Any, at: str = "") -> Iterator[str]:
    """Why a value cannot be applied, as ``.spec.x: field not declared in schema``."""
    shape = field.type
    expected = {"object": dict, "map": dict, "list": list}.get(shape.kind)
    if value is None or shape.kind == "any" or (shape.kind == "object" and not shape.fields):
        return
    if expected is None:
        if fault := _scalar_fault(shape.kind, value):
            yield f"{at}: {fault}"
    elif not isinstance(value, expected):
        yield f"{at}: expected {'list' if expected is list else 'map'}, got &{{{value}}}"
    elif isinstance(value, list):
        yield from _list_faults(field, value, at)
    else:
        for key, inner in value.items():
            if shape.kind == "map" or key in shape.fields or shape.preserve_unknown:
                yield from faults(_below(field, f"f:{key}"), inner, f"{at}.{key}")
            else:
                yield f"{at}.{key}: field not declared in schema"


def _list_faults(field: Field, value: list[Any], at: str) -> Iterator[str]:
    inner, seen = Field(field.type.items or UNTYPED), set()
    for index, item in enumerate(value):
        element = f"i:{index}"
        if field.list_type == "map":
            if not isinstance(item, dict):
                problem = "associative list with keys may not have non-map elements"
                yield f"{at}: element {index}: {problem}"
                return
            element = _item_element(field, item)
            if element == "k:{}":
                keys = " ".join(f'"{key}"' for key in field.list_keys)
                problem = f"associative list with keys has an element that omits all key fields [{keys}] (and doesn't have default values for any key fields)"  # noqa: E501
                yield f"{at}: element {index}: {problem}"
                return
        elif field.list_type == "set":
            element = _item_element(field, item)
        if element in seen:
            yield f"{at}: duplicate entries for key {show_element(element)}"
        seen.add(element)
        yield from faults(inner, item, at + show_element(element))


def _scalar_fault(kind: str, value: Any) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("integer", "number"):
        return "" if number else f"expected numeric (int or float), got {_GO[type(value)]}"
    if kind == "boolean":
        return "" if isinstance(value, bool) else f"expected boolean, got &{{{value}}}"
    if kind in ("string", "bytes"):
        shown = f"&value.valueUnstructured{{Value:{compact(value)}}}"
        return "" if isinstance(value, str) else f"expected string, got {shown}"
    scalar = isinstance(value, (str, int, float))
    return "" if scalar else f"expected any scalar, got &{{{value}}}"


_GO = {str: "string", bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}
