"""What the site lets its users have, and what it makes of their specs."""

from __future__ import annotations

from typing import TypeVar

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.catalogue import GpuModel
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.resources import PodSpec

_Spec = TypeVar("_Spec", bound=PodSpec)


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
        self._check_mounts(spec)
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

    def _check_mounts(self, spec: PodSpec) -> None:
        allowed = self._config.allowed_mounts
        for number, mount in enumerate(spec.mounts):
            if mount.kind not in allowed:
                raise InvalidField(
                    f"the site does not allow mounts with {mount.kind}",
                    field=f"mounts.{number}.{mount.kind}",
                    remedy=f"Use a storage, or a mount with {' or '.join(allowed)}."
                    if allowed
                    else "Choose among the storages that the site offers.",
                )


def gpu_resources(config: TrainHubConfig) -> frozenset[str]:
    """The names under which nodes offer GPUs."""
    named = {model.resource for model in GpuModel.parse_all(config.gpu_models)}
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
