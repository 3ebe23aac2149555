"""TensorBoards that this user started by other means: ``%tensorboard``, a terminal, a script."""

from jupyter_trainhub.hub.tensorboards.found.manager import FoundTensorBoards

__all__ = ["FoundTensorBoards"]
