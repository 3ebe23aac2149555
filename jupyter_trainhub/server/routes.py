"""Which handler answers at which path, below the server's base URL."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.server.cluster import ClusterHandler
from jupyter_trainhub.server.failure import (
    JobFailureHandler,
    NotebookFailuresHandler,
    RunFailureHandler,
)
from jupyter_trainhub.server.fitness import ImageFitnessHandler, InstanceFitnessHandler
from jupyter_trainhub.server.idle import IdleHandler
from jupyter_trainhub.server.ignore_file import IgnoreFileHandler
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
from jupyter_trainhub.server.job_yaml import JobYamlHandler
from jupyter_trainhub.server.jobs import (
    JobEventsHandler,
    JobHandler,
    JobsHandler,
    PreviewHandler,
    ResubmissionHandler,
)
from jupyter_trainhub.server.logs import JobLogsHandler
from jupyter_trainhub.server.metrics import JobMetricsHandler
from jupyter_trainhub.server.modules import ImageModulesHandler
from jupyter_trainhub.server.places import INSTANCE, JOB_POD
from jupyter_trainhub.server.runs import (
    RunExportHandler,
    RunFileHandler,
    RunFilesHandler,
    RunHandler,
    RunLogHandler,
    RunsComparisonHandler,
    RunsHandler,
    RunSubmitHandler,
)
from jupyter_trainhub.server.scalars import JobScalarsHandler
from jupyter_trainhub.server.schemas import SchemasHandler
from jupyter_trainhub.server.snapshots import MeasurementHandler, SnapshotHandler
from jupyter_trainhub.server.ssh import InstanceSshHandler, JobSshHandler, SshKeysHandler
from jupyter_trainhub.server.ssh_tunnel import JobSshTunnelHandler, SshTunnelHandler
from jupyter_trainhub.server.status import StatusHandler
from jupyter_trainhub.server.tensorboard_proxy import (
    TensorBoardPortHandler,
    TensorBoardProxyHandler,
)
from jupyter_trainhub.server.tensorboards import (
    TensorBoardHandler,
    TensorBoardLogHandler,
    TensorBoardsHandler,
)
from jupyter_trainhub.server.terminal_websocket import TerminalWebSocketHandler
from jupyter_trainhub.server.terminals import TerminalHandler, TerminalsHandler
from jupyter_trainhub.server.transfers import TransferHandler, TransfersHandler
from jupyter_trainhub.server.volume_files import VolumeArchiveHandler, VolumeFileHandler
from jupyter_trainhub.server.volumes import VolumeFilesHandler, VolumeHandler, VolumesHandler

API = "trainhub/api"
NAME = r"([^/]+)"

# The proxied paths take names that need no escape, so that the public prefix is what the browser
# sent, letter by letter.
LAB_PATH = r"trainhub/instances/([A-Za-z0-9_]+)/lab(?:/.*)?"
IDE_PATH = r"trainhub/instances/([A-Za-z0-9_]+)/ide(?:/.*)?"
TENSORBOARD_PATH = r"trainhub/tensorboards/([A-Za-z0-9-]+)(?:/.*)?"
TENSORBOARD_PORT = r"trainhub/tensorboards/port/([0-9]{1,5})(?:/.*)?"

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
    (f"{API}/images/modules", ImageModulesHandler),
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
    (f"{API}/notebooks/ignore", IgnoreFileHandler),
    (f"{API}/jobs", JobsHandler),
    (f"{API}/jobs/(preview)", PreviewHandler),
    (f"{API}/jobs/{NAME}", JobHandler),
    (f"{API}/jobs/{NAME}/logs", JobLogsHandler),
    (f"{API}/jobs/{NAME}/events", JobEventsHandler),
    (f"{API}/jobs/{NAME}/resubmit", ResubmissionHandler),
    (f"{API}/jobs/{NAME}/ssh", JobSshHandler),
    (f"{API}/jobs/{NAME}/yaml", JobYamlHandler),
    (f"{API}/jobs/{NAME}/metrics", JobMetricsHandler),
    (f"{API}/jobs/{NAME}/scalars", JobScalarsHandler),
    (f"{API}/jobs/{NAME}/failure", JobFailureHandler),
    (f"{API}/notebooks/failures", NotebookFailuresHandler),
    (f"{API}/runs", RunsHandler),
    (f"{API}/runs/(compare)", RunsComparisonHandler),
    (f"{API}/runs/{NAME}", RunHandler),
    (f"{API}/runs/{NAME}/files", RunFilesHandler),
    (f"{API}/runs/{NAME}/file", RunFileHandler),
    (f"{API}/runs/{NAME}/log", RunLogHandler),
    (f"{API}/runs/{NAME}/failure", RunFailureHandler),
    (f"{API}/runs/{NAME}/submit", RunSubmitHandler),
    (f"{API}/runs/{NAME}/export", RunExportHandler),
    (f"{API}/volumes", VolumesHandler),
    (f"{API}/volumes/{NAME}", VolumeHandler),
    (f"{API}/volumes/{NAME}/files", VolumeFilesHandler),
    (f"{API}/volumes/{NAME}/file", VolumeFileHandler),
    (f"{API}/volumes/{NAME}/archive", VolumeArchiveHandler),
    (f"{API}/tensorboards", TensorBoardsHandler),
    (f"{API}/tensorboards/{NAME}", TensorBoardHandler),
    (f"{API}/tensorboards/{NAME}/log", TensorBoardLogHandler),
    (LAB_PATH, InstanceProxyHandler),
    (IDE_PATH, IdeProxyHandler),
    *(
        (f"trainhub/{place}/{path}", handler)
        for place, tunnel in ((INSTANCE, SshTunnelHandler), (JOB_POD, JobSshTunnelHandler))
        for path, handler in (
            (r"shell/api/terminals", TerminalsHandler),
            (r"shell/api/terminals/(?P<id_>[0-9]+)", TerminalHandler),
            (r"shell/terminals/websocket/(?P<id_>[0-9]+)", TerminalWebSocketHandler),
            (r"ssh", tunnel),
        )
    ),
    (TENSORBOARD_PORT, TensorBoardPortHandler),
    (TENSORBOARD_PATH, TensorBoardProxyHandler),
]
