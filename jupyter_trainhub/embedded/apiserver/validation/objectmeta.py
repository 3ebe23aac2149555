"""What the API server refuses about any object's metadata.

Source: k8s.io/apimachinery, package api/validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...apimachinery import names
from ...apimachinery.resources import NAMESPACES, ROLES, SERVICES, Resource
from ...apimachinery.status import Cause, invalid, not_allowed, required, too_long
from ..store import Object

_LARGEST = 256 << 10  # bytes of all annotations together


def validate(resource: Resource, metadata: Object) -> Iterator[Cause]:
    """Everything that is wrong with the metadata of an object."""
    check = _name_rule(resource)
    if prefix := metadata.get("generateName"):
        # Something follows, so it may end with what a name may not.
        masked = f"{prefix[:-2]}a" if len(prefix) > 1 and prefix[-1] == "-" else prefix
        yield from _invalid("metadata.generateName", prefix, check(masked))
    if name := metadata.get("name"):
        yield from _invalid("metadata.name", name, check(name))
    else:
        yield required("metadata.name", "name or generateName is required")
    yield from labels(metadata.get("labels"), "metadata.labels")
    annotations = metadata.get("annotations") or {}
    for key in annotations:
        yield from _invalid("metadata.annotations", key, names.label_key(key.lower()))
    if sum(len(f"{key}{value}".encode()) for key, value in annotations.items()) > _LARGEST:
        yield too_long("metadata.annotations", _LARGEST)
    yield from _owners(metadata.get("ownerReferences") or [])
    for finalizer in metadata.get("finalizers") or []:
        yield from _invalid("metadata.finalizers", finalizer, names.label_key(finalizer))


def validate_update(old: Object, new: Object) -> Iterator[Cause]:
    """What may not change in an object's metadata."""
    added = {*(new.get("finalizers") or ())} - {*(old.get("finalizers") or ())}
    if added and "deletionTimestamp" in old:
        shown = ", ".join(f'"{name}"' for name in sorted(added))
        yield not_allowed(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, found new finalizers "
            f"[]string{{{shown}}}",
        )


def labels(given: Object | None, path: str) -> Iterator[Cause]:
    """What is wrong with labels, found at ``path``."""
    for key, value in (given or {}).items():
        yield from _invalid(path, key, names.label_key(key))
        yield from _invalid(path, value, names.label_value(value))


def _name_rule(resource: Resource) -> Callable[[str], list[str]]:
    if resource.group == ROLES.group:
        return names.path_segment
    return {NAMESPACES: names.label, SERVICES: names.dns1035}.get(resource, names.subdomain)


def _invalid(field: str, value: str, faults: list[str]) -> list[Cause]:
    return [invalid(field, value, fault) for fault in faults]


def _owners(references: list[Object]) -> Iterator[Cause]:
    path = "metadata.ownerReferences"
    controllers: list[str] = []
    for reference in references:
        for field in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(field):
                of = "version " if field == "apiVersion" else ""
                yield invalid(f"{path}.{field}", "", f"{of}must not be empty")
        if reference.get("controller"):
            controllers.append(f"{reference.get('kind')}/{reference.get('name')}")
    for other in controllers[1:]:
        detail = (
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{controllers[0]} and {other}"
        )
        yield invalid(path, references, detail)
