"""The fields of every served kind: what decoding, patches, apply, protobuf and OpenAPI go by.

The built-in ones are those of Kubernetes' Go sources, in ``types.json``, which
``scripts/types_from_go.py`` writes and describes; they are read when first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from . import decoding
from .resources import Object


@dataclass(slots=True, eq=False, repr=False)
class Field:
    """One field of an object type, with what its Go declaration says of it."""

    type: Type
    required: bool = False
    # The field's number in protobuf; 0: it has none.
    number: int = 0
    # "atomic", "set" or "map"; "" is atomic. A map's items are told apart by `list_keys`.
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    # A map or object that server-side apply treats as one value.
    atomic: bool = False
    # Strategic merge patch: by which key to merge a list's items, and whether to merge at all.
    merge_key: str = ""
    merge: bool = False
    retain_keys: bool = False
    # What a missing value means, where the type's declaration says so.
    default: Any = None
    # Go writes the field even when it is empty ("always"), or leaves an empty one out ("omit"); a
    # pointer ("") is written as it was given.
    empty: str = ""


@dataclass(slots=True, eq=False, repr=False)
class Type:
    """What a value may be.

    ``kind`` is one of object, map, list, string, integer, number, boolean, quantity,
    intOrString, time, bytes, any.
    """

    kind: str
    # The OpenAPI name of an object type, as "io.k8s.api.core.v1.PodSpec"; "" for an anonymous one.
    name: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    # What a list or a map holds.
    items: Type | None = None
    preserve_unknown: bool = False
    # Go's name, as "v1.PodSpec" or "int32"; "": a custom resource's, which decoding does not check.
    go: str = ""
    # Server-side apply treats each value of the type as one.
    atomic: bool = False
    # The values of an enumeration.
    enum: tuple[str, ...] = ()
    # The fields that Go writes even when nobody set them.
    always: dict[str, Type] = field(default_factory=dict)
    # The types whose fields are this one's too, by the number under which protobuf nests them.
    inlined: dict[int, Type] = field(default_factory=dict)


_SCALARS = {
    "string": "string", "bool": "boolean", "int": "integer", "int32": "integer",
    "int64": "integer", "float64": "number", "any": "any", "Quantity": "quantity",
    "IntOrString": "intOrString", "Time": "time", "MicroTime": "time", "[]byte": "bytes",
}  # fmt: skip
_GO_NAMES = {"Quantity": "resource.Quantity", "IntOrString": "intstr.IntOrString",
             "Time": "v1.Time", "MicroTime": "v1.MicroTime", "any": "runtime.RawExtension",
             "[]byte": "[]uint8"}  # fmt: skip
_MODULES = {"meta": "io.k8s.apimachinery.pkg.apis",
            "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis"}  # fmt: skip

_registered: dict[tuple[str, str], Type | Callable[[], Type]] = {}


def of_kind(api_version: str, kind: str) -> Type | None:
    """The type of a kind's objects, built in or registered; None where it is unknown."""
    known = _registered.get((api_version, kind))
    if known is None and (name := _declared()["kinds"].get(f"{api_version} {kind}")):
        known = _registered[api_version, kind] = named(name)
    return known() if callable(known) else known


def register(api_version: str, kind: str, type: Type | Callable[[], Type] | None) -> None:
    """Give the type of a custom resource's objects, or what makes it; None takes it away."""
    if type is None:
        _registered.pop((api_version, kind), None)
    else:
        _registered[api_version, kind] = type


@cache
def _declared() -> Object:
    text = resources.files(__package__).joinpath("types.json").read_text()
    declared: Object = json.loads(text)
    return declared


# Types under construction are found here, as types may contain themselves.
_named: dict[str, Type] = {}


def named(name: str) -> Type:
    """A built-in type by its name in ``types.json``: ``core.v1.PodSpec``."""
    if name in _named:
        return _named[name]
    package, version, own = name.split(".")
    declared = _declared()["types"][name]
    if isinstance(declared, str):
        text, *enum = declared.split(" ")
        under = _parsed(text, package)
        made = _named[name] = Type(under.kind, items=under.items, enum=tuple(enum))
    else:
        module = _MODULES.get(package, "io.k8s.api")
        made = _named[name] = Type("object", f"{module}.{package}.{version}.{own}")
        made.atomic = "@" in declared
    made.go = f"{version}.{own}"
    if not isinstance(declared, str):
        _fill(made, declared, package)
    return made


