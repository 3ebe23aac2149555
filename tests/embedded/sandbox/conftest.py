"""What the tests of the container sandbox share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.sandbox.containers import Containers


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    """Starts containers; ends and removes them after the test."""
    containers = Containers(tmp_path)
    yield containers
    containers.close()
