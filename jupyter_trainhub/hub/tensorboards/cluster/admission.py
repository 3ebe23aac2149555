"""What the site makes of a user's wish for a TensorBoard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.images.default import default_image
from jupyter_trainhub.hub.tensorboards.sources import Sources
from jupyter_trainhub.manifests.tensorboard_admission import Admission, read_only
from jupyter_trainhub.specs.quantity import parse_memory
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub


def admitted(hub: Hub, spec: TensorBoardSpec, sources: Sources) -> Admission:
    """All that the pod is made of. Raises InvalidField where there is no image."""
    config = hub.config
    image = spec.image or config.tensorboard_image
    return Admission(
        folders=sources.paths,
        mounts=tuple(map(read_only, sources.mounts)),
        image=image or default_image(config.default_image, hub.nodes.visible()),
        cpus=config.tensorboard_cpus,
        pull_secrets=tuple(config.pull_secrets or filter(None, [config.registry_secret])),
        group=config.claim_group,
        **_options(config, spec),
    )


def readmitted(hub: Hub, spec: TensorBoardSpec, old: Admission) -> Admission:
    """The same folders, with the options that ``spec`` has now."""
    return replace(old, **_options(hub.config, spec))


def _options(config: TrainHubConfig, spec: TensorBoardSpec) -> dict[str, Any]:
    memory = config.tensorboard_memory
    return {
        "idle_seconds": config.tensorboard_idle_seconds,
        "reload_interval": config.tensorboard_reload_interval,
        "memory": parse_memory(memory) if memory else None,
        **spec.options,
    }
