"""TensorBoards that are whatever a test says, for what the server does with their addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from jupyter_trainhub.errors import Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.tensorboards import TensorBoardEndpoint
from tests.server.fakes import FakeTrainHub
from tests.server.upstreams import Upstream

ID = "0123456789abcdef"
PREFIX = "/5ec2e7"
BOARD = ("trainhub", "tensorboards", ID)
PUBLIC = f"/a%40b/trainhub/tensorboards/{ID}"


def conflict(phase: str, message: str = "not now") -> Conflict:
    """What stands in the way of an address."""
    return Conflict(message, reason=f"TensorBoard{phase}", remedy="Wait a moment.")


class FakeBoards:
    """Stands in for the manager of TensorBoards."""

    def __init__(self) -> None:
        # Where each is, or why it is nowhere.
        self.states: dict[str, TensorBoardEndpoint | TrainHubError] = {}
        self.ports: dict[int, str] = {}
        self.asked = 0
        self.started: list[str] = []

    def endpoint(self, id_: str) -> TensorBoardEndpoint:
        self.asked += 1
        state = self.states.get(id_, NotFound(f"there is no TensorBoard {id_!r}"))
        if isinstance(state, TrainHubError):
            raise state
        return state

    def start(self, id_: str) -> None:
        self.started.append(id_)
        self.states[id_] = conflict("Starting")

    def stop(self, id_: str) -> dict[str, str]:
        self.states[id_] = conflict("Stopped")
        return {"id": id_, "phase": "Stopped"}

    def by_port(self, port: int) -> dict[str, str]:
        if port not in self.ports:
            raise NotFound(f"no TensorBoard of yours listens on port {port}")
        return {"id": self.ports[port]}

    def list_here(self) -> Sequence[object]:
        return []


@contextmanager
def in_place(extension: FakeTrainHub, fake: object) -> Iterator[None]:
    """``fake`` instead of the server's TensorBoards."""
    kept = extension.service.tensorboards
    extension.service.tensorboards = fake  # type: ignore[assignment]
    yield
    extension.service.tensorboards = kept


@pytest.fixture
def boards(extension: FakeTrainHub) -> Iterator[FakeBoards]:
    """The TensorBoards of the server."""
    fake = FakeBoards()
    with in_place(extension, fake):
        yield fake


def at(upstream: Upstream, prefix: str = PREFIX) -> TensorBoardEndpoint:
    """The address of an upstream."""
    return TensorBoardEndpoint("127.0.0.1", upstream.port, prefix)
