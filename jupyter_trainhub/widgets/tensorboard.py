"""A TensorBoard in a cell's output, in a frame."""

from __future__ import annotations

from typing import Any

import traitlets

from jupyter_trainhub.hub.tensorboards import TensorBoards
from jupyter_trainhub.widgets.served import Served
from jupyter_trainhub.widgets.still import tensorboard_html


class TensorBoardFrame(Served):
    """The TensorBoard ``id`` of this machine, ``height`` pixels high, in the page's theme."""

    height = traitlets.Int().tag(sync=True)
    # Its own address on this machine, for pages that have no Jupyter server.
    direct = traitlets.Unicode().tag(sync=True)

    def __init__(self, boards: TensorBoards, id: str, direct: str, height: int) -> None:
        view = dict(boards.get(id))
        answers: dict[str, Any] = {
            "stop": lambda: boards.stop(id),
            "refresh": lambda: dict(boards.get(id)),
        }
        super().__init__("tensorboard", id, view, answers)
        self.direct, self.height = direct, height

    def html(self) -> str:
        """What it shows, as HTML."""
        return tensorboard_html(self.view)

    def text(self) -> str:
        """What it shows, as text."""
        return f"<TensorBoard {', '.join(self.view['folders'])} {self.view['phase']}>"
