"""How the command reaches an instance's SSH: by a cluster of its own, or by a Jupyter server."""

from __future__ import annotations

import asyncio
import getpass
import socket
import sys
import sysconfig
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from jupyter_trainhub.cli import commands
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.ssh import jupyter_server, known_hosts
from jupyter_trainhub.ssh.host_key import host_key, public_key
from jupyter_trainhub.ssh.identity import Home
from jupyter_trainhub.ssh.jupyter_server import JupyterServer
from jupyter_trainhub.ssh.pod import KubernetesPod


@dataclass(frozen=True)
class HostKey:
    """The public host key of an instance, and the name under which it is kept."""

    alias: str
    public: str


class Access(Protocol):
    """A way to instances."""

    def names(self) -> list[str]:
        """All instances there are."""

    def host_key(self, name: str) -> HostKey:
        """The host key of an instance, which now knows the user's own key too."""

    def proxy(self, name: str, *, sshd: bool = False) -> list[str]:
        """The command that ssh is to run to reach it, as a ProxyCommand."""

    async def serve(self, name: str, connection: socket.socket, *, sshd: bool = False) -> None:
        """Serve one SSH connection."""


class ClusterAccess:
    """By the cluster that options and configuration name, as ``trainhub get`` does it."""

    def __init__(self, options: Namespace) -> None:
        self._hub: Hub = commands.connect(options)

    def names(self) -> list[str]:
        """All instances of the namespace."""
        return [str(view["name"]) for view in self._hub.instances.list()]

    def host_key(self, name: str) -> HostKey:
        """From the instance's Secret."""
        view = self._hub.instances.get(name)
        private = host_key(self._hub.client, name)
        return HostKey(known_hosts.alias(view["uid"]), public_key(private))

    def proxy(self, name: str, *, sshd: bool = False) -> list[str]:
        """``trainhub ssh-proxy``, which stays with this cluster and namespace."""
        choice, where = self._hub.choice, []
        if choice.kubeconfig:
            where += ["--kubeconfig", str(Path(choice.kubeconfig).absolute())]
        if self._hub.client.context and not choice.embedded:
            where += ["--context", self._hub.client.context]
        where += ["--namespace", self._hub.namespace]
        return _proxy(where, name, sshd)

    async def serve(self, name: str, connection: socket.socket, *, sshd: bool = False) -> None:
        """By exec and port-forward."""
        from jupyter_trainhub.ssh.server import serve
        from jupyter_trainhub.ssh.sshd import relay

        hub = self._hub
        pod = KubernetesPod(hub.client, await asyncio.to_thread(hub.instances.pod, name))
        loop = asyncio.get_running_loop()

        def note() -> None:
            loop.run_in_executor(None, hub.idle.activity.note, name, "ssh")

        if sshd:
            await relay(connection, pod, on_input=note)
            return
        await serve(
            connection,
            pod,
            host_key=await asyncio.to_thread(host_key, hub.client, name),
            authorized_keys=Home.own().public_key(),
            on_input=note,
        )


class ServerAccess:
    """By the TrainHub of a Jupyter server elsewhere."""

    def __init__(self, options: Namespace, *, ask: bool) -> None:
        """``ask``: whether a token that is not there may be asked for."""
        self._url = jupyter_server.base_url(options.server)
        self._file = Path(options.token_file).absolute() if options.token_file else None
        if ask and jupyter_server.is_open(self._url):
            print(
                f"Warning: nothing is encrypted on the way to {self._url}, the token neither",
                file=sys.stderr,
            )
        kept = jupyter_server.token_file(self._url)
        if ask and self._file is None and not kept.exists() and sys.stdin.isatty():
            jupyter_server.keep_token(self._url, getpass.getpass(f"Token of {self._url}: "))
        token = jupyter_server.read_token(self._file or kept)
        self._server = JupyterServer(self._url, token)

    def names(self) -> list[str]:
        """All instances that the Jupyter server shows."""
        items = asyncio.run(self._server.get("instances"))["items"]
        return [str(view["name"]) for view in items]

    def host_key(self, name: str) -> HostKey:
        """From the Jupyter server, which is told the user's key."""
        public = Home.own().public_key()

        async def ask() -> str:
            shown = await self._server.get(f"instances/{quote(name, safe='')}/ssh")
            await self._server.post("ssh/keys", {"public_key": public})
            return str(shown["known_hosts"])

        return HostKey(*known_hosts.parse_line(asyncio.run(ask())))

    def proxy(self, name: str, *, sshd: bool = False) -> list[str]:
        """``trainhub ssh-proxy --server``; the token is in a file."""
        file = ["--token-file", str(self._file)] if self._file else []
        return _proxy(["--server", self._url, *file], name, sshd)

    async def serve(self, name: str, connection: socket.socket, *, sshd: bool = False) -> None:
        """Through a websocket."""
        await self._server.tunnel(name, connection, sshd=sshd)


def access(options: Namespace, *, ask: bool = True) -> Access:
    """The way that the options name. Raises InvalidField and ClusterUnavailable."""
    if options.server:
        return ServerAccess(options, ask=ask)
    if options.token_file:
        raise InvalidField(
            "a token is for a Jupyter server",
            field="token_file",
            remedy="Name the server with --server URL.",
        )
    return ClusterAccess(options)


def _proxy(where: list[str], name: str, sshd: bool) -> list[str]:
    return [*_program(), "ssh-proxy", *where, *(["--sshd"] if sshd else []), name]


def _program() -> list[str]:
    """This command by its path, for ssh may run it where PATH does not lead to it."""
    for script in (Path(sys.argv[0]), Path(sysconfig.get_path("scripts")) / "trainhub"):
        if script.name in ("trainhub", "jupyter-trainhub") and script.is_file():
            return [str(script.absolute())]
    return [sys.executable, "-m", "jupyter_trainhub.cli"]
