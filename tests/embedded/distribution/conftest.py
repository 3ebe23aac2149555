"""What the tests of the distribution API share."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.embedded.distribution.registry_client import RegistryClient


@pytest.fixture(scope="session")
def client(embedded_kubeconfig: Path) -> RegistryClient:
    """The admin of the cluster that the tests share."""
    return RegistryClient(embedded_kubeconfig)


@pytest.fixture
def name() -> str:
    """A repository of the test's own."""
    return f"test/{uuid.uuid4().hex[:8]}"
