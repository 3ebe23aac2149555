from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from tests.conftest import Kubectl
from tests.hub.fakes import FakeCluster
from tests.hub.pods import Run, runner


@pytest.fixture
def config(tmp_path: Path) -> TrainHubConfig:
    return TrainHubConfig(run_folder=str(tmp_path / "runs"))


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def hub(cluster: FakeCluster, config: TrainHubConfig) -> Hub:
    return Hub(cluster, config, ClusterChoice(embedded=True), "ada")


@pytest.fixture
def run(kubectl: Kubectl, image: str) -> Run:
    """Runs a program as the instance ``x`` of the cluster under test."""
    return runner(kubectl, image)
