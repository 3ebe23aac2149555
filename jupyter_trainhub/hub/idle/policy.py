"""What the site's configuration says of idle instances."""

from __future__ import annotations

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.manifests.idle import Policy
from jupyter_trainhub.manifests.probe import Thresholds


def policy_of(config: TrainHubConfig) -> Policy:
    """When idle instances are stopped."""
    return Policy(
        timeout=config.idle_timeout,
        timeout_gpu=config.idle_timeout_gpu,
        warning=config.idle_warning,
        extension=config.idle_extension,
        extension_limit=config.idle_extension_limit,
        exempt=frozenset(config.idle_exempt),
    )


def thresholds_of(config: TrainHubConfig) -> Thresholds:
    """What counts as use."""
    return Thresholds(config.idle_cpu_percent, config.idle_gpu_percent)
