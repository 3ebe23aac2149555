"""The controllers: each brings the cluster towards what some kind of object asks for."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod

from ..apimachinery.resources import Resource
from ..apimachinery.status import ApiError
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object, key_of

log = logging.getLogger(__name__)

# A sync that a conflict or a refusal stopped is tried again after this time (seconds), doubling.
_FIRST_RETRY = 0.1
_LAST_RETRY = 60.0

# How long (seconds) a controller works before clients and the others get their turn.
_SLICE = 0.005


class Controller(ABC):
    """A queue of keys, each handed to ``sync`` until it returns without an error."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.store = registry.store
        self._queue: dict[Key, None] = {}
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._scheduled = False
        self.store.subscribe(self.changed)

    @abstractmethod
    def changed(self, change: Change) -> None:
        """Called at every change of any object; queues what it concerns."""

    @abstractmethod
    def resync(self) -> None:
        """Queue everything; called once at start."""

    @abstractmethod
    def sync(self, key: Key) -> None:
        """Bring one object towards what it asks for."""

    def in_order(self, keys: list[Key]) -> list[Key]:
        """In which order queued keys are handled; as they came, unless a controller minds."""
        return keys

    def enqueue(self, key: Key, after: float = 0.0) -> None:
        """Have ``sync(key)`` called soon, or after so many seconds."""
        loop = asyncio.get_running_loop()
        if after > 0:
            timer = self._timers.get(key)
            if timer is None or timer.cancelled() or timer.when() > loop.time() + after:
                if timer:
                    timer.cancel()
                self._timers[key] = loop.call_later(after, self._fire, key)
            return
        self._queue[key] = None
        if not self._scheduled:
            self._scheduled = True
            # Not within the write that caused it: a listener must not write.
            loop.call_soon(self._drain)

    def remove_finalizer(self, resource: Resource, obj: Object, name: str) -> None:
        """Take a finalizer off an object, as it is now; with its last one it may go."""
        current = self.store.find(resource, *key_of(obj))
        if current is None or current["metadata"]["uid"] != obj["metadata"]["uid"]:
            return
        metadata = dict(current["metadata"])
        left = [finalizer for finalizer in metadata.pop("finalizers", []) if finalizer != name]
        if left:
            metadata["finalizers"] = left
        if metadata != current["metadata"]:
            self.registry.update(resource, *key_of(obj), {**current, "metadata": metadata})

    def _fire(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.enqueue(key)

    def _drain(self) -> None:
        self._scheduled = False
        end = time.monotonic() + _SLICE
        for key in self.in_order(list(self._queue)):
            if time.monotonic() > end:
                self.enqueue(key)
                return
            del self._queue[key]
            self._sync(key)

    def _sync(self, key: Key) -> None:
        try:
            self.sync(key)
        except Exception as error:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            if not isinstance(error, ApiError):
                log.exception("%s: %s/%s", type(self).__name__, *key)
            delay = min(_FIRST_RETRY * 2 ** min(failures - 1, 10), _LAST_RETRY)
            self.enqueue(key, after=delay)
        else:
            self._failures.pop(key, None)
