"""A registry that the tests of the client share, and a gate before it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.registry import upload
from jupyter_trainhub.registry.client import Endpoint, Repository
from tests.distribution import Distribution
from tests.registry.gate import Gate, gate

_NUMBERS = itertools.count()
SOON = (0.01,) * 5


@pytest.fixture(scope="session")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distribution]:
    """docker-registry, open to all, shared by tests that use repositories of their own."""
    server = Distribution(tmp_path_factory.mktemp("distribution")).start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Distribution]]:
    """Starts a docker-registry of the test's own, with settings."""
    started: list[Distribution] = []

    def start(**settings: object) -> Distribution:
        server = Distribution(tmp_path / f"distribution-{len(started)}", dict(settings))
        started.append(server.start())
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def repository(distribution: Distribution) -> Repository:
    """A repository of the test's own."""
    return Repository(distribution.host, f"test-{next(_NUMBERS)}", Endpoint(distribution.url))


@pytest.fixture
def door(distribution: Distribution) -> Iterator[Gate]:
    """A gate before the shared registry."""
    with gate(distribution.host) as made:
        yield made


@pytest.fixture
def through(door: Gate, repository: Repository) -> Repository:
    """The test's repository, seen through its gate; further attempts are made at once."""
    return Repository(door.host, repository.path, Endpoint(door.url, retries=SOON, timeout=10))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> tuple[int, ...]:
    """Chunks of an upload, small enough for a test to send many."""
    chunks = (1 << 20, 1 << 18, 1 << 16)
    monkeypatch.setattr(upload, "CHUNKS", chunks)
    return chunks
