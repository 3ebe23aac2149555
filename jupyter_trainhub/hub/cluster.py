"""Which cluster is used.

This is the only module that knows of the embedded cluster. All others see a Kubernetes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime import image_store
from jupyter_trainhub.embedded.runtime.image_store import ImageError, ImageStore, Progress
from jupyter_trainhub.errors import Cause, ClusterUnavailable, InvalidField
from jupyter_trainhub.hub.views import Views
from jupyter_trainhub.kube.client import KubeClient


@dataclass(frozen=True)
class ClusterChoice:
    """A cluster by its configuration: a kubeconfig, the pod's own cluster, or the embedded one."""

    kubeconfig: str | None = None
    context: str | None = None
    in_cluster: bool = False
    embedded: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        if self.embedded:
            return "embedded"
        if self.in_cluster:
            return "in-cluster"
        return self.context or Path(self.kubeconfig or "").name


def choose_cluster(
    config: TrainHubConfig,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> ClusterChoice:
    """The cluster that configuration and environment name; the first of these that is there:

    the configured kubeconfig or context, ``TRAINHUB_KUBECONFIG``, ``KUBECONFIG``, the service
    account of the pod, ``~/.kube/config`` with a current context, the embedded cluster. Raises
    InvalidField when a file that is named does not exist, or when none is left.
    """
    environ = os.environ if environ is None else environ
    usual = (home or Path.home()) / ".kube" / "config"
    context = config.context or None
    for field, value in (
        ("kubeconfig", config.kubeconfig),
        ("TRAINHUB_KUBECONFIG", environ.get("TRAINHUB_KUBECONFIG", "")),
        ("KUBECONFIG", environ.get("KUBECONFIG", "")),
    ):
        if value:
            return ClusterChoice(_existing(field, value), context)
    if context:
        return ClusterChoice(_existing("context", str(usual)), context)
    if environ.get("KUBERNETES_SERVICE_HOST") and _SERVICE_ACCOUNT_TOKEN.exists():
        return ClusterChoice(in_cluster=True)
    if _has_current_context(usual):
        return ClusterChoice(str(usual))
    if config.embedded:
        return ClusterChoice(embedded=True)
    raise InvalidField(
        "no cluster is configured",
        field="kubeconfig",
        remedy="Set TrainHubConfig.kubeconfig or KUBECONFIG, or TrainHubConfig.embedded = True.",
    )


def connect(config: TrainHubConfig, choice: ClusterChoice) -> KubeClient:
    """A client for the chosen cluster; the embedded one is started first where it does not run.

    Takes up to ``config.embedded_start_timeout`` seconds. Raises ClusterUnavailable.
    """
    kubeconfig = choice.kubeconfig
    if choice.embedded:
        kubeconfig = str(EmbeddedCluster(config).start())
    return KubeClient.connect(kubeconfig, choice.context, config.namespace or None)


class EmbeddedCluster:
    """The embedded cluster itself: started, stopped and asked how it does."""

    def __init__(self, config: TrainHubConfig) -> None:
        self._config = config

    def start(self) -> Path:
        """Start it, or join the one that runs; the path of its kubeconfig.

        Raises ClusterUnavailable when this machine cannot run it or it does not answer in time.
        """
        try:
            return lifecycle.start(wait=self._config.embedded_start_timeout)
        except lifecycle.ClusterNotStarted as error:
            raise ClusterUnavailable(
                str(error),
                reason="ClusterNotStarted",
                remedy="Remove the cause, or name another cluster by KUBECONFIG.",
            ) from None

    def stop(self, timeout: float = 60.0) -> bool:
        """End its pods, then itself, by force after ``timeout`` seconds; whether it ran."""
        return lifecycle.stop(timeout=timeout)

    def status(self) -> dict[str, Any]:
        """``state`` (``running`` or ``stopped``), its folder, and while it runs pid and server."""
        return lifecycle.status()

    def images(self) -> Views:
        """The images that were loaded: ``names``, ``id`` and ``size`` in bytes."""
        return [
            {"names": list(image.names), "id": image.id, "size": image.size}
            for image in self._images().images()
        ]

    def load(self, archive: Path, name: str | None, progress: Progress | None = None) -> list[str]:
        """Load the images of an archive or an OCI layout; the names that they were given.

        ``name`` is for an archive of one image. The cluster need not run; one that does can use
        them at once. Raises InvalidField when the archive cannot be loaded.
        """
        try:
            loaded = self._images().load(archive, name, progress)
        except ImageError as error:
            raise InvalidField(str(error), field="image") from None
        return [name for image in loaded for name in image.names]

    def unload(self, name: str) -> None:
        """Remove a name of an image, and the image if it has no other. Raises InvalidField."""
        try:
            self._images().unload(name)
        except ImageError as error:
            raise InvalidField(
                str(error), field="image", remedy="Look at 'trainhub cluster images'."
            ) from None

    def _images(self) -> ImageStore:
        return image_store.of_cluster(lifecycle.directory())

    def kubeconfig(self, user: str | None = None, groups: Sequence[str] = ()) -> Path:
        """The path of a kubeconfig: the admin's, or that of another user, who is made if unknown.

        Groups, if given, are the user's from now on. Raises InvalidField for a bad name, and
        ClusterUnavailable for a user of a cluster that was never started.
        """
        if user is None:
            if groups:
                raise InvalidField("groups go with a user", field="group", remedy="Name a user.")
            return lifecycle.kubeconfig_path()
        try:
            return lifecycle.add_user(user, tuple(groups))
        except ValueError as error:
            raise InvalidField(str(error), field="user") from None
        except FileNotFoundError:
            raise ClusterUnavailable(
                "the embedded cluster was never started",
                reason="ClusterNotStarted",
                remedy="Run 'trainhub cluster start' first.",
            ) from None


_SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def _existing(field: str, value: str) -> str:
    # KUBECONFIG may be a list of files, of which some may be absent, as for kubectl.
    files = [Path(part).expanduser() for part in value.split(os.pathsep) if part]
    found = [str(file) for file in files if file.is_file()]
    if not found:
        raise ClusterUnavailable(
            f"there is no file {value!r}",
            reason="NoClusterConfiguration",
            field=field,
            remedy="Name an existing kubeconfig, or leave it out to use the embedded cluster.",
            details={"causes": [Cause(field=field, message=f"there is no file {value!r}")]},
        )
    return os.pathsep.join(found)


def _has_current_context(kubeconfig: Path) -> bool:
    try:
        text = kubeconfig.read_text()
    except OSError:
        return False
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    return isinstance(document, dict) and bool(document.get("current-context"))
