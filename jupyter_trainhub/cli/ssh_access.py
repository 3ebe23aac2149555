"""How the command reaches SSH: by a cluster of its own, or by a Jupyter server."""

from __future__ import annotations

import asyncio
import getpass
import socket
import sys
import sysconfig
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jupyter_trainhub.cli import commands
from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.ssh import jupyter_server, known_hosts
from jupyter_trainhub.ssh.host_key import host_key, public_key
from jupyter_trainhub.ssh.identity import Home
from jupyter_trainhub.ssh.jupyter_server import JupyterServer
from jupyter_trainhub.ssh.pod import KubernetesPod


@dataclass(frozen=True)
class HostKey:
    """The public host key of a place, and the name under which it is kept."""

    alias: str
    public: str


class Access(Protocol):
    """A way to instances and jobs."""

    def places(self) -> list[Place]:
        """All that can be entered."""

    def host_key(self, place: Place) -> HostKey:
        """The host key of a place, which now knows the user's own key too."""

    def proxy(self, place: Place, *, sshd: bool = False) -> list[str]:
        """The command that ssh is to run to reach it, as a ProxyCommand."""

    async def serve(self, place: Place, connection: socket.socket, *, sshd: bool = False) -> None:
        """Serve one SSH connection."""


class ClusterAccess:
    """By the cluster that options and configuration name, as ``trainhub get`` does it."""

    def __init__(self, options: Namespace) -> None:
        self._hub: Hub = commands.connect(options)

    def places(self) -> list[Place]:
        """Those of the namespace."""
        return self._hub.entrances.places()

    def host_key(self, place: Place) -> HostKey:
        """From its Secret."""
        host = self._hub.entrances.host(place)
        private = host_key(self._hub.client, host.secret)
        return HostKey(known_hosts.alias(host.uid), public_key(private))

    def proxy(self, place: Place, *, sshd: bool = False) -> list[str]:
        """``trainhub ssh-proxy``, which stays with this cluster and namespace."""
        choice, where = self._hub.choice, []
        if choice.kubeconfig:
            where += ["--kubeconfig", str(Path(choice.kubeconfig).absolute())]
        if self._hub.client.context and not choice.embedded:
            where += ["--context", self._hub.client.context]
        where += ["--namespace", self._hub.namespace]
        return _proxy(where, place, sshd)

    async def serve(self, place: Place, connection: socket.socket, *, sshd: bool = False) -> None:
        """By exec and port-forward."""
        from jupyter_trainhub.ssh.server import serve
        from jupyter_trainhub.ssh.sshd import relay

        hub = self._hub
        host = await asyncio.to_thread(hub.entrances.host, place)
        into = await asyncio.to_thread(hub.entrances.container, place)
        pod = KubernetesPod(hub.client, into.pod, into.name)
        loop = asyncio.get_running_loop()

        def note() -> None:
            if place.kind == "instance":
                loop.run_in_executor(None, hub.idle.activity.note, place.name, "ssh")

        if sshd:
            await relay(connection, pod, on_input=note)
            return
        await serve(
            connection,
            pod,
            host_key=await asyncio.to_thread(host_key, hub.client, host.secret),
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

    def places(self) -> list[Place]:
        """Those that the Jupyter server shows."""

        async def ask() -> tuple[Any, Any]:
            return await self._server.get("instances"), await self._server.get("jobs")

        instances, jobs = (answer["items"] for answer in asyncio.run(ask()))
        return [Place("instance", str(view["name"])) for view in instances] + [
            Place("job", str(view["name"]), int(pod["rank"]))
            for view in jobs
            if view["ssh"]
            for pod in view["pods"]
            if pod["phase"] == "Running"
        ]

    def host_key(self, place: Place) -> HostKey:
        """From the Jupyter server, which is told the user's key."""
        public = Home.own().public_key()

        async def ask() -> str:
            shown = await self._shown(place)
            await self._server.post("ssh/keys", {"public_key": public})
            return str(shown["known_hosts"])

        return HostKey(*known_hosts.parse_line(asyncio.run(ask())))

    async def _shown(self, place: Place) -> Any:
        if place.kind == "instance":
            return await self._server.get(f"instances/{place.name}/ssh")
        items = (await self._server.get(f"jobs/{place.name}/ssh"))["items"]
        for item in items:
            if item["rank"] == place.rank:
                return item
        raise Conflict(
            f"{place.title} does not run",
            reason="PodNotRunning",
            field="rank",
            remedy="Wait until it runs, or name another rank.",
        )

    def proxy(self, place: Place, *, sshd: bool = False) -> list[str]:
        """``trainhub ssh-proxy --server``; the token is in a file."""
        file = ["--token-file", str(self._file)] if self._file else []
        return _proxy(["--server", self._url, *file], place, sshd)

    async def serve(self, place: Place, connection: socket.socket, *, sshd: bool = False) -> None:
        """Through a websocket."""
        await self._server.tunnel(place, connection, sshd=sshd)


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


def _proxy(where: list[str], place: Place, sshd: bool) -> list[str]:
    return [*_program(), "ssh-proxy", *where, *(["--sshd"] if sshd else []), str(place)]


def _program() -> list[str]:
    """This command by its path, for ssh may run it where PATH does not lead to it."""
    for script in (Path(sys.argv[0]), Path(sysconfig.get_path("scripts")) / "trainhub"):
        if script.name in ("trainhub", "jupyter-trainhub") and script.is_file():
            return [str(script.absolute())]
    return [sys.executable, "-m", "jupyter_trainhub.cli"]
