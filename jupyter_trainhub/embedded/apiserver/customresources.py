"""Custom resources: the kinds that CustomResourceDefinitions add to those served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from ..apimachinery import conditions, jsonpath
from ..apimachinery import schema as types
from ..apimachinery.resources import CUSTOMRESOURCEDEFINITIONS, Resource, serve, version_priority
from ..apimachinery.status import ApiError, Cause, invalid, invalid_object
from . import cel, structural
from .store import Change, Object, Store

# Keeps a definition until its objects are gone.
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"

_AGE = {
    "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp",
    "description": "CreationTimestamp is a timestamp representing the server time when this object "
    "was created.",
}  # fmt: skip
# What spares the rules, which may rely on a well-formed object.
_BLOCKING = {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong",
             "FieldValueTooMany", "FieldValueTypeInvalid"}  # fmt: skip
_BLOCKED = (
    "some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation"
)


@dataclass(frozen=True, eq=False)
class CustomResource(Resource):
    """One version of a custom kind."""

    columns: tuple[Object, ...] = ()
    # JSON paths: specReplicasPath, statusReplicasPath, labelSelectorPath
    scale: Object = field(default_factory=dict)
    # Its definition is to go: nothing new is made.
    terminating: bool = False
    # Fetches the structural schema, which may be large, when it is first needed.
    load: Callable[[], Object] = dict

    @cached_property
    def schema(self) -> Object:
        """The structural schema."""
        return self.load()

    @cached_property
    def type(self) -> types.Type:
        """The schema as a type for decoding and server-side apply."""
        return types.from_openapi(self.schema)

    @cached_property
    def has_rules(self) -> bool:
        """Whether the schema has rules in CEL."""
        return any(cel.rules(self.schema))

    def shown(self, kept: Object) -> Object:
        """A kept object, by this version's fields and defaults."""
        obj, _ = types.decode(self.type, {**kept, "apiVersion": self.api_version}, "Ignore")
        structural.apply_defaults(self.schema, obj)
        return obj

    def admit(self) -> None:
        """Refuse new objects where the definition is going.

        Raises:
            ApiError: 405.
        """
        if self.terminating:
            text = "create not allowed while custom resource definition is terminating"
            raise ApiError(405, "MethodNotAllowed", text, {})

    def apply_defaults(self, obj: Object) -> None:
        """Fill in what the schema says, in place."""
        structural.apply_defaults(self.schema, obj)

    def validate(self, obj: Object, old: Any = structural.ABSENT) -> list[Cause]:
        """What the schema and its rules refuse; ``old`` is the object before a change."""
        causes = [*structural.validate(self.schema, obj, old=old), *self._scale(obj)]
        if self.has_rules:
            if any(cause.reason in _BLOCKING for cause in causes):
                causes.append(invalid(structural.ROOT, None, _BLOCKED))
            else:
                causes += cel.validate(self.schema, obj, old=old)
        return causes

    def _scale(self, obj: Object) -> Iterator[Cause]:
        for name in ("specReplicasPath", "statusReplicasPath"):
            path = self.scale.get(name, "")
            for number in jsonpath.find(path, obj) if path else ():
                if isinstance(number, int) and number < 0:
                    yield invalid(path, number, "should be a non-negative integer")


def versions(definition: Object, load: Callable[[str], Object]) -> list[CustomResource]:
    """All versions of the definition's kind, the newest first. ``load`` gets a version's schema."""
    spec, status = definition["spec"], definition["status"]
    names, kept = status["acceptedNames"], None
    made: list[CustomResource] = []
    for version in sorted(spec["versions"], key=lambda v: not v.get("storage")):
        name, below = version["name"], version.get("subresources") or {}
        made.append(
            CustomResource(
                spec["group"], name, names["plural"], names["kind"],
                spec["scope"] == "Namespaced", tuple(names.get("shortNames") or ()),
                tuple(names.get("categories") or ()), has_status="status" in below,
                has_scale="scale" in below, has_generation=True, storage=kept,
                singular_name=names["singular"], warning=_warning(spec, version),
                selectable=tuple(
                    f["jsonPath"].removeprefix(".") for f in version.get("selectableFields") or ()
                ),
                columns=tuple(version.get("additionalPrinterColumns") or (_AGE,)),
                scale=below.get("scale") or {}, load=partial(load, name),
                terminating="deletionTimestamp" in definition["metadata"],
            )
        )  # fmt: skip
        kept = made[0]
    return sorted(made, key=lambda r: version_priority(r.version))


def _warning(spec: Object, version: Object) -> str:
    if not version.get("deprecated"):
        return ""
    if "deprecationWarning" in version:
        return str(version["deprecationWarning"])
    group, kind = spec["group"], spec["names"]["kind"]
    text = f"{group}/{version['name']} {kind} is deprecated"
    newer = [
        v["name"] for v in spec["versions"]
        if v["served"] and not v.get("deprecated")
        and version_priority(v["name"]) < version_priority(version["name"])
    ]  # fmt: skip
    return f"{text}; use {group}/{min(newer, key=version_priority)} {kind}" if newer else text


def require_version(resource: Resource, name: str, obj: Object) -> None:
    """Refuse an update of a custom resource, or of a definition, that says not of which state.

    Raises:
        ApiError: 422.
    """
    strict = resource is CUSTOMRESOURCEDEFINITIONS or isinstance(resource, CustomResource)
    if strict and not (obj.get("metadata") or {}).get("resourceVersion"):
        text = "must be specified for an update"
        cause = invalid("metadata.resourceVersion", 0, text)
        raise invalid_object(resource, name, [cause])


class Definitions:
    """Serves the kinds of all established definitions, from now on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._served: dict[str, tuple[Any, ...]] = {}
        for definition in store.list(CUSTOMRESOURCEDEFINITIONS):
            self._serve(definition)
        store.subscribe(self._changed)

    def _changed(self, change: Change) -> None:
        if change.resource is CUSTOMRESOURCEDEFINITIONS:
            self._serve(change.object, gone=change.type == "DELETED")

    def _serve(self, definition: Object, gone: bool = False) -> None:
        metadata, spec = definition["metadata"], definition["spec"]
        serving = conditions.is_true(definition, "Established") and not gone
        state = (metadata["uid"], metadata["generation"], serving, "deletionTimestamp" in metadata)
        name = metadata["name"]
        if self._served.get(name) == state:
            return
        self._served[name] = state

        def load(version: str) -> Object:
            found = self._store.get(CUSTOMRESOURCEDEFINITIONS, "", name)
            path = f'.spec.versions[?(@.name=="{version}")].schema.openAPIV3Schema'
            schema: Object = jsonpath.find(path, found)[0]
            return schema

        for version in spec["versions"]:
            types.register(f"{spec['group']}/{version['name']}", spec["names"]["kind"], None)
        made = versions(definition, load) if serving else []
        offered = {v["name"] for v in spec["versions"] if v["served"]}
        served = [r for r in made if r.version in offered]
        kept = [r for r in made if r.storage is None]
        serve(spec["group"], spec["names"]["plural"], served, kept)
        for resource in made:
            types.register(resource.api_version, resource.kind, partial(getattr, resource, "type"))
