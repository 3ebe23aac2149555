"""The hub: everything that TrainHub can do on one cluster, for one user."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.config import TrainHubConfig, load_config
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.access.entrances import Container, Entrances
from jupyter_trainhub.hub.access.ide import Ides
from jupyter_trainhub.hub.access.interfaces import ContainerLooks
from jupyter_trainhub.hub.access.reach import Reach
from jupyter_trainhub.hub.access.shell import Shell
from jupyter_trainhub.hub.cluster import ClusterChoice, choose_cluster, connect
from jupyter_trainhub.hub.idle.manager import Idle
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.hub.jobs.manager import Jobs
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.policy import Policy, gpu_resources
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.discovery import Discovery
from jupyter_trainhub.kube.exec import Exec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.images.catalogue.manager import Catalogue
    from jupyter_trainhub.hub.images.copies.archives import Archives
    from jupyter_trainhub.hub.images.copies.relay import Relay
    from jupyter_trainhub.hub.images.fitness import FitnessCheck
    from jupyter_trainhub.hub.images.look import Look
    from jupyter_trainhub.hub.images.modules import ImageModules
    from jupyter_trainhub.hub.images.registries.manager import Registries
    from jupyter_trainhub.hub.images.snapshots.manager import Snapshots
    from jupyter_trainhub.hub.images.snapshots.spools import Spools
    from jupyter_trainhub.hub.images.transfers.manager import Transfers
    from jupyter_trainhub.hub.jobs.failure import Failures
    from jupyter_trainhub.hub.jobs.progress.manager import Progress
    from jupyter_trainhub.hub.jobs.scalars.manager import Scalars
    from jupyter_trainhub.hub.metrics.manager import Metrics
    from jupyter_trainhub.hub.runs.manager import Runs
    from jupyter_trainhub.hub.tensorboards import TensorBoards
    from jupyter_trainhub.hub.tensorboards.cluster import ClusterTensorBoards
    from jupyter_trainhub.hub.volumes.manager import Volumes


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
        self.policy = Policy(config, self.storage)
        self.reach = Reach(client, config, self.storage)
        self.instances = Instances(client, config, self.nodes, self.policy, self.reach, user)
        self.looks = ContainerLooks(client, self.instances)
        self.ides = Ides(client, self.instances, self.reach, self.looks)
        self.jobs = Jobs(self, self.policy)
        self.entrances = Entrances(client, self.instances, self.jobs)
        self.idle = Idle(client, config, self.instances)
        # Told of each change of a transfer of this process, in threads of its own.
        self.on_transfer: Callable[[str, dict[str, Any] | None], None] = lambda id_, view: None

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
        """The TensorBoards of this machine and of the cluster."""
        from jupyter_trainhub.hub.tensorboards import TensorBoards

        return TensorBoards(self.config, lambda: self)

    @cached_property
    def cluster_tensorboards(self) -> ClusterTensorBoards:
        """Those of the cluster alone."""
        from jupyter_trainhub.hub.tensorboards.cluster import ClusterTensorBoards

        return ClusterTensorBoards(self)

    @cached_property
    def registries(self) -> Registries:
        """Where images are."""
        from jupyter_trainhub.hub.images.registries.manager import Registries

        return Registries(self.client, self.config, self.user)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Images to choose from."""
        from jupyter_trainhub.hub.images.catalogue.manager import Catalogue
        from jupyter_trainhub.hub.images.catalogue.usage import known_images

        known = partial(known_images, self.client)
        return Catalogue(self.client, self.config, self.registries, known)

    @cached_property
    def archives(self) -> Archives:
        """Images in files."""
        from jupyter_trainhub.hub.images.copies.archives import Archives

        return Archives(self.config, self.storage, self.registries, self.transfers, self.spools)

    @cached_property
    def relay(self) -> Relay:
        """Images from one registry to another."""
        from jupyter_trainhub.hub.images.copies.relay import Relay

        return Relay(self.client, self.config, self.registries, self.transfers)

    @cached_property
    def fitness(self) -> FitnessCheck:
        """What images and instances lack."""
        from jupyter_trainhub.hub.images.fitness import FitnessCheck

        return FitnessCheck(self.client, self.instances, self.look)

    @cached_property
    def look(self) -> Look:
        """Programs that look into images."""
        from jupyter_trainhub.hub.images.look import Look

        return Look(self.client, self.config, self.user)

    @cached_property
    def modules(self) -> ImageModules:
        """What the Python of images can import."""
        from jupyter_trainhub.hub.images.modules import ImageModules

        return ImageModules(self.config, self.nodes, self.registries, self.look)

    @cached_property
    def failures(self) -> Failures:
        """How jobs failed."""
        from jupyter_trainhub.hub.jobs.failure import Failures

        return Failures(self)

    @cached_property
    def metrics(self) -> Metrics:
        """What jobs use."""
        from jupyter_trainhub.hub.metrics.manager import Metrics

        return Metrics(self.client, self.config, self.user, self.jobs.get, self.runs.metrics)

    @cached_property
    def progress(self) -> Progress:
        """How far jobs are."""
        from jupyter_trainhub.hub.jobs.progress.manager import Progress
        from jupyter_trainhub.hub.runs.store import RunStore

        def follows(run: str, pod: str) -> bool:
            return "runs" in self.__dict__ and self.runs.follows(run, pod)

        return Progress(self.client, follows, RunStore(self.config, self.storage).told)

    @cached_property
    def scalars(self) -> Scalars:
        """The latest curves of jobs."""
        from jupyter_trainhub.hub.jobs.scalars.manager import Scalars

        return Scalars(self)

    @cached_property
    def runs(self) -> Runs:
        """The records of what ran."""
        from jupyter_trainhub.hub.runs.manager import Runs

        return Runs(self)

    @cached_property
    def volumes(self) -> Volumes:
        """Volumes of jobs, and the files in them."""
        from jupyter_trainhub.hub.volumes.manager import Volumes

        return Volumes(self.client, self.config, self.nodes, self.user)

    @cached_property
    def spools(self) -> Spools:
        """Files of images on their way."""
        from jupyter_trainhub.hub.images.snapshots.spools import Spools

        return Spools(self.config, f"{self.client.server} {self.namespace}")

    @cached_property
    def transfers(self) -> Transfers:
        """Images on their way."""
        from jupyter_trainhub.hub.images.transfers.manager import Transfers

        again = {
            "snapshot": lambda task: self.snapshots.run(task),
            "load": lambda task: self.archives.run_load(task),
            "export": lambda task: self.archives.run_export(task),
            "copy": lambda task: self.relay.run(task),
        }
        return Transfers(
            self.client,
            self.user,
            again,
            lambda id_, view: self.on_transfer(id_, view),
        )

    @cached_property
    def snapshots(self) -> Snapshots:
        """Instances saved as images."""
        from jupyter_trainhub.hub.images.snapshots.manager import Snapshots

        return Snapshots(self)

    def close(self) -> None:
        """End what runs in threads of this hub; waits some seconds."""
        if "progress" in self.__dict__:
            self.progress.stop()
        if "scalars" in self.__dict__:
            self.scalars.close()
        if "runs" in self.__dict__:
            self.runs.stop()
        if "metrics" in self.__dict__:
            self.metrics.stop()
        if "transfers" in self.__dict__:
            self.transfers.stop()

    async def shell(self, into: Container, cwd: str | None = None) -> Shell:
        """A shell in a container: see :class:`~jupyter_trainhub.hub.access.shell.Shell`."""
        return await Shell.open(self.client, into.pod, cwd, container=into.name)

    async def exec(self, into: Container, command: Sequence[str], *, tty: bool = False) -> Exec:
        """A program in a container: see :meth:`jupyter_trainhub.kube.exec.Exec.start`."""
        return await Exec.start(
            self.client, into.pod, command, container=into.name, stdin=True, tty=tty
        )

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
