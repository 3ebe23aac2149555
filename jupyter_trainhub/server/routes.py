"""Which handler answers at which path, below the server's base URL."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.server.cluster import ClusterHandler
from jupyter_trainhub.server.fitness import ImageFitnessHandler, InstanceFitnessHandler
from jupyter_trainhub.server.idle import IdleHandler
from jupyter_trainhub.server.images import (
    ChangesHandler,
    CopyHandler,
    ExportHandler,
    ImagesHandler,
    LoadHandler,
    RecipeHandler,
    TagHandler,
)
from jupyter_trainhub.server.instance_proxy import IdeProxyHandler, InstanceProxyHandler
from jupyter_trainhub.server.instances import (
    InstanceCheckHandler,
    InstanceEventsHandler,
    InstanceHandler,
    InstancesHandler,
)
from jupyter_trainhub.server.interfaces import IdeHandler, InterfacesHandler
from jupyter_trainhub.server.jobs import (
    JobEventsHandler,
    JobHandler,
    JobsHandler,
    PreviewHandler,
)
from jupyter_trainhub.server.logs import JobLogsHandler
from jupyter_trainhub.server.schemas import SchemasHandler
from jupyter_trainhub.server.snapshots import MeasurementHandler, SnapshotHandler
from jupyter_trainhub.server.ssh import InstanceSshHandler, SshKeysHandler
from jupyter_trainhub.server.ssh_tunnel import SshTunnelHandler
from jupyter_trainhub.server.status import StatusHandler
from jupyter_trainhub.server.tensorboard_proxy import TensorBoardProxyHandler
from jupyter_trainhub.server.tensorboards import TensorBoardHandler, TensorBoardsHandler
from jupyter_trainhub.server.terminal_websocket import TerminalWebSocketHandler
from jupyter_trainhub.server.terminals import TerminalHandler, TerminalsHandler
from jupyter_trainhub.server.transfers import TransferHandler, TransfersHandler

API = "trainhub/api"
NAME = r"([^/]+)"

# The proxied paths take names that need no escape, so that the public prefix is what the browser
# sent, letter by letter.
LAB_PATH = r"trainhub/instances/([A-Za-z0-9_]+)/lab(?:/.*)?"
IDE_PATH = r"trainhub/instances/([A-Za-z0-9_]+)/ide(?:/.*)?"
SHELL = r"trainhub/instances/([A-Za-z0-9_]+)/shell"
TENSORBOARD_PATH = r"trainhub/tensorboards/([0-9a-f]+)(?:/.*)?"

HANDLERS: list[tuple[str, Any]] = [
    (f"{API}/status", StatusHandler),
    (f"{API}/schemas", SchemasHandler),
    (f"{API}/cluster", ClusterHandler),
    (f"{API}/instances", InstancesHandler),
    (f"{API}/instances/(check)", InstanceCheckHandler),
    (f"{API}/instances/{NAME}", InstanceHandler),
    (f"{API}/instances/{NAME}/events", InstanceEventsHandler),
    (f"{API}/instances/{NAME}/interfaces", InterfacesHandler),
    (f"{API}/instances/{NAME}/idle", IdleHandler),
    (f"{API}/instances/{NAME}/ide", IdeHandler),
    (f"{API}/instances/{NAME}/ssh", InstanceSshHandler),
    (f"{API}/images/fitness", ImageFitnessHandler),
    (f"{API}/instances/{NAME}/fitness", InstanceFitnessHandler),
    (f"{API}/instances/{NAME}/snapshot", SnapshotHandler),
    (f"{API}/instances/{NAME}/snapshot/measurement", MeasurementHandler),
    (f"{API}/images", ImagesHandler),
    (f"{API}/images/tag", TagHandler),
    (f"{API}/images/changes", ChangesHandler),
    (f"{API}/images/recipe", RecipeHandler),
    (f"{API}/images/copy", CopyHandler),
    (f"{API}/images/load", LoadHandler),
    (f"{API}/images/export", ExportHandler),
    (f"{API}/transfers", TransfersHandler),
    (f"{API}/transfers/{NAME}", TransferHandler),
    (f"{API}/ssh/keys", SshKeysHandler),
    (f"{API}/jobs", JobsHandler),
    (f"{API}/jobs/(preview)", PreviewHandler),
    (f"{API}/jobs/{NAME}", JobHandler),
    (f"{API}/jobs/{NAME}/logs", JobLogsHandler),
    (f"{API}/jobs/{NAME}/events", JobEventsHandler),
    (f"{API}/tensorboards", TensorBoardsHandler),
    (f"{API}/tensorboards/{NAME}", TensorBoardHandler),
    (LAB_PATH, InstanceProxyHandler),
    (IDE_PATH, IdeProxyHandler),
    (rf"{SHELL}/api/terminals", TerminalsHandler),
    (rf"{SHELL}/api/terminals/([0-9]+)", TerminalHandler),
    (rf"{SHELL}/terminals/websocket/([0-9]+)", TerminalWebSocketHandler),
    (r"trainhub/instances/([A-Za-z0-9_]+)/ssh", SshTunnelHandler),
    (TENSORBOARD_PATH, TensorBoardProxyHandler),
]
