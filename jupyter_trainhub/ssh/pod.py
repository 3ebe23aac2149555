"""The pod behind an SSH connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jupyter_trainhub.kube.client import KubeClient
    from jupyter_trainhub.kube.exec import Exec
    from jupyter_trainhub.kube.portforward import Connection


class Pod(Protocol):
    """What an SSH server asks of a pod."""

    async def exec(self, command: Sequence[str], *, tty: bool = False) -> Exec:
        """A process with standard input. Raises CommandNotFound and what the cluster refuses."""

    async def connect(self, port: int) -> Connection:
        """A TCP connection to ``port`` of the pod's localhost."""


@dataclass(frozen=True)
class KubernetesPod:
    """A running pod of a cluster."""

    client: KubeClient
    name: str
    container: str

    async def exec(self, command: Sequence[str], *, tty: bool = False) -> Exec:
        """``pods/exec`` in the main container."""
        from jupyter_trainhub.kube.exec import Exec

        return await Exec.start(
            self.client, self.name, command, container=self.container, stdin=True, tty=tty
        )

    async def connect(self, port: int) -> Connection:
        """``pods/portforward``."""
        from jupyter_trainhub.kube.portforward import open_connection

        return await open_connection(self.client, self.name, port)
