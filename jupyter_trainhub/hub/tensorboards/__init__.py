"""TensorBoards of this machine: one for each set of folders, shared by a user's programs."""

from jupyter_trainhub.hub.tensorboards.manager import (
    TensorBoardConfig,
    TensorBoardMissing,
    TensorBoards,
)
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint, TensorBoardView

__all__ = [
    "TensorBoardConfig",
    "TensorBoardEndpoint",
    "TensorBoardMissing",
    "TensorBoardView",
    "TensorBoards",
]
