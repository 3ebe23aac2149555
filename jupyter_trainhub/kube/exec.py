"""Programs in a running container, by ``pods/exec``.

A websocket message is a channel's number and its bytes: 0 to 2 are the standard streams, 3 carries
the ``Status`` at the end, 4 the terminal's size. ``v5.channel.k8s.io`` adds 255, which closes the
channel that its byte names:
https://kubernetes.io/docs/reference/using-api/websocket-protocols/
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from jupyter_trainhub.errors import (
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    TrainHubError,
    WaitTimeout,
)
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.refusal import status_error
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.kube.websocket import connect

_V5, _V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255
_OUTPUT: dict[int, Literal["stdout", "stderr"]] = {_STDOUT: "stdout", _STDERR: "stderr"}
_BLOCK = 1 << 16


class CommandNotFound(Conflict):
    """The container's image has no such program."""

    default_reason = "CommandNotFound"


@dataclass(frozen=True)
class Completed:
    """What came of a program that has ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class Exec:
    """One program that runs in a container. One task may read it while another writes to it."""

    def __init__(self, connection: WebSocketClientConnection, program: str) -> None:
        self._connection = connection
        self._program = program
        self._can_end_input = connection.selected_subprotocol == _V5
        self._status: dict[str, Any] | None = None
        self._ended = False

    @classmethod
    async def start(
        cls,
        client: KubeClient,
        pod: str,
        command: Sequence[str],
        *,
        container: str = "main",
        stdin: bool = False,
        tty: bool = False,
    ) -> Exec:
        """Start ``command``; a program that cannot be started is told by :meth:`wait`.

        With ``tty`` there is no stderr. Raises NotFound, Forbidden, ClusterUnavailable, and
        Conflict when the container does not run.
        """
        flags = {"stdin": stdin, "stdout": True, "stderr": not tty, "tty": tty}
        query = [("container", container), *(("command", word) for word in command)]
        query += [(name, "true") for name, value in flags.items() if value]
        path = PODS.path(client.namespace, pod, "exec")
        try:
            connection = await connect(client, path, query, [_V5, _V4])
        except TrainHubError as error:
            raise _start_error(error.message, command[0]) or error from None
        return cls(connection, command[0])

    async def read(self) -> tuple[Literal["stdout", "stderr"], bytes] | None:
        """The next piece of output, or None when there will be no more.

        The program is held up while nobody reads.
        """
        while not self._ended:
            message = await self._connection.read_message()
            if message is None:
                self._ended = True
                return None
            data = message.encode() if isinstance(message, str) else message
            channel = data[0] if data else None
            if channel in _OUTPUT and len(data) > 1:
                return _OUTPUT[channel], data[1:]
            if channel == _STATUS and len(data) > 1:
                self._ended = True
                self._connection.close()
                # Without a status that can be read the connection counts as broken.
                with contextlib.suppress(ValueError):
                    self._status = json.loads(data[1:])
        return None

    async def write(self, data: bytes) -> None:
        """Write to its standard input. What comes after its end is dropped."""
        for start in range(0, len(data), _BLOCK):
            await self._send(_STDIN, data[start : start + _BLOCK])

    async def write_eof(self) -> None:
        """End its standard input. Raises ClusterRefused on a cluster that cannot do that."""
        if not self._can_end_input:
            raise ClusterRefused(
                "this cluster cannot end the input of a program",
                remedy="It takes Kubernetes 1.30 or later.",
            )
        await self._send(_CLOSE, bytes((_STDIN,)))

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal, in characters."""
        await self._send(_RESIZE, json.dumps({"Width": columns, "Height": rows}).encode())

    async def wait(self) -> int:
        """Its exit code, once it has ended; output that was not read is dropped.

        Raises CommandNotFound, Conflict when the container does not run, and ClusterUnavailable
        when the connection broke.
        """
        while await self.read() is not None:
            pass
        if self._status is None:
            raise ClusterUnavailable(
                f"the connection to {self._program} in the container broke",
                reason="ConnectionLost",
                remedy="Start it again.",
            )
        return _exit_code(self._status, self._program)

    async def close(self) -> None:
        """Give up the connection. A program that reads its input or has a terminal hears of it."""
        self._connection.close()

    async def _send(self, channel: int, data: bytes) -> None:
        try:
            await self._connection.write_message(bytes((channel,)) + data, binary=True)
        except WebSocketClosedError:
            # Whoever reads learns how it ended.
            return


async def run(
    client: KubeClient,
    pod: str,
    command: Sequence[str],
    *,
    container: str = "main",
    stdin: bytes = b"",
    timeout: float = 30.0,
    limit: int = 1 << 20,
) -> Completed:
    """Run ``command`` to its end, which must come within ``timeout`` seconds.

    Of each stream at most ``limit`` bytes are kept. Raises what :meth:`Exec.start` and
    :meth:`Exec.wait` raise, and WaitTimeout.
    """

    async def whole() -> Completed:
        process = await Exec.start(client, pod, command, container=container, stdin=bool(stdin))
        try:
            return await _complete(process, stdin, limit)
        finally:
            await process.close()

    try:
        return await asyncio.wait_for(whole(), timeout)
    except asyncio.TimeoutError:
        raise WaitTimeout(
            f"{command[0]} did not end within {timeout:g} seconds in the container",
            remedy="Try again, or look at what the container does.",
        ) from None


async def _complete(process: Exec, stdin: bytes, limit: int) -> Completed:
    async def feed() -> None:
        await process.write(stdin)
        await process.write_eof()

    kept = {"stdout": bytearray(), "stderr": bytearray()}
    feeding = asyncio.ensure_future(feed()) if stdin else None
    try:
        while (piece := await process.read()) is not None:
            stream, data = piece
            kept[stream] += data[: limit - len(kept[stream])]
        return Completed(await process.wait(), bytes(kept["stdout"]), bytes(kept["stderr"]))
    finally:
        if feeding is not None:
            feeding.cancel()


def _exit_code(status: dict[str, Any], program: str) -> int:
    if status.get("status") == "Success":
        return 0
    for cause in (status.get("details") or {}).get("causes") or []:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    message = str(status.get("message") or "")
    raise _start_error(message, program) or status_error(int(status.get("code") or 500), status)


def _start_error(message: str, program: str) -> TrainHubError | None:
    """What runc, crun and kubelet mean when they refuse to start a program."""
    text = message.lower()
    if "container not found" in text or "does not have a host assigned" in text:
        return Conflict(
            "the container does not run",
            reason="ContainerNotRunning",
            remedy="Wait until it runs, or start it again.",
            details={"raw": message},
        )
    if "no such file or directory" in text or ("executable file" in text and "not found" in text):
        return CommandNotFound(
            f"the image has no program {program!r}",
            remedy="Add it to the image, or name another program.",
            details={"raw": message},
        )
    if "permission denied" in text:
        return Conflict(
            f"the user of the container may not execute {program!r}",
            reason="CommandNotExecutable",
            remedy="Make it executable, or name another program.",
            details={"raw": message},
        )
    return None