def _fill(made: Type, declared: dict[str, str], package: str) -> None:
    for name, text in declared.items():
        if name[0] == "+":
            inlined = _parsed(text, package)
            made.inlined[int(name)] = inlined
            made.fields |= inlined.fields
        elif name != "@":
            made.fields[name] = _field(text, package)
    made.always = {n: f.type for n, f in made.fields.items() if f.empty == "always"}


def _field(text: str, package: str) -> Field:
    number, type_name, *flags = text.split(" ")
    words = dict(flag.partition("=")[::2] for flag in flags)
    type_ = _parsed(type_name, package)
    list_type, _, keys = words.get("list", "").partition(":")
    # Go's omitempty leaves out no struct, nor does it look behind a pointer.
    struct = type_.kind in ("object", "time")
    empty = "always" if "always" in words or (struct and "omitzero" not in words) else "omit"
    return Field(
        type_,
        required="required" in words,
        number=int(number),
        list_type=list_type,
        list_keys=tuple(filter(None, keys.split(","))),
        atomic="atomic" in words or (type_.atomic and "granular" not in words),
        merge_key=words.get("merge", ""),
        merge="merge" in words,
        retain_keys="retainKeys" in words,
        default=json.loads(words["default"]) if "default" in words else None,
        empty="" if type_name[0] == "*" or type_.kind in ("any", "intOrString") else empty,
    )


@cache
def _parsed(go: str, package: str) -> Type:
    go = go.removeprefix("*")
    if go in _SCALARS:
        return Type(_SCALARS[go], go=_GO_NAMES.get(go, go))
    for prefix, kind in (("[]", "list"), ("map[string]", "map")):
        if go.startswith(prefix):
            items = _parsed(go.removeprefix(prefix), package)
            return Type(kind, items=items, go=prefix + items.go)
    return named(go if "." in go else f"{package}.v1.{go}")


def from_openapi(schema: Object) -> Type:
    """The type of a custom resource's objects, from its structural schema."""
    made = _structural(schema)
    if made.kind == "any":
        made = Type("object", preserve_unknown=True)
    return _as_resource(made)


def _as_resource(made: Type) -> Type:
    metadata = Field(named("meta.v1.ObjectMeta"))
    made.fields = {**made.fields, **named("meta.v1.TypeMeta").fields, "metadata": metadata}
    return made


def _structural(schema: Object) -> Type:
    preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if schema.get("x-kubernetes-int-or-string"):
        return Type("intOrString")
    kind = schema.get("type", "any")
    if kind == "array":
        return Type("list", items=_structural(schema.get("items") or {}))
    if kind != "object":
        return Type(kind, preserve_unknown=preserve)
    values = schema.get("additionalProperties")
    if values:
        return Type("map", items=_structural(values if isinstance(values, dict) else {}))
    required = schema.get("required") or ()
    fields = {
        name: _structural_field(body, name in required)
        for name, body in (schema.get("properties") or {}).items()
    }
    made = Type("object", fields=fields, preserve_unknown=preserve)
    made.atomic = schema.get("x-kubernetes-map-type") == "atomic"
    return _as_resource(made) if schema.get("x-kubernetes-embedded-resource") else made


def _structural_field(schema: Object, required: bool) -> Field:
    return Field(
        _structural(schema),
        required=required,
        list_type=schema.get("x-kubernetes-list-type", ""),
        list_keys=tuple(schema.get("x-kubernetes-list-map-keys") or ()),
        atomic=schema.get("x-kubernetes-map-type") == "atomic",
        default=schema.get("default"),
    )


def decode(type: Type, obj: Object, strictness: str) -> tuple[Object, list[str]]:
    """Read what a client sent as Kubernetes' decoder does.

    Unknown fields are dropped, values are brought to their canonical form, and of empty ones those
    are left that Go would write. ``strictness`` is Strict, Warn or Ignore.

    Returns:
        The object, and the strict errors (none for Ignore), as ``unknown field "spec.foo"``.

    Raises:
        decoding.Mismatch: a value is of a wrong type; its text is the real server's.
    """
    errors: list[str] = []
    return decoding.value(type, obj, "", errors), [] if strictness == "Ignore" else errors
