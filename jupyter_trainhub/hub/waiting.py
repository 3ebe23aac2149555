"""Waiting for an instance or a job until something is true of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from jupyter_trainhub.errors import ClusterUnavailable, NotFound, WaitTimeout
from jupyter_trainhub.hub.live import Cluster, LiveState
from jupyter_trainhub.manifests.labels import Object

# Seconds for which the cluster may be away before waiting for it is given up; its API server may be
# restarted, or a laptop change its network.
LONGEST_OUTAGE = 60.0


def wait_until(
    hub: Cluster,
    kind: str,
    name: str,
    is_met: Callable[[Object], bool],
    *,
    timeout: float | None = None,
    on_view: Callable[[Object], None] = lambda view: None,
) -> Object:
    """The view of ``kind`` ``name`` once ``is_met(view)``.

    ``timeout`` is in seconds, None means no end; ``on_view`` is told every change, in the caller's
    thread. Raises NotFound when the object is gone, WaitTimeout, and ClusterUnavailable when the
    cluster stays away.
    """
    changed = threading.Condition()
    pending: list[Object | None] = []

    def note(kind: str, name: str, action: str, view: Object | None) -> None:
        with changed:
            pending.append(view)
            changed.notify()

    live = LiveState(hub, note, kind=kind, name=name)
    live.start()
    end = None if timeout is None else time.monotonic() + timeout
    last_heard = time.monotonic()
    latest: Object | None = None
    try:
        while True:
            with changed:
                if not pending:
                    left = 1.0 if end is None else min(1.0, max(0.0, end - time.monotonic()))
                    changed.wait(left)
                views, pending[:] = list(pending), []
            for view in views:
                if view is None:
                    raise _gone(kind, name)
                latest = view
                on_view(view)
                if is_met(view):
                    return view
            now = time.monotonic()
            if live.failure is None:
                last_heard = now
            elif now - last_heard > LONGEST_OUTAGE:
                raise live.failure
            if latest is None and live.failure is None and live.wait_synced(0) and not pending:
                raise _gone(kind, name)
            if end is not None and now >= end:
                raise _late(kind, name, timeout or 0.0, latest, live.failure)
    finally:
        live.stop()


def wait_gone(hub: Cluster, kind: str, name: str, *, timeout: float) -> None:
    """Return once there is no ``kind`` ``name``. Raises WaitTimeout after ``timeout`` seconds."""
    with contextlib.suppress(NotFound):
        wait_until(hub, kind, name, lambda view: False, timeout=timeout)


def _gone(kind: str, name: str) -> NotFound:
    return NotFound(
        f"there is no {kind} {name!r} (any more)",
        field="name",
        remedy="It may have been deleted; look at the list.",
    )


def _late(
    kind: str, name: str, timeout: float, latest: Object | None, failure: Exception | None
) -> WaitTimeout | ClusterUnavailable:
    if latest is None and isinstance(failure, ClusterUnavailable):
        return failure
    phase = latest["phase"] if latest else "not known"
    message = latest and latest["message"]
    return WaitTimeout(
        f"waited {timeout:g} seconds for {kind} {name!r}; its phase is {phase}"
        f"{f': {message}' if message else ''}",
        remedy="Wait longer, or look at its events.",
        details={"phase": phase},
    )
