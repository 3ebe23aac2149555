"""A port of this machine that leads to one in a pod, as ``kubectl port-forward`` has it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from jupyter_trainhub.errors import Conflict, TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.portforward import Connection, open_connection
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.labels import JOB_NAME

_HOST = "127.0.0.1"
_BLOCK = 1 << 16


def pod_at(client: KubeClient, job: str, address: str) -> str:
    """The name of the pod of the Job ``job`` that has an ``address``. Raises Conflict."""
    for pod in client.list(PODS, label_selector=f"{JOB_NAME}={job}"):
        if (pod.get("status") or {}).get("podIP") == address:
            return str(pod["metadata"]["name"])
    raise Conflict(f"the pod of {job!r} has ended", reason="PodNotRunning", remedy="Open it again.")


async def forward(
    client: KubeClient,
    pod: str,
    port: int,
    *,
    local_port: int = 0,
    begun: Callable[[int], None],
    failed: Callable[[TrainHubError], None],
) -> None:
    """Forward connections to ``local_port`` of this machine's loopback until it is cancelled.

    0 takes any free port, which ``begun`` is told. ``failed`` hears why a connection got none in
    the pod; the others go on. Raises Conflict when the port is taken.
    """

    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError):
                await _joined(await open_connection(client, pod, port), reader, writer)
        except TrainHubError as error:
            failed(error)
        finally:
            writer.close()
            tasks.discard(task)

    try:
        server = await asyncio.start_server(connected, _HOST, local_port)
    except OSError as error:
        raise Conflict(
            f"port {local_port} of this machine cannot be used: {error.strerror}",
            reason="PortTaken",
            field="port",
            remedy="Name another one, or leave it out.",
        ) from None
    try:
        begun(server.sockets[0].getsockname()[1])
        # `serve_forever` would wait, when it is cancelled, until browsers let go of connections.
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        for task in tasks:
            task.cancel()


async def _joined(
    there: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Pass on what both sides say, until the pod's has said all."""

    async def ask() -> None:
        while data := await reader.read(_BLOCK):
            await there.write(data)

    asking = asyncio.ensure_future(ask())
    try:
        while data := await there.read():
            writer.write(data)
            await writer.drain()
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await asking
        await there.close()
