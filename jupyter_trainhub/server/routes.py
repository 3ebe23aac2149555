"""Which handler answers at which path, below the server's base URL."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.server.cluster import ClusterHandler
from jupyter_trainhub.server.instance_proxy import InstanceProxyHandler
from jupyter_trainhub.server.instances import InstanceHandler, InstancesHandler
from jupyter_trainhub.server.jobs import (
    JobEventsHandler,
    JobHandler,
    JobsHandler,
    PreviewHandler,
)
from jupyter_trainhub.server.logs import JobLogsHandler
from jupyter_trainhub.server.schemas import SchemasHandler
from jupyter_trainhub.server.status import StatusHandler
from jupyter_trainhub.server.tensorboard_proxy import TensorBoardProxyHandler
from jupyter_trainhub.server.tensorboards import TensorBoardHandler, TensorBoardsHandler

API = "trainhub/api"
NAME = r"([^/]+)"

# The proxied paths take names that need no escape, so that the public prefix is what the browser
# sent, letter by letter.
INSTANCE_PATH = r"trainhub/instances/([A-Za-z0-9_]+)/lab(?:/.*)?"
TENSORBOARD_PATH = r"trainhub/tensorboards/([0-9a-f]+)(?:/.*)?"

HANDLERS: list[tuple[str, Any]] = [
    (f"{API}/status", StatusHandler),
    (f"{API}/schemas", SchemasHandler),
    (f"{API}/cluster", ClusterHandler),
    (f"{API}/instances", InstancesHandler),
    (f"{API}/instances/{NAME}", InstanceHandler),
    (f"{API}/jobs", JobsHandler),
    (f"{API}/jobs/(preview)", PreviewHandler),
    (f"{API}/jobs/{NAME}", JobHandler),
    (f"{API}/jobs/{NAME}/logs", JobLogsHandler),
    (f"{API}/jobs/{NAME}/events", JobEventsHandler),
    (f"{API}/tensorboards", TensorBoardsHandler),
    (f"{API}/tensorboards/{NAME}", TensorBoardHandler),
    (INSTANCE_PATH, InstanceProxyHandler),
    (TENSORBOARD_PATH, TensorBoardProxyHandler),
]
