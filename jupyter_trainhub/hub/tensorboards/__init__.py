"""TensorBoards: processes of this machine, pods of the cluster, and those that others started."""

from jupyter_trainhub.hub.tensorboards.local.interpreter import TensorBoardMissing
from jupyter_trainhub.hub.tensorboards.local.manager import TensorBoardConfig
from jupyter_trainhub.hub.tensorboards.manager import TensorBoards
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint, TensorBoardView

__all__ = [
    "TensorBoardConfig",
    "TensorBoardEndpoint",
    "TensorBoardMissing",
    "TensorBoardView",
    "TensorBoards",
]
