from __future__ import annotations

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from tests.hub.fakes import FakeCluster


@pytest.fixture
def config() -> TrainHubConfig:
    return TrainHubConfig()


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def hub(cluster: FakeCluster, config: TrainHubConfig) -> Hub:
    return Hub(cluster, config, ClusterChoice(embedded=True), "ada")
