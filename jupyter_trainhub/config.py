"""What an administrator or a user sets, as traitlets: ``c.TrainHubConfig.<name> = …``.

The Jupyter server extension, notebook kernels and the ``trainhub`` command read the same files,
``jupyter_trainhub_config.py`` and ``jupyter_trainhub_config.json`` on Jupyter's configuration path
(``jupyter --paths`` lists it).
"""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, Float, Int, List, TraitError, Unicode, validate
from traitlets.config import Configurable
from traitlets.config.loader import (
    Config,
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from jupyter_trainhub.errors import InvalidField

CONFIG_FILE = "jupyter_trainhub_config"


class TrainHubConfig(Configurable):
    """Which cluster is used and how, what forms start with, which folders may be shown."""

    kubeconfig = Unicode(
        "",
        help="""
        The kubeconfig file of the cluster. Empty: what TRAINHUB_KUBECONFIG or KUBECONFIG name, the
        cluster in whose pod Jupyter runs, ~/.kube/config if it has a current context, and else the
        embedded cluster.
        """,
    ).tag(config=True)
    context = Unicode("", help="The context of the kubeconfig. Empty: its current one.").tag(
        config=True
    )
    namespace = Unicode(
        "", help="The namespace of all objects. Empty: that of the context, else 'default'."
    ).tag(config=True)
    embedded = Bool(
        True,
        help="Whether the embedded cluster is started on this machine when no other is configured.",
    ).tag(config=True)
    embedded_start_timeout = Float(
        30.0, min=1, help="Seconds to wait for the embedded cluster to answer."
    ).tag(config=True)
    user = Unicode(
        "",
        help="""
        The name written on objects as their owner. Empty: JUPYTERHUB_USER, else the account.
        """,
    ).tag(config=True)
    default_image = Unicode(
        "",
        help="""
        The image of instances and jobs that name none. Empty: the nodes' own system ('host') where
        nodes offer it, as those of the embedded cluster do.
        """,
    ).tag(config=True)
    gpu_resource = Unicode("nvidia.com/gpu", help="The name under which nodes offer GPUs.").tag(
        config=True
    )
    check_fit = Bool(
        True,
        help="""
        Whether to refuse what is larger than any node. Turn it off where nodes are added on demand.
        """,
    ).tag(config=True)
    storages = List(
        Dict(),
        help="""
        Folders offered to instances and jobs, each a mount such as
        {"path": "/mnt/data", "claim": "data", "read_only": True}, with host_path, claim (and
        sub_path) or nfs ({"server", "path"}) as its source. Those with "default": True are mounted
        without being asked for. {username} is replaced by the user's name.
        """,
    ).tag(config=True)
    log_roots = List(
        Unicode(),
        help="""
        Folders besides Jupyter's root folder whose subfolders may be opened in TensorBoard.
        """,
    ).tag(config=True)
    instance_defaults = Dict(
        help="What new instances start with, by the names of their fields, such as {'cpus': 2}."
    ).tag(config=True)
    job_defaults = Dict(
        help="What new jobs start with, by the names of their fields, such as {'memory': '8Gi'}."
    ).tag(config=True)
    tensorboard_idle_seconds = Int(
        1800, min=1, help="Seconds without a request after which a TensorBoard ends itself."
    ).tag(config=True)
    tensorboard_python = Unicode(
        "",
        help="""
        The Python that runs TensorBoard (2.21 or later). Empty: the one that runs TrainHub.
        """,
    ).tag(config=True)

    @validate("storages")
    def _storages_are_mounts(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        from jupyter_trainhub.specs.mount import Mount

        for number, storage in enumerate(proposal["value"]):
            mount = {key: value for key, value in storage.items() if key != "default"}
            try:
                Mount.parse(mount)
            except InvalidField as error:
                raise TraitError(f"TrainHubConfig.storages, entry {number}: {error}") from None
        storages: list[dict[str, Any]] = proposal["value"]
        return storages


def load_config(paths: list[str] | None = None) -> TrainHubConfig:
    """The configuration of this user, for programs that are not a Jupyter server.

    ``paths`` are folders, the most important first; default: Jupyter's configuration path. Raises
    InvalidField when a file cannot be read or sets something that does not fit.
    """
    if paths is None:
        from jupyter_core.paths import jupyter_config_path

        paths = jupyter_config_path()
    merged = Config()
    for folder in reversed(paths):
        for loader in (
            JSONFileConfigLoader(f"{CONFIG_FILE}.json", path=folder),
            PyFileConfigLoader(f"{CONFIG_FILE}.py", path=folder),
        ):
            try:
                merged.merge(loader.load_config())
            except ConfigFileNotFound:
                continue
            except Exception as error:
                # A Python file can fail in every way there is.
                raise InvalidField(
                    f"{loader.full_filename} cannot be read: {type(error).__name__}: {error}",
                    field="config",
                    remedy="Correct the file or remove it.",
                ) from error
    try:
        return TrainHubConfig(config=merged)
    except TraitError as error:
        raise InvalidField(
            str(error), field="config", remedy=f"Correct {CONFIG_FILE}.py or .json."
        ) from None
