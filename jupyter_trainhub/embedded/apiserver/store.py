"""Where objects are kept: SQLite for what must last, memory for reading and watching.

Every write is one transaction and takes the next value of one counter, the ``resourceVersion``.
Objects that the store hands out are shared: whoever wants to change one copies it first.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..apimachinery.resources import Resource
from ..apimachinery.status import already_exists, conflict, expired, not_found

Object = dict[str, Any]
Key = tuple[str, str]  # namespace ("" where there is none), name

# Events kept for watches that start from an older version.
HISTORY = 10_000


class StoreUnusable(Exception):
    """The file cannot be read or written; the message says which and what would do."""


@dataclass(frozen=True)
class Change:
    """One write: what an object became, and what it was."""

    version: int
    type: str  # ADDED, MODIFIED, DELETED
    resource: Resource
    object: Object
    previous: Object | None

    @cached_property
    def encoded(self) -> bytes:
        """The object as JSON, encoded once for all watchers."""
        return encode(self.object)


def encode(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def key_of(obj: Object) -> Key:
    """Namespace and name."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


class Store:
    """All objects of the cluster. Used from one thread."""

    def __init__(self, path: Path, resources: Iterable[Resource]) -> None:
        self._resources = {r.qualified: r for r in resources}
        self._objects: dict[str, dict[Key, Object]] = {name: {} for name in self._resources}
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._listeners: list[Callable[[Change], None]] = []
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._load()
        except sqlite3.Error as error:
            raise StoreUnusable(
                f"cannot use the cluster's store {path}: {error}. It was left as it is; "
                "free disk space or restore the file, or move the folder away to start anew."
            ) from error
        # What happened before this process started is not known to it.
        self._oldest = self.version

    def _load(self) -> None:
        # WAL with FULL: each commit is on the disk before the answer is sent.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS objects (resource TEXT, namespace TEXT, name TEXT,"
            " version INTEGER, body BLOB, PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS counter (version INTEGER)")
        if self._db.execute("SELECT count(*) FROM counter").fetchone()[0] == 0:
            self._db.execute("INSERT INTO counter VALUES (1)")
        self.version = int(self._db.execute("SELECT version FROM counter").fetchone()[0])
        rows = self._db.execute("SELECT resource, body FROM objects ORDER BY version")
        for resource, body in rows:
            if resource in self._objects:
                obj = json.loads(body)
                self._objects[resource][key_of(obj)] = obj

    def close(self) -> None:
        """Fold the log into the file and close it."""
        self._db.close()

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """One object.

        Raises:
            ApiError: 404.
        """
        obj = self.find(resource, namespace, name)
        if obj is None:
            raise not_found(resource, name)
        return obj

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self._objects[resource.qualified].get((namespace, name))

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """All objects of a kind (of one namespace), ordered by namespace and name."""
        objects = self._objects[resource.qualified]
        keys = sorted(k for k in objects if namespace is None or k[0] == namespace)
        return [objects[key] for key in keys]

    def create(self, resource: Resource, obj: Object) -> Object:
        """Keep a new object; its resourceVersion is set.

        Raises:
            ApiError: 409 AlreadyExists.
        """
        key = key_of(obj)
        if key in self._objects[resource.qualified]:
            raise already_exists(resource, key[1])
        return self._write("ADDED", resource, key, obj, None)

    def update(self, resource: Resource, obj: Object) -> Object:
        """Replace an object. With a resourceVersion in it, only if that is still the newest.

        Raises:
            ApiError: 404, or 409 Conflict.
        """
        key = key_of(obj)
        current = self.get(resource, *key)
        asked = obj["metadata"].get("resourceVersion")
        if asked and asked != current["metadata"]["resourceVersion"]:
            raise conflict(resource, key[1])
        if _same(current, obj):
            return current
        return self._write("MODIFIED", resource, key, obj, current)

    def delete(self, resource: Resource, namespace: str, name: str) -> Object:
        """Forget an object; its last state is returned.

        Raises:
            ApiError: 404.
        """
        current = self.get(resource, namespace, name)
        return self._write("DELETED", resource, (namespace, name), current, current)

    def _write(
        self, kind: str, resource: Resource, key: Key, obj: Object, previous: Object | None
    ) -> Object:
        version = self.version + 1
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(version)}}
        table = resource.qualified
        try:
            self._db.execute("BEGIN IMMEDIATE")
            if kind == "DELETED":
                self._db.execute(
                    "DELETE FROM objects WHERE resource=? AND namespace=? AND name=?", (table, *key)
                )
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO objects VALUES (?,?,?,?,?)",
                    (table, *key, version, encode(obj)),
                )
            self._db.execute("UPDATE counter SET version=?", (version,))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreUnusable(
                f"the cluster's store could not be written: {error}. Nothing was changed; "
                "free disk space and try again."
            ) from error
        self.version = version
        if kind == "DELETED":
            del self._objects[table][key]
        else:
            self._objects[table][key] = obj
        change = Change(version, kind, resource, obj, previous)
        if len(self._history) == HISTORY:
            self._oldest = self._history[0].version
        self._history.append(change)
        for listener in list(self._listeners):
            listener(change)
        return obj

    def since(self, version: int) -> Sequence[Change]:
        """Every change after a version.

        Raises:
            ApiError: 410 Expired, the history does not reach back so far.
        """
        if version < self._oldest:
            raise expired(version, self._oldest)
        changes = list(self._history)
        return changes[bisect_right(changes, version, key=lambda c: c.version) :]

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have ``listener`` called at every change, in order; call the result to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


def _same(current: Object, new: Object) -> bool:
    def without(obj: Object) -> Object:
        metadata = {k: v for k, v in obj["metadata"].items() if k != "resourceVersion"}
        return {**obj, "metadata": metadata}

    return without(current) == without(new)
