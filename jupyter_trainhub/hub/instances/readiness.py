"""Waiting until an instance can be used."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.live import Cluster
from jupyter_trainhub.hub.waiting import wait_until
from jupyter_trainhub.manifests.labels import Object


def wait_ready(
    cluster: Cluster, name: str, timeout: float, on_view: Callable[[Object], None]
) -> Object:
    """The view of the instance ``name`` once its pod is ready, within ``timeout`` seconds.

    Raises NotFound, WaitTimeout, and Conflict when it fails or is stopped.
    """

    def settled(view: Object) -> bool:
        return view["ready"] or view["phase"] in ("Failed", "Stopped")

    view = wait_until(cluster, "instance", name, settled, timeout=timeout, on_view=on_view)
    if not view["ready"]:
        raise Conflict(
            f"instance {name!r} does not run: {view['message'] or view['phase']}",
            reason="InstanceNotRunning",
            remedy=view["remedy"] or "Start it.",
            details={"phase": view["phase"]},
        )
    return view
