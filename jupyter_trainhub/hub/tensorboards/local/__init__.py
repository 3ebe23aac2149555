"""TensorBoards of this machine: one process for each set of folders and options."""

from jupyter_trainhub.hub.tensorboards.local.manager import LocalTensorBoards, TensorBoardConfig
from jupyter_trainhub.hub.tensorboards.local.record import Options

__all__ = ["LocalTensorBoards", "Options", "TensorBoardConfig"]
