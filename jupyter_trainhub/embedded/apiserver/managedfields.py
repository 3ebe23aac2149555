"""``metadata.managedFields``: which manager set which fields of an object, and when.

Source: k8s.io/apimachinery, package util/managedfields.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from ..apimachinery import clock, decoding, fieldpath, schema, typed
from ..apimachinery.fieldpath import Path
from ..apimachinery.resources import Resource
from ..apimachinery.schema import Field
from .store import Object

# Manager, operation, version of the API (of updates) and subresource tell entries apart.
Key = tuple[str, str, str, str]

_NOBODYS = {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {
    ("f:metadata", f"f:{name}")
    for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName",
                 "generation", "managedFields", "resourceVersion")
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What one manager owns. ``operation`` is Apply or Update; ``time`` as Kubernetes writes it."""

    manager: str
    operation: str
    api_version: str
    subresource: str
    fields: frozenset[Path] = frozenset()
    time: str | None = None

    @property
    def key(self) -> Key:
        """What tells the entry from others; an applier is one, whatever version it applied."""
        version = "" if self.operation == "Apply" else self.api_version
        return self.manager, self.operation, version, self.subresource


Managed = dict[Key, Entry]


def root_of(resource: Resource) -> Field:
    """The type of the kind's objects."""
    found = schema.of_kind(resource.api_version, resource.kind)
    return Field(found or typed.UNTYPED)


def ownable(resource: Resource, subresource: str, paths: set[Path]) -> set[Path]:
    """Without what the (sub)resource does not let its clients change."""
    if not resource.has_status:
        return paths
    reset = "f:spec" if subresource == "status" else "f:status"
    return {path for path in paths if path[:1] != (reset,)}


def decode(entries: Any) -> Managed:
    """The entries by their keys.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: they are none.
    """
    managed: Managed = {}
    for body in entries or ():
        if body["operation"] not in ("Apply", "Update") or body["fieldsType"] != "FieldsV1":
            raise ValueError("no such operation or type of fields")
        entry = Entry(
            body.get("manager", ""), body["operation"], body["apiVersion"],
            body.get("subresource", ""), frozenset(fieldpath.decode(body.get("fieldsV1") or {})),
            body.get("time"),
        )  # fmt: skip
        managed[entry.key] = entry
    return managed


def encode(managed: Managed) -> list[Object]:
    """The entries as objects show them: appliers first, then by time and name."""
    ordered = sorted(
        managed.values(),
        key=lambda e: (e.operation, e.time or "", e.manager, e.api_version, e.subresource),
    )
    return [_body(entry) for entry in ordered]


def _body(entry: Entry) -> Object:
    body: Object = {"manager": entry.manager, "operation": entry.operation,
                    "apiVersion": entry.api_version}  # fmt: skip
    if entry.time:
        body["time"] = entry.time
    body |= {"fieldsType": "FieldsV1", "fieldsV1": fieldpath.encode(entry.fields)}
    if entry.subresource:
        body["subresource"] = entry.subresource
    return body


def give(managed: Managed, entry: Entry, paths: AbstractSet[Path]) -> None:
    """Put an entry with ``paths``, less what is nobody's, in place of the one of its key."""
    owned = frozenset(paths - _NOBODYS)
    if owned:
        managed[entry.key] = replace(entry, fields=owned)
    else:
        managed.pop(entry.key, None)


def take(managed: Managed, paths: set[Path], spared: Key | None = None) -> None:
    """Take paths from all managers but ``spared``."""
    for key, entry in list(managed.items()):
        if key != spared and not entry.fields.isdisjoint(paths):
            give(managed, entry, entry.fields - paths)


def updated(
    resource: Resource, live: Object | None, new: Object, manager: str, subresource: str
) -> list[Object]:
    """The entries of an object that ``manager`` created, replaced or patched."""
    before = _chosen(live, new, subresource)
    if live is not None and not before:
        # Of objects that the cluster made itself nobody keeps account.
        return []
    entry, root = Entry(manager, "Update", resource.api_version, subresource), root_of(resource)
    old = decoding.zero(root.type) or {} if live is None else live
    changed, removed = typed.compare(root, old, new)
    managed = decode(before)
    changed = ownable(resource, subresource, changed) - _NOBODYS
    removed = ownable(resource, subresource, removed)
    take(managed, changed | removed)
    if changed:
        kept = managed[entry.key].fields if entry.key in managed else frozenset()
        give(managed, replace(entry, time=clock.now()), changed | kept)
    return encode(managed)


def applied(live: Object | None, new: Object) -> list[Object]:
    """The entries that apply gave ``new``; those of ``live`` where only times would change."""
    entries: list[Object] = new["metadata"].get("managedFields") or []
    if live is None or not entries:
        return entries
    kept: list[Object] = live["metadata"].get("managedFields") or []
    unchanged = {**new, "metadata": {**new["metadata"], "managedFields": kept}} == live
    return kept if unchanged and _timeless(entries) == _timeless(kept) else entries


def _timeless(entries: list[Object]) -> list[Object]:
    return [{**entry, "time": None} for entry in entries]


def _chosen(live: Object | None, new: Object, subresource: str) -> Any:
    # What the request says of the entries counts, unless it says nothing or nothing readable.
    known = live["metadata"].get("managedFields") if live else None
    given = new["metadata"].get("managedFields")
    if subresource:
        return known
    if given in ([], [{}]):
        return []
    try:
        return given if decode(given) else known
    except (ValueError, KeyError, TypeError, AttributeError):
        return known
