"""The IDE of an instance: code-server or openvscode-server, where its image has one.

It is started in the container when somebody first opens it, and runs until the container ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from typing import NoReturn

from jupyter_trainhub.errors import ClusterRefused, Conflict
from jupyter_trainhub.hub.access.interfaces import ContainerLooks, Ide, interfaces
from jupyter_trainhub.hub.access.reach import Endpoint, Reach
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import run
from jupyter_trainhub.manifests.instance import IDE_PORT
from jupyter_trainhub.manifests.labels import Object

_SCRIPT = program("ide.sh").decode()
START_SECONDS = 30.0
_LOOK_SECONDS = 0.25
_CHECK_SECONDS = 1.0
_LAST_LINES = 20
_CONNECTION_TOKEN = 20


def prefix(name: str) -> str:
    """The path below which the proxy shows the IDE, below the Jupyter server's base URL."""
    return f"/trainhub/instances/{name}/ide"


class Ides:
    """Starts and finds the IDEs of instances."""

    def __init__(
        self, client: KubeClient, instances: Instances, reach: Reach, looks: ContainerLooks
    ) -> None:
        self._client = client
        self._instances = instances
        self._reach = reach
        self._looks = looks
        self._starting: dict[str, asyncio.Task[None]] = {}

    async def endpoint(self, name: str) -> Endpoint:
        """Where the IDE of the instance ``name`` listens, if it runs.

        Raises NotFound, Conflict when the instance does not run or has no IDE, and
        ClusterUnavailable.
        """
        ide = interfaces(await self._paths(name))["ide"]
        assert ide is not None
        pod = await asyncio.to_thread(self._instances.running, name)
        return await asyncio.to_thread(self._endpoint, name, pod, ide)

    async def start(self, name: str) -> None:
        """Start it where it does not run yet; return once it answers.

        Raises what :meth:`endpoint` raises, and ClusterRefused with the end of its log when it does
        not answer within :data:`START_SECONDS`.
        """
        # Those who ask at the same time wait for the same start.
        task = self._starting.get(name)
        if task is None:
            task = self._starting[name] = asyncio.ensure_future(self._start(name))
            task.add_done_callback(lambda _: self._starting.pop(name, None))
        await asyncio.shield(task)

    async def _start(self, name: str) -> None:
        end = time.monotonic() + START_SECONDS
        endpoint = await self.endpoint(name)
        if await self._answers(endpoint):
            return
        path = (await self._paths(name))["ide"]
        pod = await asyncio.to_thread(self._instances.running, name)
        log = f"/tmp/trainhub-ide-{pod['metadata']['uid']}.log"
        command = ["/bin/sh", "-c", _SCRIPT, "ide.sh", path, str(IDE_PORT), prefix(name), log]
        pod_name = pod["metadata"]["name"]
        started = await run(self._client, pod_name, command, stdin=f"{endpoint.token}\n".encode())
        process = started.stdout.decode().strip()
        check = time.monotonic() + _CHECK_SECONDS
        while not await self._answers(endpoint):
            if time.monotonic() >= end:
                await self._failed(pod_name, log, f"did not answer within {START_SECONDS:g} s")
            if time.monotonic() >= check:
                await self._check(pod_name, log, process)
                check = time.monotonic() + _CHECK_SECONDS
            await asyncio.sleep(_LOOK_SECONDS)

    async def _check(self, pod: str, log: str, process: str) -> None:
        alive = await run(self._client, pod, ["/bin/sh", "-c", 'kill -0 "$1"', "sh", process])
        if alive.exit_code != 0:
            await self._failed(pod, log, "has ended")

    async def _failed(self, pod: str, log: str, how: str) -> NoReturn:
        script = 'while IFS= read -r line; do echo "$line"; done <"$1"'
        shown = await run(self._client, pod, ["/bin/sh", "-c", script, "sh", log])
        lines = shown.stdout.decode(errors="replace").splitlines()[-_LAST_LINES:]
        raise ClusterRefused(
            f"the IDE {how}" + (f": {lines[-1]}" if lines else ""),
            reason="IdeFailed",
            remedy=f"Look at {log} in the instance's Terminal.",
            details={"raw": "\n".join(lines)},
        )

    async def _answers(self, endpoint: Endpoint) -> bool:
        return await asyncio.to_thread(endpoint.answers, "/")

    async def _paths(self, name: str) -> dict[str, str]:
        found = await self._looks.paths(name)
        if "ide" not in found:
            remedies = interfaces(found)["remedies"]
            line = remedies.get("shell", remedies["ide"])
            raise Conflict(
                "the instance's image has no IDE",
                reason="NoIde",
                remedy=f"Add a line to its Dockerfile: {line}",
            )
        return found

    def _endpoint(self, name: str, pod: Object, ide: Ide) -> Endpoint:
        secret = session(self._reach.token(name), ide)
        if ide == "openvscode-server":
            return self._reach.endpoint(pod, IDE_PORT, prefix(name), secret, cookie="vscode-tkn")
        return self._reach.endpoint(pod, IDE_PORT, "", secret, cookie="code-server-session")


def session(token: str, ide: Ide) -> str:
    """What the IDE's cookie holds, for an instance with this token; it does not tell the token.

    For code-server it is HASHED_PASSWORD, 64 hexadecimal digits, with which the cookie is compared
    (its src/node/util.ts, isCookieValid). For openvscode-server it is the connection token, as long
    as the one that its page sends where it knows none.
    """
    digits = hmac.new(token.encode(), ide.encode(), hashlib.sha256).hexdigest()
    return digits[:_CONNECTION_TOKEN] if ide == "openvscode-server" else digits
