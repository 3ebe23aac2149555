"""The page of a TensorBoard: waited for, its address, in the browser."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.descriptions import why

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.tensorboards import TensorBoards, TensorBoardView

# Seconds for one of this machine and for a pod, whose image may have to be pulled.
_STARTING = {"local": 60.0, "cluster": 600.0}
# Seconds between two looks at what one waits for.
_TOLD_EVERY = 2.0


def started(boards: TensorBoards, view: TensorBoardView) -> TensorBoardView:
    """It, once it answers; tells meanwhile what it waits for. Raises Conflict."""
    from jupyter_trainhub.hub.tensorboards.running import require_running

    told, end = "", time.monotonic() + _STARTING.get(view["where"], 0.0)
    while view["phase"] == "Starting" and time.monotonic() < end:
        if why(dict(view)) != told:
            told = why(dict(view))
            print(told, file=sys.stderr)
        view = boards.wait(view["id"], _TOLD_EVERY)
    return require_running(view)


def show(
    boards: TensorBoards,
    view: TensorBoardView,
    hub: Callable[[], Hub],
    *,
    port: int,
    browser: bool,
) -> int:
    """Print the address, open the browser there, and forward to a pod until interrupted.

    ``hub`` is asked for where a pod is not reached from here otherwise; ``port`` is that of this
    machine then, 0 for any.
    """
    known = address(boards, view)
    if known is not None:
        _tell(known, browser=browser)
        return 0
    from jupyter_trainhub.hub.access.forwarding import forward, pod_at
    from jupyter_trainhub.hub.tensorboards.manager import CLUSTER

    client = hub().client
    endpoint = boards.endpoint(view["id"])
    pod = pod_at(client, view["id"].removeprefix(CLUSTER), endpoint.host)

    def begun(port: int) -> None:
        _tell(f"http://127.0.0.1:{port}{endpoint.prefix}/", browser=browser)
        print("It is forwarded until you press Ctrl-C.", file=sys.stderr)

    def failed(error: TrainHubError) -> None:
        print(f"error: {error}", file=sys.stderr)

    try:
        asyncio.run(
            forward(client, pod, endpoint.port, local_port=port, begun=begun, failed=failed)
        )
    except KeyboardInterrupt:
        # Its usual end.
        print(file=sys.stderr)
    return 0


def _tell(where: str, *, browser: bool) -> None:
    print(where, flush=True)
    if browser:
        from jupyter_trainhub.cli.browser import show

        show(where)


def address(boards: TensorBoards, view: TensorBoardView) -> str | None:
    """Where it is reached from here; None where only the cluster's API server reaches it."""
    from jupyter_trainhub.hub.access.reach import bracketed

    endpoint = boards.endpoint(view["id"])
    if endpoint.gateway is not None:
        return None
    return f"http://{bracketed(endpoint.host)}:{endpoint.port}{endpoint.prefix}/"
