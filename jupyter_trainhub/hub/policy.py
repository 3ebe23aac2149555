"""What the site lets its users have, and what it makes of their specs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.catalogue import GpuModel
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.resources import PodSpec
from jupyter_trainhub.specs.storage import Storage
from jupyter_trainhub.specs.virtual_cluster import VirtualCluster

_Spec = TypeVar("_Spec", bound=PodSpec)

# Where runs are below the storage that keeps them.
RUNS = ".trainhub/runs"


class Policy:
    """The site's rules for one user.

    They are for users of TrainHub. Who has a kubeconfig can create other pods with it: what must
    not be is for the cluster's admission to refuse.
    """

    def __init__(self, config: TrainHubConfig, storages: Storages) -> None:
        self._config = config
        self._storages = storages

    def admit(self, spec: _Spec) -> tuple[_Spec, Site]:
        """``spec`` with the site's defaults and storages, and what the site makes of it.

        Raises InvalidField for what the site does not allow or offer.
        """
        config = self._config
        instance = isinstance(spec, InstanceSpec)
        spec = spec.with_defaults(config.instance_defaults if instance else config.job_defaults)
        if spec.host_network and not config.allow_host_network:
            raise InvalidField(
                "the site does not allow the network of the node",
                field="host_network",
                remedy="Leave it out, or ask the administrator for allow_host_network.",
            )
        self.check_mounts(spec.mounts)
        model = gpu_model(spec, config)
        spec, storages = self._storages.chosen(spec)
        site = Site(
            gpu=(model.resource if model else None) or config.gpu_resource,
            node_selector=model.node_selector if model else {},
            storages=storages,
            setup_image=config.setup_image,
            pull_secrets=config.pull_secrets or list(filter(None, [config.registry_secret])),
        )
        return (spec.model_copy(update={"gpu_model": model.name}) if model else spec), site

    def admit_job(self, spec: JobSpec) -> tuple[JobSpec, Site]:
        """:meth:`admit` for a job, with its virtual cluster, priority, network and run folder.

        Raises InvalidField.
        """
        spec = spec.with_defaults(self._config.job_defaults)
        cluster = self._virtual_cluster(spec)
        if cluster is not None:
            sku = cluster.sku
            spec = spec.model_copy(
                update={
                    "cpus": sku.cpus * spec.skus,
                    "memory": sku.memory * spec.skus,
                    "gpus": sku.gpus * spec.skus,
                }
            )
        spec, site = self.admit(spec)
        _check_volumes(spec, site)
        kept = run_storage(site.storages, self._config.run_storage)
        site = replace(
            site,
            priority_class=self._config.priority_classes.get(str(spec.priority)),
            runs=f"{kept.path}/{RUNS}" if kept else None,
            volume_group=self._config.claim_group,
            training_runtime=self._config.trainjob_runtime,
            **network(spec, self._config),
        )
        if cluster is None:
            return spec, site
        selector = {**site.node_selector, **cluster.node_selector}
        gpu = cluster.gpu_resource or site.gpu
        return spec, replace(site, node_selector=selector, gpu=gpu)

    def _virtual_cluster(self, spec: JobSpec) -> VirtualCluster | None:
        if spec.virtual_cluster is None:
            return None
        offer = {cluster.name: cluster for cluster in self._storages.virtual_clusters()}
        cluster = offer.get(spec.virtual_cluster)
        if cluster is None:
            raise InvalidField(
                f"there is no virtual cluster {spec.virtual_cluster!r} for you",
                field="virtual_cluster",
                remedy=f"Choose {' or '.join(offer)}." if offer else "Leave it out.",
            )
        if spec.nodes > 1 and spec.skus < cluster.least_skus_multi_node:
            raise InvalidField(
                f"a job on several nodes of {cluster.label} takes at least "
                f"{cluster.least_skus_multi_node} SKUs on each",
                field="skus",
                remedy=f"Ask for {cluster.least_skus_multi_node} SKUs, or for 1 node.",
            )
        return cluster

    def check_mounts(self, mounts: Iterable[Mount]) -> None:
        """Raise InvalidField for a mount of a user's own that the site does not allow."""
        allowed = self._config.allowed_mounts
        for number, mount in enumerate(mounts):
            if mount.kind not in allowed:
                raise InvalidField(
                    f"the site does not allow mounts with {mount.kind}",
                    field=f"mounts.{number}.{mount.kind}",
                    remedy=f"Use a storage, or a mount with {' or '.join(allowed)}."
                    if allowed
                    else "Choose among the storages that the site offers.",
                )


