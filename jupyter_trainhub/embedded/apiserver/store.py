"""Where objects are kept: SQLite for what must last, memory for reading and watching.

Every write is one transaction and takes the next value of one counter, the ``resourceVersion``.
Objects that the store hands out are shared: whoever wants to change one copies it first.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..apimachinery.resources import EVENTS, Resource
from ..apimachinery.status import already_exists, conflict, expired, not_found

Object = dict[str, Any]
Held = Object | bytes  # an object, or its JSON
Key = tuple[str, str]  # namespace ("" where there is none), name

# Changes kept for watches that start from an older version: so many, of so many bytes of JSON.
HISTORY, HISTORY_BYTES = 10_000, 16 << 20

# Objects larger than this (bytes), such as CustomResourceDefinitions, are held as JSON, which takes
# a tenth of the memory, and parsed when somebody reads them.
LARGE = 16 << 10


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


class Record(NamedTuple):
    """A change as the history holds it."""

    version: int
    type: str
    resource: Resource
    key: Key
    object: Held
    previous: Held | None
    size: int  # of the object, in bytes of JSON

    def change(self) -> Change:
        """The change, with its objects parsed."""
        previous = None if self.previous is None else _parsed(self.previous)
        return Change(self.version, self.type, self.resource, _parsed(self.object), previous)


def encode(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _parsed(held: Held) -> Object:
    if isinstance(held, dict):
        return held
    parsed: Object = json.loads(held)
    return parsed


def key_of(obj: Object) -> Key:
    """Namespace and name."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


class Store:
    """All objects of the cluster. Used from one thread.

    Each is kept once, by the kind's storage version, and read and written in any version.
    """

    def __init__(self, path: Path) -> None:
        self._objects: defaultdict[str, dict[Key, Held]] = defaultdict(dict)
        self._history: deque[Record] = deque()
        self._history_bytes = 0
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
        # WAL, and FULL at each write: it is on the disk before the answer is sent.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS objects (resource TEXT, namespace TEXT, name TEXT,"
            " version INTEGER, body BLOB, PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS counter (version INTEGER)")
        if self._db.execute("SELECT count(*) FROM counter").fetchone()[0] == 0:
            self._db.execute("INSERT INTO counter VALUES (1)")
        self.version = int(self._db.execute("SELECT version FROM counter").fetchone()[0])
        rows = self._db.execute("SELECT resource, namespace, name, body FROM objects")
        for table, namespace, name, body in rows:
            held = body if len(body) > LARGE else json.loads(body)
            self._objects[table][namespace, name] = held

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
        held = self._objects[resource.stored.qualified].get((namespace, name))
        return None if held is None else resource.shown(_parsed(held))

    def list(
        self, resource: Resource, namespace: str | None = None, version: int | None = None
    ) -> list[Object]:
        """All objects of a kind (of one namespace), ordered by namespace and name.

        ``version``: as they were then.

        Raises:
            ApiError: 410 Expired, the history does not reach back so far.
        """
        objects = self._objects[resource.stored.qualified]
        if version is not None:
            objects = self._as_of(version, resource.stored.qualified, objects)
        keys = sorted(k for k in objects if namespace is None or k[0] == namespace)
        return [resource.shown(_parsed(objects[key])) for key in keys]

    def _as_of(self, version: int, table: str, objects: dict[Key, Held]) -> dict[Key, Held]:
        undone = dict(objects)
        for record in reversed(self._records(version)):
            if record.resource.qualified == table:
                if record.previous is None:
                    del undone[record.key]
                else:
                    undone[record.key] = record.previous
        return undone

    def create(self, resource: Resource, obj: Object) -> Object:
        """Keep a new object; its resourceVersion is set.

        Raises:
            ApiError: 409 AlreadyExists.
        """
        key = key_of(obj)
        if key in self._objects[resource.stored.qualified]:
            raise already_exists(resource, key[1])
        return self._write("ADDED", resource, key, obj)

    def update(self, resource: Resource, obj: Object) -> Object:
        """Replace an object. With a resourceVersion in it, only if that is still the newest.

        Raises:
            ApiError: 404, or 409 Conflict.
        """
        current = self.current(resource, obj)
        if _same(current, obj):
            return current
        return self._write("MODIFIED", resource, key_of(obj), obj)

    def current(self, resource: Resource, obj: Object) -> Object:
        """The kept object, if ``obj`` says no resourceVersion but its own.

        Raises:
            ApiError: 404, or 409 Conflict.
        """
        found = self.get(resource, *key_of(obj))
        asked = obj["metadata"].get("resourceVersion")
        if asked and asked != found["metadata"]["resourceVersion"]:
            raise conflict(resource, found["metadata"]["name"])
        return found

    def delete(self, resource: Resource, namespace: str, name: str) -> Object:
        """Forget an object; its last state is returned.

        Raises:
            ApiError: 404.
        """
        current = self.get(resource, namespace, name)
        return self._write("DELETED", resource, (namespace, name), current)

    def _write(self, kind: str, resource: Resource, key: Key, given: Object) -> Object:
        version = self.version + 1
        obj = resource.kept(given)
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(version)}}
        table, body = resource.stored.qualified, encode(obj)
        # Nobody depends on an event: should the machine itself fail, the last ones may be lost.
        durability = "NORMAL" if resource.stored is EVENTS else "FULL"
        try:
            self._db.execute(f"PRAGMA synchronous={durability}")
            self._db.execute("BEGIN IMMEDIATE")
            if kind == "DELETED":
                self._db.execute(
                    "DELETE FROM objects WHERE resource=? AND namespace=? AND name=?", (table, *key)
                )
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO objects VALUES (?,?,?,?,?)",
                    (table, *key, version, body),
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
        held: Held = body if len(body) > LARGE else obj
        previous = self._objects[table].pop(key, None)
        if kind != "DELETED":
            self._objects[table][key] = held
        record = Record(version, kind, resource.stored, key, held, previous, len(body))
        self._remember(record)
        change = record.change()
        for listener in list(self._listeners):
            listener(change)
        return resource.shown(change.object)

    def _remember(self, record: Record) -> None:
        self._history.append(record)
        self._history_bytes += record.size
        while len(self._history) > HISTORY or self._history_bytes > HISTORY_BYTES:
            forgotten = self._history.popleft()
            self._oldest = forgotten.version
            self._history_bytes -= forgotten.size

    def since(self, version: int) -> Sequence[Change]:
        """Every change after a version.

        Raises:
            ApiError: 410 Expired, the history does not reach back so far.
        """
        return [record.change() for record in self._records(version)]

    def _records(self, version: int) -> Sequence[Record]:
        if version < self._oldest:
            raise expired(version, self._oldest)
        first = bisect_right(self._history, version, key=lambda record: record.version)
        return tuple(islice(self._history, first, None))

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have ``listener`` called at every change, in order; call the result to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


def _same(current: Object, new: Object) -> bool:
    def without(obj: Object) -> Object:
        metadata = {k: v for k, v in obj["metadata"].items() if k != "resourceVersion"}
        return {**obj, "metadata": metadata}

    return without(current) == without(new)
