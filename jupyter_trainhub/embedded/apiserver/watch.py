"""Watching: a stream of what changes, from any version that the store still remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from ..apimachinery.resources import Resource
from ..apimachinery.selectors import Match
from ..apimachinery.status import ApiError
from . import lists
from .store import Change, Object, Store, encode

# A watch with bookmarks learns the newest version at least this often (seconds).
_BOOKMARK_EVERY = 60.0

# A watch with no timeoutSeconds ends after this time, as a real server's does.
_DEFAULT_TIMEOUT = 1800.0

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
    queue: asyncio.Queue[Change] = asyncio.Queue()

    def heard(change: Change) -> None:
        if change.resource.qualified == resource.stored.qualified:
            queue.put_nowait(change)

    lists.check_options(query)
    handler.set_header("Content-Type", "application/json")
    unsubscribe = store.subscribe(heard)
    try:
        timeout = float(query.get("timeoutSeconds") or _DEFAULT_TIMEOUT)
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

        def events(change: Change) -> Iterator[bytes]:
            return _event(change, resource, namespace, match, shape)

        def bookmark() -> bytes:
            return _bookmark(resource, store.version)

        bookmarks = query.get("allowWatchBookmarks") == "true"
        await _follow(handler, queue, events, bookmark if bookmarks else None, timeout)
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
    asked, initial = lists.wanted_version(resource, query), query.get("sendInitialEvents")
    if initial == "true":
        lists.require_reached(store, asked)
    if initial == "true" or (initial is None and not asked):
        for obj in store.list(resource, namespace):
            if match(obj):
                yield _line("ADDED", encode(shape(obj) if shape else obj))
        if initial == "true" and query.get("allowWatchBookmarks") == "true":
            yield _bookmark(resource, store.version, {"k8s.io/initial-events-end": "true"})
        return
    for change in store.since(asked) if asked else ():
        if change.resource.qualified == resource.stored.qualified:
            yield from _event(change, resource, namespace, match, shape)


async def _follow(
    handler: RequestHandler,
    queue: asyncio.Queue[Change],
    events: Callable[[Change], Iterator[bytes]],
    bookmark: Callable[[], bytes] | None,
    timeout: float,
) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    closed = asyncio.ensure_future(_closed(handler))
    getter = asyncio.ensure_future(queue.get())
    try:
        while (left := end - loop.time()) > 0:
            await asyncio.wait(
                {getter, closed},
                timeout=min(left, _BOOKMARK_EVERY),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if closed.done():
                return
            if getter.done():
                changes = [getter.result()]
                while not queue.empty():
                    changes.append(queue.get_nowait())
                getter = asyncio.ensure_future(queue.get())
                lines = [line for change in changes for line in events(change)]
            else:
                lines = [bookmark()] if bookmark else []
            if lines:
                handler.write(b"".join(lines))
                await handler.flush()
    finally:
        getter.cancel()
        closed.cancel()


async def _closed(handler: RequestHandler) -> None:
    connection: Any = handler.request.connection
    event = asyncio.Event()
    connection.set_close_callback(event.set)
    if not connection.stream.closed():
        await event.wait()


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
