from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.hub.images.transfers import heartbeat
from tests.distribution import Distribution
from tests.hub.snapshots.saving_site import Site


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_PUSH_SECONDS", 0.02)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distribution]:
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    yield server
    server.stop()


@pytest.fixture
def site(shared: Distribution, tmp_path: Path) -> Site:
    return Site(shared, tmp_path)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Site]:
    """A site whose registry a test may kill."""
    server = Distribution(tmp_path / "registry").start()
    yield Site(server, tmp_path)
    server.stop()
