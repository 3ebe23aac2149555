"""A list of objects that is kept up to date by watching.

The steps are those of every Kubernetes client: list in pages, watch from the list's version, go on
from the last version seen when a watch ends, list again when that version is too old.
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from jupyter_trainhub.errors import Forbidden, TrainHubError
from jupyter_trainhub.kube.client import KubeClient, Object
from jupyter_trainhub.kube.refusal import Expired, status_error
from jupyter_trainhub.kube.resources import Resource
from jupyter_trainhub.kube.stream import Stream

log = logging.getLogger(__name__)

# Seconds: how long one watch lasts at the least, at the most.
_WATCH = (240, 300)
# Seconds: the first pause after a failure, the longest, and how long a watch has to hold for the
# next failure to count as the first.
_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY = 0.5, 30.0, 60.0

OnChange = Callable[[str, str, Object | None], None]
Project = Callable[[Object], Object]


def without_managed_fields(item: Object) -> Object:
    """``item`` without the record of who set which field, often the larger part of an object."""
    item.get("metadata", {}).pop("managedFields", None)
    return item


class Reflector:
    """Keeps the objects of one resource, in a thread of its own, until :meth:`stop`.

    ``on_change(action, name, item)`` is called in that thread, with action ``changed`` or
    ``deleted``; after a gap it tells only what really differs. ``on_synced()`` is called once, when
    ``synced`` is set. ``project`` makes the kept item of
    an object. ``synced`` is set once the first list is complete, or when there is no right to read
    it, which ``failure`` then tells; ``failure`` is None while all is well.
    """

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        namespace: str | None = None,
        project: Project = without_managed_fields,
        on_change: OnChange = lambda action, name, item: None,
        on_synced: Callable[[], None] = lambda: None,
        pause: float = _FIRST_PAUSE,
    ) -> None:
        self._client = client
        self._resource = resource
        self._scope: dict[str, Any] = {
            "label_selector": label_selector,
            "field_selector": field_selector,
            "namespace": namespace,
        }
        self._project = project
        self._on_change = on_change
        self._on_synced = on_synced
        self._first_pause = pause
        self._items: dict[str, Object] = {}
        self._versions: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._version: str | None = None
        self._stream: Stream | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"trainhub-{resource.plural}", daemon=True
        )
        self.synced = threading.Event()
        self.failure: TrainHubError | None = None

    def start(self) -> None:
        """Begin to list and watch."""
        self._thread.start()

    def stop(self) -> None:
        """End at once; no callback follows. Safe to call twice, and from a callback."""
        self._stopped.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            # A request that has no answer yet cannot be ended; its thread ends when it has one.
            self._thread.join(timeout=1)

    def items(self) -> dict[str, Object]:
        """The kept items by their Kubernetes name, ``namespace/name`` when it watches them all."""
        with self._lock:
            return dict(self._items)

    def _run(self) -> None:
        pause = self._first_pause
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                if self._version is None:
                    self._version = self._list()
                self._watch(self._version)
                self.failure = None
                if time.monotonic() - begun > 1:
                    pause = self._first_pause
                    continue
                # A server that ends every watch at once must not be asked without a pause.
            except Expired:
                self._version = None
            except Forbidden as error:
                self.failure = error
                if error.reason != "Unauthorized":
                    log.warning("Cannot watch %s: %s", self._resource.plural, error)
                    self._sync()
                    return
            except TrainHubError as error:
                self.failure = error
                log.info("Watch of %s interrupted: %s", self._resource.plural, error)
            except Exception:
                # A thread that dies here would leave everybody with an old list for ever.
                log.exception("Watch of %s failed; it starts anew", self._resource.plural)
                self._version = None
            if time.monotonic() - begun > _HEALTHY:
                pause = self._first_pause
            self._stopped.wait(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _list(self) -> str:
        """Read the whole list, tell the differences, and return its version."""
        found: set[str] = set()
        following: str | None = None
        while True:
            page = self._client.list_page(self._resource, following=following, **self._scope)
            for item in page["items"] or ():
                found.add(self._key(item))
                self._keep(item)
            following = page["metadata"].get("continue")
            if not following or self._stopped.is_set():
                break
        for key in set(self.items()) - found:
            self._drop(key)
        self.failure = None
        self._sync()
        return str(page["metadata"]["resourceVersion"])

    def _sync(self) -> None:
        if not self.synced.is_set():
            self.synced.set()
            self._on_synced()

    def _watch(self, version: str) -> None:
        """Follow the changes after ``version`` until the server ends the watch."""
        stream = self._client.watch(
            self._resource,
            resource_version=version,
            timeout=random.randint(*_WATCH),
            **self._scope,
        )
        with self._lock:
            self._stream = stream
        try:
            if self._stopped.is_set():
                # It was stopped before there was a stream to close.
                return
            for event in stream.events():
                if self._stopped.is_set():
                    break
                self._apply(event)
        finally:
            with self._lock:
                self._stream = None
            stream.close()

    def _apply(self, event: Object) -> None:
        kind, item = event["type"], event["object"]
        if kind == "ERROR":
            raise status_error(int(item.get("code", 500)), item)
        if kind == "DELETED":
            self._drop(self._key(item))
        elif kind != "BOOKMARK":
            self._keep(item)
        self._version = item["metadata"].get("resourceVersion") or self._version

    def _key(self, item: Object) -> str:
        metadata = item["metadata"]
        if self._scope["namespace"] == "" and "namespace" in metadata:
            return f"{metadata['namespace']}/{metadata['name']}"
        return str(metadata["name"])

    def _keep(self, item: Object) -> None:
        key, version = self._key(item), str(item["metadata"].get("resourceVersion"))
        if self._versions.get(key) == version:
            return
        kept = self._project(item)
        with self._lock:
            self._versions[key] = version
            self._items[key] = kept
        self._tell("changed", key, kept)

    def _drop(self, key: str) -> None:
        with self._lock:
            self._versions.pop(key, None)
            gone = self._items.pop(key, None)
        if gone is not None:
            self._tell("deleted", key, None)

    def _tell(self, action: str, key: str, item: Object | None) -> None:
        if not self._stopped.is_set():
            self._on_change(action, key, item)
