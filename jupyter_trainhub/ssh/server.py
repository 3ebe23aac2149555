"""An SSH server for one connection to one pod."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import asyncssh

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.ssh.channel import Channel
from jupyter_trainhub.ssh.pod import Pod
from jupyter_trainhub.ssh.session import Session

_log = logging.getLogger(__name__)

# Seconds between signs of life, for proxies on the way drop silent connections; and how many may go
# unanswered: a suspended ssh and a sleeping machine are waited for.
_KEEPALIVE = 30
_KEEPALIVES = 120
# Seconds to log in.
_LOGIN = 60
# Seconds between two notes that the client is active.
_NOTE = 20
_LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})


class _Forwarding(Channel, asyncssh.SSHTCPSession[bytes]):
    """A connection of the client's ``-L`` or ``-D`` to a port of the pod."""

    def __init__(self, connection: Any, on_input: Callable[[], None]) -> None:
        super().__init__(on_input)
        self._connection = connection

    async def run(self) -> None:
        """Moves bytes until the pod's side has ended."""
        passing = asyncio.ensure_future(
            self.pass_input(self._connection.write, self._connection.write_eof)
        )
        try:
            with contextlib.suppress(OSError, TrainHubError):
                while data := await self._connection.read():
                    await self.send(data)
        finally:
            passing.cancel()
            await self._connection.close()
        self._channel.close()


class _Server(asyncssh.SSHServer):
    """Sessions and connections to localhost; what is not overridden here asyncssh refuses."""

    def __init__(self, pod: Pod, on_input: Callable[[], None]) -> None:
        self._pod = pod
        self._on_input = on_input

    def session_requested(self) -> Session:
        """A shell, a command or SFTP."""
        return Session(self._pod, self._on_input)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Any:
        """A connection to the pod's localhost, which is all that Kubernetes forwards to."""
        if dest_host.lower() not in _LOCALHOST:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED,
                f"only localhost of the pod can be reached, not {dest_host}",
            )
        return self._connect(dest_port)

    async def _connect(self, port: int) -> _Forwarding:
        try:
            return _Forwarding(await self._pod.connect(port), self._on_input)
        except TrainHubError as error:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, str(error)) from None


async def serve(
    connection: socket.socket,
    pod: Pod,
    *,
    host_key: str,
    authorized_keys: str,
    on_input: Callable[[], None] = lambda: None,
) -> None:
    """Serve one SSH connection until it ends; ``connection`` is closed.

    ``host_key`` is a private key and ``authorized_keys`` the public keys, one on a line, that may
    log in, both as OpenSSH writes them. ``on_input`` is called on the event loop when the client
    has sent something, at most every 20 seconds.
    """
    noted = -float(_NOTE)

    def note() -> None:
        nonlocal noted
        if time.monotonic() - noted >= _NOTE:
            noted = time.monotonic()
            on_input()

    try:
        served = await asyncssh.run_server(
            connection,
            server_factory=lambda: _Server(pod, note),
            server_host_keys=[asyncssh.import_private_key(host_key)],
            authorized_client_keys=asyncssh.import_authorized_keys(authorized_keys),
            password_auth=False,
            kbdint_auth=False,
            agent_forwarding=False,
            x11_forwarding=False,
            # OpenSSH's clients tell nobody else that their output has no reader any more.
            server_version="OpenSSH_TrainHub",
            line_editor=False,
            encoding=None,
            keepalive_interval=_KEEPALIVE,
            keepalive_count_max=_KEEPALIVES,
            login_timeout=_LOGIN,
        )
    except ValueError as error:
        _log.warning("nobody can log in by SSH, the keys are of no use: %s", error)
        connection.close()
        return
    except (OSError, asyncssh.Error) as error:
        _log.info("an SSH client did not log in: %s", error)
        return
    try:
        await served.wait_closed()
    finally:
        served.abort()
