"""A shell in a container, by exec: nothing is needed in the image but ``/bin/sh``."""

from __future__ import annotations

import asyncio
import contextlib
import re

from jupyter_trainhub.errors import Conflict, InvalidField, TrainHubError, WaitTimeout
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, Exec, run

# The first shell that there is becomes the process itself, so that its id, which is told before
# anything else, stays right. It is no login shell: /etc/profile sets PATH anew on Debian, and so
# hides what the image has put there.
_SCRIPT = r"""
if [ -n "$1" ]; then cd -- "$1"; fi
export TERM=xterm-256color
for shell in "$SHELL" bash zsh ash sh; do
  case "$shell" in ''|*nologin|*false) continue;; esac
  found=$(command -v -- "$shell") || continue
  export SHELL="$found"
  printf '\033]7777;%s\007' "$$"
  exec "$found"
done
"""
_ANNOUNCEMENT = re.compile(rb"\x1b\]7777;(\d+)\x07")
# JSON can hold halves of characters, which nothing else can.
_PATH = re.compile(r"/[^\0\ud800-\udfff]*")
_START_SECONDS = 20.0
_HANG_UP_SECONDS = 5.0
COLUMNS, ROWS = 80, 24


class Shell:
    """A shell with a terminal. One task may read it while others write to it."""

    def __init__(self, client: KubeClient, pod: str, container: str, process: Exec) -> None:
        self._client = client
        self._pod = pod
        self._container = container
        self._process = process
        self._first = b""
        self._id = ""

    @classmethod
    async def open(
        cls, client: KubeClient, pod: str, cwd: str | None = None, *, container: str = "main"
    ) -> Shell:
        """Start one in ``cwd``, default the container's working folder; returns once it runs.

        It is ``$SHELL`` of the container, else bash, zsh, ash or sh. Raises InvalidField, NotFound,
        ClusterUnavailable, and Conflict when the container does not run or has no ``/bin/sh``.
        """
        if cwd is not None and not _PATH.fullmatch(cwd):
            raise InvalidField(
                f"{cwd!r} is not an absolute path",
                field="cwd",
                remedy="Give a folder of the container, such as /home, or leave it out.",
            )
        command = ["/bin/sh", "-c", _SCRIPT, "sh", cwd or ""]
        process = await Exec.start(client, pod, command, container=container, stdin=True, tty=True)
        shell = cls(client, pod, container, process)
        try:
            await shell.resize(COLUMNS, ROWS)
            await asyncio.wait_for(shell._started(), _START_SECONDS)
        except asyncio.TimeoutError:
            await shell.close()
            raise WaitTimeout(
                f"no shell came up within {_START_SECONDS:g} seconds in the container",
                remedy="The container may be busy. Try again.",
            ) from None
        except BaseException:
            await shell.close()
            raise
        return shell

    async def read(self) -> bytes:
        """The next piece of output, or b"" when it has ended."""
        first, self._first = self._first, b""
        if first:
            return first
        piece = await self._process.read()
        return piece[1] if piece is not None else b""

    async def write(self, data: bytes) -> None:
        """Type."""
        await self._process.write(data)

    async def resize(self, columns: int, rows: int) -> None:
        """Set the terminal's size, in characters."""
        await self._process.resize(columns, rows)

    async def wait(self) -> int:
        """The exit code. Raises ClusterUnavailable when the connection broke."""
        return await self._process.wait()

    async def close(self) -> None:
        """Give up the connection, which leaves the shell running on some clusters."""
        await self._process.close()

    async def hang_up(self) -> None:
        """End the shell and what runs in it, as a terminal does whose window is closed.

        A container runtime leaves a process alone whose connection is gone.
        """
        command = ["/bin/sh", "-c", 'kill -HUP "$1"; kill -CONT "$1"', "sh", self._id]
        with contextlib.suppress(TrainHubError):
            await run(
                self._client,
                self._pod,
                command,
                container=self._container,
                timeout=_HANG_UP_SECONDS,
            )
        await self.close()

    async def _started(self) -> None:
        while (found := _ANNOUNCEMENT.search(self._first)) is None:
            piece = await self._process.read()
            if piece is None:
                await self._explain()
            else:
                self._first += piece[1]
        self._id = found[1].decode()
        self._first = self._first[: found.start()] + self._first[found.end() :]

    async def _explain(self) -> None:
        try:
            code = await self._process.wait()
        except CommandNotFound as error:
            raise Conflict(
                "the image has no /bin/sh, so there can be no terminal in it",
                reason="NoShell",
                field="image",
                remedy="Add a shell to the image (Debian: 'apt-get install bash', "
                "Alpine: 'apk add bash'), or use an image that has one.",
                details=error.details,
            ) from None
        raise Conflict(
            f"the shell ended at once, with exit code {code}",
            reason="NoShell",
            field="image",
            remedy="Try another shell: set the variable SHELL in its environment.",
            details={"raw": self._first[-500:].decode(errors="replace")},
        )
