"""The hub: everything that TrainHub can do on one cluster, for one user."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.config import TrainHubConfig, load_config
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.access.ide import Ides
from jupyter_trainhub.hub.access.interfaces import ContainerLooks
from jupyter_trainhub.hub.access.reach import Reach
from jupyter_trainhub.hub.access.shell import Shell
from jupyter_trainhub.hub.cluster import ClusterChoice, choose_cluster, connect
from jupyter_trainhub.hub.idle.manager import Idle
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.hub.jobs import Jobs
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.policy import Policy, gpu_resources
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.discovery import Discovery
from jupyter_trainhub.kube.exec import Exec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.tensorboards import TensorBoards


class Hub:
    """Instances, jobs, nodes and TensorBoards. Methods may be called by any thread, and block."""

    def __init__(
        self, client: KubeClient, config: TrainHubConfig, choice: ClusterChoice, user: str
    ) -> None:
        self.client = client
        self.config = config
        self.choice = choice
        self.user = user
        self.namespace = client.namespace
        self.discovery = Discovery(client)
        self.nodes = Nodes(client, gpu_resources(config))
        self.storage = Storages(self.nodes, config, user, group_names(config))
        policy = Policy(config, self.storage)
        self.reach = Reach(client, config, self.storage)
        self.instances = Instances(client, config, self.nodes, policy, self.reach, user)
        self.looks = ContainerLooks(client, self.instances)
        self.ides = Ides(client, self.instances, self.reach, self.looks)
        self.jobs = Jobs(client, config, self.nodes, policy, user)
        self.idle = Idle(client, config, self.instances)

    @classmethod
    def connect(cls, config: TrainHubConfig | None = None, user: str | None = None) -> Hub:
        """A hub on the cluster that ``config`` names; the embedded one is started where needed.

        ``user`` is the owner written on objects. Raises ClusterUnavailable and InvalidField.
        """
        config = config or load_config()
        choice = choose_cluster(config)
        return cls(connect(config, choice), config, choice, user or user_name(config))

    @cached_property
    def tensorboards(self) -> TensorBoards:
        """The TensorBoards of this machine, which need no cluster."""
        from jupyter_trainhub.hub.tensorboards import TensorBoards

        return TensorBoards(self.config)

    async def shell(self, pod: str, cwd: str | None = None) -> Shell:
        """A shell in an instance's pod: see :class:`~jupyter_trainhub.hub.access.shell.Shell`."""
        return await Shell.open(self.client, pod, cwd)

    async def exec(self, pod: str, command: Sequence[str], *, tty: bool = False) -> Exec:
        """A program in an instance's pod: see :meth:`jupyter_trainhub.kube.exec.Exec.start`."""
        return await Exec.start(self.client, pod, command, stdin=True, tty=tty)

    def status(self) -> dict[str, Any]:
        """The cluster as REST's ``status`` shows it; asks the cluster whether it is there."""
        state, message = "ready", None
        try:
            self.discovery.version()
        except TrainHubError as error:
            state, message = "unavailable", str(error)
        return {
            "name": self.choice.name,
            "server": self.client.server,
            "namespace": self.namespace,
            "embedded": self.choice.embedded,
            "state": state,
            "message": message,
        }


def group_names(config: TrainHubConfig) -> list[str]:
    """The groups of the user: the configured ones, else those of TRAINHUB_GROUPS."""
    named = os.environ.get("TRAINHUB_GROUPS", "").split(",")
    return config.groups or [name.strip() for name in named if name.strip()]


def user_name(config: TrainHubConfig) -> str:
    """Who objects belong to: the configured user, JupyterHub's, else the account's name."""
    if config.user:
        return config.user
    if os.environ.get("JUPYTERHUB_USER"):
        return os.environ["JUPYTERHUB_USER"]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # An arbitrary user id, as OpenShift gives to containers, has no name.
        return f"user-{os.getuid()}"
