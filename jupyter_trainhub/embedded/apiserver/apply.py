"""Server-side apply: what an object becomes when a manager says what it wants of it.

Source: sigs.k8s.io/structured-merge-diff, package merge; k8s.io/apimachinery, util/managedfields.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ..apimachinery import clock, decoding, fieldpath, serializer, typed
from ..apimachinery.fieldpath import Path
from ..apimachinery.resources import Resource
from ..apimachinery.schema import Field
from ..apimachinery.status import ApiError, bad_request
from . import managedfields
from .managedfields import Entry, Key, Managed
from .options import WriteOptions
from .store import Object

CONTENT_TYPE = "application/apply-patch+yaml"

# The manager that may take over what it applied on its own side before, which an annotation tells.
_KUBECTL = "kubectl"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def parse(body: bytes) -> Object:
    """The configuration in a request's body, YAML or JSON.

    Raises:
        ApiError: 400.
    """
    try:
        config = serializer.from_yaml(body)
    except ValueError as error:
        raise bad_request(str(error)) from error
    if not isinstance(config, dict):
        raise bad_request("error decoding YAML: the configuration is no object")
    return config


def apply(
    resource: Resource, live: Object | None, config: Object, options: WriteOptions, subresource: str
) -> Object:
    """What ``live`` (None: there is none yet) becomes, with its managedFields.

    Raises:
        ApiError: 400, 409 (fields that others own) or 500 (fields that the kind does not have),
            as the API server says it.
    """
    root = managedfields.root_of(resource)
    _check(resource, root, config)
    before = decoding.zero(root.type) or {"metadata": {}} if live is None else live
    managed = managedfields.decode(before["metadata"].get("managedFields"))
    entry = Entry(options.manager, "Apply", resource.api_version, subresource)
    if live is not None and not managed:
        first = replace(entry, manager="before-first-apply", operation="Update", time=clock.now())
        changed, _ = typed.compare(root, decoding.zero(root.type) or {}, live)
        managedfields.give(managed, first, _ownable(resource, entry, changed))
    last = managed.get(entry.key, entry)
    owned = _ownable(resource, entry, typed.field_set(root, config))
    managed[entry.key] = replace(last, api_version=entry.api_version, fields=frozenset(owned))
    merged = _prune(root, typed.merge(root, before, config), last.fields, managed)
    changed, removed = typed.compare(root, before, merged)
    changed = _ownable(resource, entry, changed)
    if not options.force:
        allowed = _client_side_applied(root, before) if options.manager == _KUBECTL else set()
        _refuse_conflicts(managed, entry.key, changed, allowed)
    managedfields.take(managed, changed | _ownable(resource, entry, removed), spared=entry.key)
    time = last.time if merged == before else clock.now()
    managedfields.give(managed, replace(managed[entry.key], time=time), owned)
    obj = _decoded(root, merged, config)
    obj["metadata"]["managedFields"] = managedfields.encode(managed)
    if options.manager == _KUBECTL:
        _keep_last_applied(root, obj, config)
    return obj


def _ownable(resource: Resource, entry: Entry, paths: set[Path]) -> set[Path]:
    return managedfields.ownable(resource, entry.subresource, paths)


def _check(resource: Resource, root: Field, config: Object) -> None:
    if (config.get("apiVersion"), config.get("kind")) != (resource.api_version, resource.kind):
        raise bad_request(f"invalid object type: {_kind(config)}")
    faults = list(typed.faults(root, config))
    if not faults and (config.get("metadata") or {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    if faults:
        shown = faults[0] if len(faults) == 1 else "\n  ".join(["errors:", *faults])
        failed = f"failed to create typed patch object ({_described(config)})"
        raise ApiError(500, "", f"{failed}: {shown}")


def _kind(config: Object) -> str:
    group, _, version = str(config.get("apiVersion", "")).rpartition("/")
    return f"{group}/{version}, Kind={config.get('kind', '')}"


def _described(config: Object) -> str:
    metadata = config.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    return f"{named.get('namespace', '')}/{named.get('name', '')}; {_kind(config)}"


def _prune(root: Field, merged: Object, last: frozenset[Path], managed: Managed) -> Object:
    # What the manager applied before and no longer names goes, unless someone owns it.
    owned = typed.with_declared(root, {p for entry in managed.values() for p in entry.fields})
    pruned: Object = typed.remove(root, merged, typed.with_declared(root, last) - owned)
    return pruned


def _refuse_conflicts(managed: Managed, own: Key, changed: set[Path], allowed: set[Path]) -> None:
    causes, shown = [], []
    for key, entry in sorted(managed.items()):
        taken = entry.fields & changed - allowed
        if key == own or not taken:
            continue
        manager = fieldpath.compact(entry.manager)
        if entry.subresource:
            manager += f" with subresource {fieldpath.compact(entry.subresource)}"
        if entry.operation == "Update":
            manager += f" using {entry.api_version}"
        paths = [fieldpath.show(path) for path in fieldpath.decode(fieldpath.encode(taken))]
        causes += [{"reason": "FieldManagerConflict", "message": f"conflict with {manager}",
                    "field": path} for path in paths]  # fmt: skip
        shown += [f"conflicts with {manager}:", *(f"- {path}" for path in paths)]
    if len(causes) == 1:
        message = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        message = f"{len(causes)} conflicts: " + "\n".join(shown)
    if causes:
        raise ApiError(409, "Conflict", f"Apply failed with {message}", {"causes": causes})


def _client_side_applied(root: Field, live: Object) -> set[Path]:
    try:
        last = json.loads(_annotations(live)[_LAST_APPLIED])
        changed, removed = typed.compare(root, last, live)
        return typed.field_set(root, last) - changed - removed
    except (KeyError, ValueError):
        return set()


def _annotations(obj: Object) -> Object:
    annotations: Object = (obj.get("metadata") or {}).get("annotations") or {}
    return annotations


def _decoded(root: Field, merged: Object, config: Object) -> Object:
    try:
        obj: Object = decoding.value(root.type, merged, "", [])
    except decoding.Mismatch as error:
        failed = f"failed to convert new object ({_described(config)}) to proper version"
        raise ApiError(500, "", f"{failed}: {error}") from error
    return {**obj, "metadata": {**obj["metadata"]}}


def _keep_last_applied(root: Field, obj: Object, config: Object) -> None:
    # kubectl's own side goes by the annotation, once it has applied the object.
    if _annotations(obj).get(_LAST_APPLIED):
        said = typed.remove(root, config, [("f:metadata", "f:annotations", f"f:{_LAST_APPLIED}")])
        applied = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        annotations = {**_annotations(obj), _LAST_APPLIED: applied + "\n"}
        obj["metadata"]["annotations"] = annotations
