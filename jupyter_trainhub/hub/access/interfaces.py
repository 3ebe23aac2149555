"""What a running container offers to those who enter it: JupyterLab, IDE, shell, SSH."""

from __future__ import annotations

import asyncio
import time
from typing import Literal, TypedDict

from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, run
from jupyter_trainhub.manifests.labels import Object

_SCRIPT = program("interfaces.sh").decode()
# Seconds for which something counts as missing: people install things in running containers.
MISSING_SECONDS = 10.0

Ide = Literal["code-server", "openvscode-server"]


class Remedies(TypedDict, total=False):
    """The line of a Dockerfile that adds what is missing."""

    lab: str
    ide: str
    shell: str
    ssh: str


class Interfaces(TypedDict):
    """What there is; paths are those in the container."""

    lab: bool
    ide: Ide | None
    shell: str | None
    python: str | None
    sftp: str | None
    sshd: bool
    remedies: Remedies


def interfaces(found: dict[str, str]) -> Interfaces:
    """The interfaces of a container in which the script has ``found`` these paths."""
    shell, ide = found.get("shell"), found.get("ide")
    return Interfaces(
        lab="lab" in found,
        ide=_ide(ide) if ide else None,
        shell=shell,
        python=found.get("python"),
        sftp=found.get("sftp"),
        sshd="sshd" in found,
        remedies=_remedies(found),
    )


def _ide(path: str) -> Ide:
    return "openvscode-server" if path.endswith("/openvscode-server") else "code-server"


def _remedies(found: dict[str, str]) -> Remedies:
    remedies = Remedies()
    if "shell" not in found:
        # The program looks at the name by which it is called.
        remedies["shell"] = "COPY --from=busybox:musl /bin/busybox /bin/sh"
        remedies["ssh"] = remedies["shell"]
    elif "sftp" not in found and "python" not in found:
        remedies["ssh"] = "RUN apt-get update && apt-get install -y openssh-sftp-server"
    if "lab" not in found:
        remedies["lab"] = "RUN pip install jupyterlab"
    if "ide" not in found:
        remedies["ide"] = "RUN curl -fsSL https://code-server.dev/install.sh | sh"
    return remedies


class ContainerLooks:
    """Looks into containers, once for each as long as nothing is missing."""

    def __init__(self, client: KubeClient, instances: Instances) -> None:
        self._client = client
        self._instances = instances
        self._seen: dict[str, tuple[str, float, dict[str, str]]] = {}

    async def interfaces(self, name: str) -> Interfaces:
        """What the instance ``name`` offers.

        Raises NotFound, Conflict when it does not run, Forbidden and ClusterUnavailable.
        """
        return interfaces(await self.paths(name))

    async def paths(self, name: str) -> dict[str, str]:
        """The paths of what the script looks for, by its names."""
        pod = await asyncio.to_thread(self._instances.running, name)
        container = container_id(pod)
        seen = self._seen.get(name)
        if seen is not None and seen[0] == container and time.monotonic() < seen[1]:
            return seen[2]
        found = await self._look(pod["metadata"]["name"])
        until = float("inf") if {"lab", "ide"} <= found.keys() else MISSING_SECONDS
        self._seen[name] = container, time.monotonic() + until, found
        return found

    async def _look(self, pod: str) -> dict[str, str]:
        try:
            done = await run(self._client, pod, ["/bin/sh", "-c", _SCRIPT, "interfaces.sh"])
        except CommandNotFound:
            return {}
        if done.exit_code not in (0, 1):
            raise ClusterUnavailable(
                f"the container could not be looked into: exit code {done.exit_code}",
                remedy="Try again in a while.",
                details={"raw": done.stderr.decode(errors="replace")[-500:]},
            )
        lines = done.stdout.decode(errors="replace").splitlines()
        return {name: path for name, _, path in (line.partition(" ") for line in lines)}


def container_id(pod: Object) -> str:
    """What tells this container from the one before it in the same pod, and that of another."""
    statuses = pod["status"].get("containerStatuses") or [{}]
    return f"{pod['metadata']['uid']} {statuses[0].get('containerID', '')}"
