"""A Jupyter server with TrainHub on a fake cluster."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

# Not as a plugin of all tests: its automatic fixtures build a server object for each of them.
from pytest_jupyter.jupyter_server import *  # noqa: F403
from traitlets.config import Config

from jupyter_trainhub.extension import TrainHub
from jupyter_trainhub.hub.access.reach import Endpoint
from tests.server.calls import Fetch, call
from tests.server.fakes import FakeHub, FakeTrainHub
from tests.server.upstreams import PREFIX, Upstream


@pytest.fixture  # type: ignore[no-redef]
def jp_server_config() -> Config:
    """A server that asks for authentication everywhere and runs TrainHub on the fake cluster."""
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {
                    "tests.server.fakes": True,
                    # Its websocket lacks the decorators that we are checked for.
                    "jupyter_server_terminals": False,
                },
                "allow_unauthenticated_access": False,
                "reraise_server_extension_failures": True,
            },
            "TrainHubConfig": {"tensorboard_idle_seconds": 60},
        }
    )


@pytest.fixture
def extension(jp_serverapp: ServerApp) -> FakeTrainHub:
    """The extension of the running server."""
    app = jp_serverapp.extension_manager.extension_points[TrainHub.name].app
    assert isinstance(app, FakeTrainHub)
    return app


@pytest.fixture
def hub(extension: FakeTrainHub) -> FakeHub:
    """The fake hub that the server will connect to."""
    return extension.fake.hub


@pytest.fixture
def runs(jp_root_dir: Path) -> Path:
    """An empty log folder in the folder that the file browser shows."""
    folder = jp_root_dir / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def upstream(jp_asyncio_loop: asyncio.AbstractEventLoop, hub: FakeHub) -> Iterator[Upstream]:
    """A running instance called ``dev``."""

    async def start() -> Upstream:
        return Upstream(PREFIX)

    made = jp_asyncio_loop.run_until_complete(start())
    hub.instances.add("dev")
    hub.instances.endpoints["dev"] = Endpoint("127.0.0.1", made.port, PREFIX, "right")
    yield made
    jp_asyncio_loop.run_until_complete(made.close())


@pytest.fixture
def api(jp_fetch: Fetch) -> Callable[..., Awaitable[Any]]:
    """Calls a route: see :func:`tests.server.calls.call`."""
    return functools.partial(call, jp_fetch)