def _check_volumes(spec: JobSpec, site: Site) -> None:
    titles = {storage.path: storage.label for storage in site.storages}
    for role, volume in spec.volumes.items():
        if volume.path in titles:
            raise InvalidField(
                f"the storage {titles[volume.path]!r} is at {volume.path} already",
                field=f"{role}_volume.path",
                remedy="Choose another path.",
            )


def run_storage(storages: Iterable[Storage], named: str) -> Storage | None:
    """The one of a pod's ``storages`` that keeps runs; ``named`` is the site's choice, or empty."""
    for storage in storages:
        if storage.name == named if named else storage.default and not storage.read_only:
            return storage
    return None


def network(spec: JobSpec, config: TrainHubConfig) -> dict[str, Any]:
    """What the wish for InfiniBand, or for none, makes of a :class:`Site`.

    NCCL_IB_DISABLE turns off all of RDMA, RoCE too:
    https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html
    """
    if spec.ib_network is None:
        return {}
    interface = config.ib_interface if spec.ib_network else config.ethernet_interface
    names = ("NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME") if interface else ()
    env = {"NCCL_IB_DISABLE": "0" if spec.ib_network else "1", **dict.fromkeys(names, interface)}
    if not spec.ib_network:
        return {"env": env}
    # Memory that a network card writes into is locked: without the right, ibv_reg_mr fails.
    resources = {config.rdma_resource: "1"} if config.rdma_resource else {}
    return {"env": env, "resources": resources, "capabilities": ("IPC_LOCK",)}


def gpu_resources(config: TrainHubConfig) -> frozenset[str]:
    """The names under which nodes offer GPUs."""
    entries = (
        *(model.resource for model in GpuModel.parse_all(config.gpu_models)),
        *(cluster.gpu_resource for cluster in VirtualCluster.parse_all(config.virtual_clusters)),
    )
    named = set(entries)
    return frozenset({config.gpu_resource, *filter(None, named)})


def gpu_models(config: TrainHubConfig, *, instance: bool) -> list[GpuModel]:
    """The models of GPU that instances, or else jobs, may use."""
    models = GpuModel.parse_all(config.gpu_models)
    return [model for model in models if model.instances or not instance]


def gpu_model(spec: PodSpec, config: TrainHubConfig) -> GpuModel | None:
    """The model of GPU that ``spec`` gets; None for any, and where it has no GPUs.

    An instance that names none gets the only one that instances may use. Raises InvalidField.
    """
    instance = isinstance(spec, InstanceSpec)
    kind = "instances" if instance else "jobs"
    models = {model.name: model for model in gpu_models(config, instance=instance)}
    offer = f"Choose {' or '.join(models)}." if models else "Leave it out."
    if spec.gpu_model is not None and spec.gpu_model not in models:
        raise InvalidField(
            f"{kind} cannot use GPUs of the model {spec.gpu_model!r}",
            field="gpu_model",
            remedy=offer,
        )
    if not spec.gpus:
        return None
    if spec.gpu_model is not None:
        return models[spec.gpu_model]
    if len(models) == len(config.gpu_models):
        return None
    if not models:
        raise InvalidField(f"the site gives no GPUs to {kind}", field="gpus", remedy="Ask for 0.")
    if len(models) > 1:
        raise InvalidField(
            f"{kind} may use some models of GPU only", field="gpu_model", remedy=offer
        )
    return next(iter(models.values()))
