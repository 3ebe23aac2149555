"""Paths of fields in an object, as ``fieldsV1`` writes them.

A path is a tuple of elements: ``f:<name>`` of an object or map, ``k:<keys as JSON>`` and
``v:<value as JSON>`` of an item in a list of type map and set.
Source: sigs.k8s.io/structured-merge-diff, package fieldpath.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

Path = tuple[str, ...]


def compact(value: Any) -> str:
    """JSON as it stands in a path element."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def encode(paths: Iterable[Path]) -> dict[str, Any]:
    """The ``fieldsV1`` of a set of paths."""
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        at = tree
        for element in path:
            at = at.setdefault(element, {})
        at["."] = {}
    return _without_marks(tree)


def _without_marks(tree: dict[str, Any]) -> dict[str, Any]:
    # A path with nothing below it needs no mark to show that it is meant itself.
    if tree.keys() == {"."}:
        return {}
    return {key: tree[key] and _without_marks(tree[key]) for key in sorted(tree)}


def decode(fields: dict[str, Any], prefix: Path = ()) -> Iterator[Path]:
    """The paths of a ``fieldsV1``, those of one level before what is below them.

    Raises:
        ValueError, AttributeError: it is none.
    """
    for element, inner in fields.items():
        if element != "." and (not inner or "." in inner):
            yield (*prefix, element)
    for element, inner in fields.items():
        if element != ".":
            if element[:2] not in ("f:", "k:", "v:", "i:"):
                raise ValueError(f"not a path element: {element}")
            yield from decode(inner, (*prefix, element))


def show(path: Path) -> str:
    """A path as messages name it: ``.spec.containers[name="main"].image``."""
    return "".join(map(show_element, path))


def show_element(element: str) -> str:
    """One element as messages name it."""
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return f".{text}"
    if kind == "k:":
        keys = json.loads(text).items()
        return "[" + ",".join(f"{key}={compact(value)}" for key, value in keys) + "]"
    return f"[={text}]" if kind == "v:" else f"[{text}]"
