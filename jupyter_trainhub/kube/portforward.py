"""TCP connections to what listens in a pod, by ``pods/portforward``.

Kubernetes has two protocols for it. ``v4.channel.k8s.io`` carries one connection: channel 0 has its
data, 1 its error, and the first message of each is the port. ``SPDY/3.1+portforward.k8s.io``
carries many and can tell that one side has sent all; but containerd gives that end to no program
and drops the connection one second later (its sandbox_portforward_linux.go). So the simple one
loses nothing.
"""

from __future__ import annotations

from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from jupyter_trainhub.errors import ClusterRefused, Conflict, TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.kube.websocket import connect

_DATA, _ERROR = 0, 1
_BLOCK = 1 << 16


class Connection:
    """One TCP connection to a port of a pod. One task may read while another writes."""

    def __init__(self, connection: WebSocketClientConnection, port: int) -> None:
        self._connection = connection
        self._port = port
        self._begun: set[int] = set()
        self._ended = False

    async def read(self) -> bytes:
        """The next bytes, or b"" when the other side has ended the connection.

        The other side is held up while nobody reads. Raises Conflict (reason ``PortRefused``) when
        nothing listens on the port: nobody tells before the first read.
        """
        while not self._ended:
            message = await self._connection.read_message()
            if message is None:
                break
            data = message.encode() if isinstance(message, str) else message
            if len(data) < 2:
                continue
            channel = data[0]
            if channel not in self._begun:
                self._begun.add(channel)
            elif channel == _DATA:
                return data[1:]
            elif channel == _ERROR:
                self._connection.close()
                raise _failure(data[1:].decode(errors="replace"), self._port)
        self._ended = True
        return b""

    async def write(self, data: bytes) -> None:
        """Send bytes; returns when they are on their way. After the end they are dropped."""
        try:
            for start in range(0, len(data), _BLOCK):
                block = bytes((_DATA,)) + data[start : start + _BLOCK]
                await self._connection.write_message(block, binary=True)
        except WebSocketClosedError:
            # Whoever reads learns that it has ended.
            return

    async def write_eof(self) -> None:
        """Say that all is sent, which the protocol cannot pass on.

        The program in the pod hears of it with :meth:`close`; until then it may still answer.
        """

    async def close(self) -> None:
        """End the connection. What was written before still arrives."""
        self._connection.close()


async def open_connection(client: KubeClient, pod: str, port: int) -> Connection:
    """A connection to ``port`` of the pod's localhost.

    Raises NotFound, Forbidden, ClusterUnavailable, and Conflict when the pod does not run.
    """
    path = PODS.path(client.namespace, pod, "portforward")
    try:
        connection = await connect(client, path, [("ports", str(port))], ["v4.channel.k8s.io"])
    except TrainHubError as error:
        raise _not_running(error) or error from None
    return Connection(connection, port)


def _not_running(error: TrainHubError) -> TrainHubError | None:
    text = error.message
    if "pod not found" not in text and "does not have a host assigned" not in text:
        return None
    return Conflict(
        "the pod does not run",
        reason="PodNotRunning",
        remedy="Wait until it runs, or start the instance.",
        details={"raw": text},
    )


def _failure(text: str, port: int) -> TrainHubError:
    if "connection refused" in text:
        return Conflict(
            f"nothing listens on port {port} in the pod",
            reason="PortRefused",
            field="port",
            remedy="Start the program that should listen there, or name another port.",
            details={"raw": text},
        )
    return ClusterRefused(
        f"the connection to port {port} in the pod failed",
        reason="PortForwardFailed",
        remedy="Try again; the details say what the cluster told.",
        details={"raw": text},
    )
