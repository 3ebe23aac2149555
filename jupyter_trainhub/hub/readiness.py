"""Waiting until an instance can be used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from jupyter_trainhub.errors import Conflict, WaitTimeout
from jupyter_trainhub.hub.live import Cluster
from jupyter_trainhub.hub.reach import Endpoint
from jupyter_trainhub.hub.waiting import wait_until
from jupyter_trainhub.manifests.labels import Object


class Source(Cluster, Protocol):
    """Where instances are looked at."""

    def get(self, name: str) -> Object: ...

    def endpoint(self, name: str) -> Endpoint: ...


def wait_ready(
    instances: Source, name: str, timeout: float, on_view: Callable[[Object], None]
) -> Object:
    """The view of the instance ``name`` once it answers, within ``timeout`` seconds.

    Raises NotFound, WaitTimeout, and Conflict when it fails or is stopped.
    """
    end = time.monotonic() + timeout

    def settled(view: Object) -> bool:
        return view["ready"] or view["phase"] in ("Failed", "Stopped")

    view = wait_until(instances, "instance", name, settled, timeout=timeout, on_view=on_view)
    while view["ready"] and not instances.endpoint(name).answers("/api/status"):
        # A cluster that does not run readiness probes calls every running pod ready.
        if time.monotonic() >= end:
            raise WaitTimeout(
                f"instance {name!r} runs, but its JupyterLab did not answer within "
                f"{timeout:g} seconds",
                remedy="Check that this machine can reach the cluster's pods, "
                "and look at the instance's log.",
            )
        time.sleep(0.2)
        view = instances.get(name)
    if not view["ready"]:
        raise Conflict(
            f"instance {name!r} does not run: {view['message'] or view['phase']}",
            reason="InstanceNotRunning",
            remedy="Start it." if view["phase"] == "Stopped" else "Look at its events.",
            details={"phase": view["phase"]},
        )
    return view
