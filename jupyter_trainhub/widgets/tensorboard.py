"""A TensorBoard in a cell's output, in a frame."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import traitlets

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.tensorboards import TensorBoards, TensorBoardView
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.widgets.served import Served
from jupyter_trainhub.widgets.still import tensorboard_html


class TensorBoardFrame(Served):
    """A TensorBoard, ``height`` pixels high, in the page's theme.

    The front end may make another one of it, with more folders; ``changed`` hears of that.
    """

    height = traitlets.Int().tag(sync=True)
    # Its own address on this machine, to be shown in pages that have no Jupyter server.
    direct = traitlets.Unicode().tag(sync=True)
    # Where people find it from there, or why they cannot.
    address = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        boards: TensorBoards,
        view: View,
        changed: Callable[[TensorBoardView], None],
        *,
        direct: str,
        address: str,
        height: int,
    ) -> None:
        self._boards = boards
        self._changed = changed
        answers: dict[str, Callable[[], View | None]] = {
            "stop": self._stop,
            "start": lambda: dict(boards.start(self.name)),
            "refresh": self._look,
        }
        super().__init__("tensorboard", view["id"], view, answers)
        self.direct, self.address, self.height = direct, address, height

    def html(self) -> str:
        """What it shows, as HTML."""
        return tensorboard_html(self.view)

    def text(self) -> str:
        """What it shows, as text."""
        return f"<TensorBoard {', '.join(self.view['folders'])} {self.view['phase']}>"

    def _stop(self) -> View:
        self._boards.stop(self.name)
        return self._look()

    def _look(self) -> View:
        view: dict[str, Any] = dict(self._boards.get(self.name))
        if view["phase"] == "Failed":
            view["log"] = self._boards.log(self.name)
        return view

    @traitlets.observe("view")
    def _other(self, change: Any) -> None:
        id_ = str(change["new"].get("id", ""))
        if change["old"] and id_ != self.name:
            # The page tells it, so it is looked at before it is taken up.
            with contextlib.suppress(TrainHubError):
                view = self._boards.get(id_)
                self.name = id_
                self._changed(view)
