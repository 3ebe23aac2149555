"""Hubs in namespaces that nobody else uses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES


@contextmanager
def hub_of_its_own(prefix: str, kubeconfig: Path, image: str, run_folder: Path) -> Iterator[Hub]:
    """A hub of the user ada in a namespace that is deleted at the end."""
    namespace = f"{prefix}-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig),
        namespace=namespace,
        default_image=image,
        user="ada",
        run_folder=str(run_folder),
    )
    hub = Hub.connect(config)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    hub.client.create(NAMESPACES, body)
    try:
        yield hub
    finally:
        hub.close()
        hub.client.delete(NAMESPACES, namespace)
