"""OpenAPI v3: what the server says of its kinds' fields and of what its paths take.

kubectl reads it to explain kinds, to merge on its own side and to see what it may leave to the
server. Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api, a real cluster's
documents. There are no descriptions, but in custom resources' own schemas.
"""

from __future__ import annotations

import json
import secrets

from ..apimachinery import patch, schema
from ..apimachinery.resources import SERVED, Resource
from ..apimachinery.schema import Field, Type
from .apply import CONTENT_TYPE as APPLY
from .customresources import CustomResource
from .discovery import GIT_VERSION
from .store import Object

_ROOT = "/openapi/v3"
_REF = "#/components/schemas/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
# Types that every document tells by reference.
_SHARED: dict[str, tuple[str, Object]] = {
    "quantity": (
        "io.k8s.apimachinery.pkg.api.resource.Quantity",
        {"oneOf": [{"type": "string"}, {"type": "number"}]},
    ),
    "intOrString": (
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    ),
    "v1.Time": (f"{_META}Time", {"type": "string", "format": "date-time"}),
    "v1.MicroTime": (f"{_META}MicroTime", {"type": "string", "format": "date-time"}),
}
_GVK = "x-kubernetes-group-version-kind"
_FORMATS = {"int32": "int32", "int64": "int64", "int": "int32", "float64": "double",
            "[]uint8": "byte"}  # fmt: skip
_ITEM_VERBS = ("get", "update", "patch", "delete")
_OPTIONS = ("dryRun", "fieldManager", "fieldValidation")


class OpenApi:
    """The documents of all served group versions, made when first asked for."""

    def __init__(self) -> None:
        # By the group version's root: what it serves, the document's tag, and the document.
        self._known: dict[str, tuple[list[Resource], str]] = {}
        self._documents: dict[str, bytes] = {}

    def index(self) -> Object:
        """``/openapi/v3``: the address of each document, which changes when the document does."""
        roots = list(dict.fromkeys(r.root for r in SERVED))
        paths = {r[1:]: {"serverRelativeURL": f"{_ROOT}{r}?hash={self._tag(r)}"} for r in roots}
        return {"paths": paths}

    def document(self, root: str) -> bytes | None:
        """The document of the group version under ``root``, as JSON; None: it is not served."""
        self._tag(root)
        served = self._known[root][0]
        if served and root not in self._documents:
            document = _document(served)
            self._documents[root] = json.dumps(document, separators=(",", ":")).encode()
        return self._documents.get(root)

    def _tag(self, root: str) -> str:
        served = [r for r in SERVED if r.root == root]
        known, tag = self._known.get(root, ([], ""))
        # A custom kind that changes is another resource, if an equal one.
        if not tag or list(map(id, known)) != list(map(id, served)):
            tag = secrets.token_hex(16).upper()
            self._known[root] = (served, tag)
            self._documents.pop(root, None)
        return tag


def _document(served: list[Resource]) -> Object:
    schemas: Object = {f"{_META}Patch": {"type": "object"}}
    for resource in served:
        _collect(resource, schemas)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": GIT_VERSION},
        "paths": {path: body for r in served for path, body in _paths(r).items()},
        "components": {"schemas": schemas},
    }


def _collect(resource: Resource, schemas: Object) -> None:
    found = schema.of_kind(resource.api_version, resource.kind)
    if found and found.name:
        _add(found, schemas)
    elif isinstance(resource, CustomResource):
        schemas[_name(resource)] = _custom(resource, schemas)
    else:
        return
    kinds = schemas[_name(resource)].setdefault(_GVK, [])
    kinds.append(_gvk(resource))


def _gvk(resource: Resource) -> Object:
    return {"group": resource.group, "kind": resource.kind, "version": resource.version}


def _name(resource: Resource) -> str:
    """The name of a kind's schema: a custom one's is its group's, turned round."""
    found = schema.of_kind(resource.api_version, resource.kind)
    if found and found.name:
        return found.name
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _custom(resource: CustomResource, schemas: Object) -> Object:
    metadata = schema.named("meta.v1.ObjectMeta")
    _add(metadata, schemas)
    common = {name: {"type": "string"} for name in ("apiVersion", "kind")}
    properties = {**common, **(resource.schema.get("properties") or {})}
    return {
        **resource.schema,
        "properties": {**properties, "metadata": {"$ref": _REF + metadata.name}},
    }


def _add(type: Type, schemas: Object) -> None:
    """Put an object type, and all that it is made of, among the schemas."""
    if type.name in schemas:
        return
    body: Object = {"type": "object"}
    schemas[type.name] = body
    if type.fields:
        body["properties"] = {n: _property(f, schemas) for n, f in type.fields.items()}
    if required := sorted(name for name, field in type.fields.items() if field.required):
        body["required"] = required
    if type.atomic:
        body["x-kubernetes-map-type"] = "atomic"


def _property(field: Field, schemas: Object) -> Object:
    body = _type(field.type, schemas)
    strategy = ["merge"] * field.merge + ["retainKeys"] * field.retain_keys
    said = {
        "default": field.default,
        "x-kubernetes-list-type": field.list_type or None,
        "x-kubernetes-list-map-keys": list(field.list_keys) or None,
        "x-kubernetes-map-type": "atomic" if field.atomic and not field.type.atomic else None,
        "x-kubernetes-patch-merge-key": field.merge_key or None,
        "x-kubernetes-patch-strategy": ",".join(strategy) or None,
    }
    more = {name: value for name, value in said.items() if value is not None}
    # Beside a reference nothing else counts.
    return {"allOf": [body], **more} if more and "$ref" in body else {**body, **more}


def _type(type: Type, schemas: Object) -> Object:
    if type.kind == "object":
        _add(type, schemas)
        return {"$ref": _REF + type.name}
    if shared := _SHARED.get(type.go if type.kind == "time" else type.kind):
        name, schemas[shared[0]] = shared
        return {"$ref": _REF + name}
    if type.kind == "list" and type.items:
        return {"type": "array", "items": _type(type.items, schemas)}
    if type.kind == "map" and type.items:
        return {"type": "object", "additionalProperties": _type(type.items, schemas)}
    body: Object = {"type": {"bytes": "string", "any": "object"}.get(type.kind, type.kind)}
    if type.go in _FORMATS:
        body["format"] = _FORMATS[type.go]
    return {**body, "enum": list(type.enum)} if type.enum else body


def _paths(resource: Resource) -> Object:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{resource.root}{scope}/{resource.plural}"
    paths = {
        collection: {"list": "get", "create": "post", "deletecollection": "delete"},
        f"{collection}/{{name}}": {v: v.replace("update", "put") for v in _ITEM_VERBS},
    }
    return {path: _operations(resource, path, methods) for path, methods in paths.items()}


def _operations(resource: Resource, path: str, methods: dict[str, str]) -> Object:
    operations: Object = {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("name", "namespace")
            if f"{{{name}}}" in path
        ]
    }
    found = schema.of_kind(resource.api_version, resource.kind)
    for method in (methods[verb] for verb in resource.verbs if verb in methods):
        body = operations[method] = {_GVK: _gvk(resource)}
        if method in ("post", "put", "patch"):
            body["parameters"] = [
                {"name": option, "in": "query", "schema": {"type": "string"}} for option in _OPTIONS
            ]
            name, taken = _name(resource), ["*/*"]
            if method == "patch":
                name, taken = f"{_META}Patch", [*patch.accepted(found), APPLY]
            content = {media: {"schema": {"$ref": _REF + name}} for media in taken}
            body["requestBody"] = {"content": content}
    return operations
