from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.kube.client import KubeClient
from tests.kube.api_server import ApiServer, serve


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with serve() as server:
        yield server


@pytest.fixture
def kubeconfig(api: ApiServer, tmp_path: Path) -> Path:
    """A kubeconfig of the fake server, with two contexts."""
    users = [{"name": "u", "user": {"token": "s3cret"}}]
    clusters = [{"name": "c", "cluster": {"server": api.url}}]
    contexts = [
        {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "lab"}},
        {"name": "two", "context": {"cluster": "c", "user": "u"}},
    ]
    path = tmp_path / "kubeconfig"
    document = {"apiVersion": "v1", "kind": "Config", "current-context": "one"}
    path.write_text(
        json.dumps({**document, "users": users, "clusters": clusters, "contexts": contexts})
    )
    return path


@pytest.fixture
def client(kubeconfig: Path) -> KubeClient:
    return KubeClient.connect(kubeconfig)
