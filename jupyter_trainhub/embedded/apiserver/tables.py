"""Objects as the rows that kubectl prints (``meta.k8s.io/v1 Table``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..apimachinery import jsonpath
from ..apimachinery.resources import Resource
from .customresources import CustomResource
from .printers import COLUMNS, PLAIN, Cell, ago
from .store import Object


def table(resource: Resource, objects: list[Object], metadata: Object, include: str) -> Object:
    """A Table of the objects; rows carry what ``include`` says: Metadata, Object or None."""
    if isinstance(resource, CustomResource):
        definitions = [_column("Name"), *map(_custom_column, resource.columns)]
        cells = [".metadata.name", *map(_custom_cell, resource.columns)]
    else:
        columns = COLUMNS.get(resource.kind, PLAIN)
        definitions = [_column(name, *kind) for name, _, *kind in columns]
        cells = [cell for _, cell, *_ in columns]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": [
            {"cells": [_cell(cell, obj) for cell in cells], "object": _included(obj, include)}
            for obj in objects
        ],
    }


def shape(resource: Resource, include: str) -> Callable[[Object], Object]:
    """Turns the objects of a watch into Tables; only the first says what the columns are."""
    told = False

    def turn(obj: Object) -> Object:
        nonlocal told
        metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
        made = table(resource, [obj], metadata, include)
        if told:
            made["columnDefinitions"] = None
        told = True
        return made

    return turn


def metadata_only(obj: Object) -> Object:
    """An object as ``PartialObjectMetadata``."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    }


def _column(name: str, kind: str = "string") -> Object:
    shown = name.rstrip("*")
    return {
        "name": shown,
        "type": kind,
        "format": "name" if name == "Name" else "",
        "description": "",
        "priority": 1 if name.endswith("*") else 0,
    }


def _custom_column(column: Object) -> Object:
    text = f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
    return {
        "name": column["name"],
        "type": column["type"],
        "format": column.get("format", ""),
        "description": column.get("description") or text,
        "priority": column.get("priority", 0),
    }


def _custom_cell(column: Object) -> Cell:
    kind, path = column["type"], column["jsonPath"]

    def cell(obj: Object) -> Any:
        value = next(iter(jsonpath.find(path, obj)), None)
        if kind == "string" and value is not None:
            return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        if kind == "date" and isinstance(value, str):
            try:
                return ago(value)
            except ValueError:
                return "<invalid>"
        if kind == "boolean" or isinstance(value, bool):
            return value if kind == "boolean" and isinstance(value, bool) else None
        if kind in ("integer", "number") and isinstance(value, (int, float)):
            return int(value) if kind == "integer" else value
        return None

    return cell


def _cell(cell: Cell, obj: Object) -> Any:
    if callable(cell):
        return cell(obj)
    path, _, otherwise = cell.partition("|")
    found = jsonpath.find(path, obj)
    return found[0] if found and found[0] not in (None, "") else otherwise


def _included(obj: Object, include: str) -> Object | None:
    if include == "None":
        return None
    return obj if include == "Object" else metadata_only(obj)
