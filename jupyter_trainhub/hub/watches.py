"""The reflectors behind live state, begun and ended together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.reflector import OnChange, Reflector
from jupyter_trainhub.kube.resources import Resource

# Seconds between two looks at what the cluster serves: operators may be installed.
DISCOVERY_SECONDS = 60.0
# Seconds after which a look that failed is tried again.
_SOON = 1.0


class Watches:
    """Watches on several resources of one cluster.

    Those that explain are started first and are not waited for.
    """

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._explaining: list[Reflector] = []
        self._main: list[Reflector] = []
        self._found: dict[Resource, Reflector] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._discovered = threading.Event()
        self._discovering: threading.Thread | None = None

    def add(
        self, resource: Resource, on_change: OnChange, *, explains: bool = False, **how: Any
    ) -> Reflector:
        """A reflector, which :meth:`start` starts; ``how`` is passed on to it."""
        reflector = Reflector(self._client, resource, on_change=on_change, **how)
        (self._explaining if explains else self._main).append(reflector)
        return reflector

    def add_found(
        self,
        find: Callable[[], Sequence[Resource]],
        on_change: Callable[[Resource], OnChange],
        **how: Any,
    ) -> None:
        """Watch also what ``find()`` finds, which is asked again once a minute, in a thread."""

        def discover() -> None:
            while not self._stopped.is_set():
                try:
                    resources = find()
                except TrainHubError:
                    self._stopped.wait(_SOON)
                    continue
                for resource in resources:
                    self._begin(resource, on_change, how)
                self._discovered.set()
                self._stopped.wait(DISCOVERY_SECONDS)

        self._discovering = threading.Thread(target=discover, name="trainhub-found", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        for reflector in (*self._explaining, *self._main):
            reflector.start()
        if self._discovering is not None:
            self._discovering.start()

    def stop(self) -> None:
        """End all watching; no callback follows."""
        with self._lock:
            self._stopped.set()
            found = list(self._found.values())
        for reflector in (*self._main, *found, *self._explaining):
            reflector.stop()

    def wait_synced(self, timeout: float) -> bool:
        """Wait until everything was read once, at most ``timeout`` seconds; whether it was."""
        deadline = time.monotonic() + timeout

        def wait(event: threading.Event) -> bool:
            return event.wait(max(0.0, deadline - time.monotonic()))

        if self._discovering is not None and not wait(self._discovered):
            return False
        with self._lock:
            found = list(self._found.values())
        return all(wait(reflector.synced) for reflector in (*self._main, *found))

    @property
    def failure(self) -> TrainHubError | None:
        """The error of a watch that does not work now; else None."""
        failures = (reflector.failure for reflector in self._main)
        return next((failure for failure in failures if failure is not None), None)

    def _begin(
        self, resource: Resource, on_change: Callable[[Resource], OnChange], how: dict[str, Any]
    ) -> None:
        with self._lock:
            if resource in self._found or self._stopped.is_set():
                return
            reflector = Reflector(self._client, resource, on_change=on_change(resource), **how)
            self._found[resource] = reflector
            reflector.start()
