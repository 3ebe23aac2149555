"""Watching: a stream of what changes, from any version that the store still remembers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from ..apimachinery.resources import Resource
from ..apimachinery.selectors import Match
from ..apimachinery.status import ApiError
from . import lists
from .options import flag
from .store import Change, Object, Store, encode

# A watch with bookmarks learns the newest version at least this often (seconds).
_BOOKMARK_EVERY = 60.0

# A watch with no timeoutSeconds ends after this time, as a real server's does.
_DEFAULT_TIMEOUT = 1800.0

# So many changes may wait for a client that reads slowly; then its watch ends, and it resumes from
# the last version that it has seen. A real server ends such watches too.
_BACKLOG = 1000

Shape = Callable[[Object], Object]


async def stream(
    handler: RequestHandler,
    store: Store,
    resource: Resource,
    namespace: str | None,
    match: Match,
    query: dict[str, str],
    shape: Shape | None = None,
) -> None:
    """Write watch events until the time is over or the client is gone.

    ``shape`` turns an object into what is sent (a Table, say).
    """
    backlog: list[Change] = []
    wake = asyncio.Event()

    def heard(change: Change) -> None:
        if change.resource.qualified == resource.stored.qualified and len(backlog) < _BACKLOG:
            backlog.append(change)
            wake.set()

    lists.check_options(query)
    handler.set_header("Content-Type", "application/json")
    connection: Any = handler.request.connection
    connection.set_close_callback(wake.set)
    unsubscribe = store.subscribe(heard)
    try:
        timeout = lists.number(query, "timeoutSeconds") or _DEFAULT_TIMEOUT
        try:
            first = list(_initial(store, resource, namespace, match, query, shape))
        except ApiError as error:
            if error.code != 410:
                raise
            # Said within the stream, and that is its end: the client lists anew.
            handler.write(_line("ERROR", encode(error.status())))
            return
        handler.write(b"".join(first))
        await handler.flush()

        bookmarks = flag(query, "allowWatchBookmarks")
        async for changes in _arriving(backlog, wake, connection, timeout):
            lines = [
                line for change in changes
                for line in _event(change, resource, namespace, match, shape)
            ]  # fmt: skip
            if bookmarks and not changes:
                lines = [_bookmark(resource, store.version)]
            if lines:
                handler.write(b"".join(lines))
                await handler.flush()
    except StreamClosedError:
        return
    finally:
        unsubscribe()


def _initial(
    store: Store,
    resource: Resource,
    namespace: str | None,
    match: Match,
    query: dict[str, str],
    shape: Shape | None,
) -> Iterator[bytes]:
    asked, initial = lists.wanted_version(resource, query), flag(query, "sendInitialEvents")
    if initial:
        lists.require_reached(store, asked)
    if initial or ("sendInitialEvents" not in query and not asked):
        for obj in store.list(resource, namespace):
            if match(obj):
                yield _line("ADDED", encode(shape(obj) if shape else obj))
        if initial and flag(query, "allowWatchBookmarks"):
            yield _bookmark(resource, store.version, {"k8s.io/initial-events-end": "true"})
        return
    for change in store.since(asked) if asked else ():
        if change.resource.qualified == resource.stored.qualified:
            yield from _event(change, resource, namespace, match, shape)


async def _arriving(
    backlog: list[Change], wake: asyncio.Event, connection: Any, timeout: float
) -> AsyncIterator[list[Change]]:
    """What comes into the backlog, as it comes; nothing, when for some time nothing came."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wake.wait(), min(left, _BOOKMARK_EVERY))
        wake.clear()
        if connection.stream.closed() or len(backlog) == _BACKLOG:
            return
        changes, backlog[:] = backlog[:], []
        yield changes


def _event(
    change: Change, resource: Resource, namespace: str | None, match: Match, shape: Shape | None
) -> Iterator[bytes]:
    if namespace is not None and change.object["metadata"].get("namespace", "") != namespace:
        return
    # What a selector no longer selects is, to this watch, deleted; what it newly selects, added.
    obj = resource.shown(change.object)
    previous = None if change.previous is None else resource.shown(change.previous)
    now = change.type != "DELETED" and match(obj)
    before = previous is not None and match(previous)
    if now:
        kind = "MODIFIED" if before else "ADDED"
    elif before and previous:
        kind = "DELETED"
        if change.type != "DELETED":
            # What is told of is the state that was selected last.
            version = obj["metadata"]["resourceVersion"]
            obj = {**previous, "metadata": {**previous["metadata"], "resourceVersion": version}}
    else:
        return
    plain = obj is change.object and not shape
    yield _line(kind, change.encoded if plain else encode(shape(obj) if shape else obj))


def _line(kind: str, body: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + body + b"}\n"


def _bookmark(resource: Resource, version: int, annotations: dict[str, str] | None = None) -> bytes:
    metadata: Object = {"resourceVersion": str(version)}
    if annotations:
        metadata["annotations"] = annotations
    body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
    return _line("BOOKMARK", encode(body))
