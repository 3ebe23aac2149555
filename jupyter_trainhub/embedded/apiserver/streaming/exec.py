"""``pods/exec``: one more command in a running container."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator

from ...apimachinery.status import bad_request
from ...runtime.shim.attach import ERROR
from ..store import Object
from .remotecommand import RemoteCommandHandler


class ExecHandler(RemoteCommandHandler):
    """Runs a command, which ends at the latest when its client goes away."""

    def admit(self, pod: Object) -> None:
        super().admit(pod)
        self._command = self.get_query_arguments("command", strip=False)
        if not self._command:
            raise bad_request("you must specify at least one command for the container")
        self._error = ""

    def tty(self) -> bool:
        return self.asked("tty")

    async def connect(self) -> socket.socket | None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        null, number = asyncio.subprocess.DEVNULL, theirs.fileno()
        argv = self.running.exec_argv(
            self._command, attach=number, stdin=self.asked("stdin"), tty=self.tty()
        )
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *argv, stdin=null, stdout=null, stderr=null, pass_fds=[number]
            )
        return ours

    async def output(self, connection: socket.socket | None) -> AsyncIterator[bytes]:
        async for packet in super().output(connection):
            if packet[0] == ERROR:
                self._error = packet[1:].decode(errors="replace")
            yield packet

    async def result(self) -> Object:
        code = await self._process.wait()
        if self._error:
            number = hashlib.sha256(str(self.running.directory).encode()).hexdigest()
            return self.failure(
                "error executing command in container: failed to exec in container: failed to "
                f'start exec "{number}": {self._error}'
            )
        if code == 0:
            return await super().result()
        error = f"command terminated with exit code {code}"
        if not self.is_v5():
            error = f"error executing command [{' '.join(self._command)}], exit code {code}"
        return {
            "metadata": {},
            "status": "Failure",
            "message": f"command terminated with non-zero exit code: {error}",
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
        }
