"""What live widgets have in common: an object of the hub, shown and acted upon by the front end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import anywidget
import traitlets

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.widgets import front_end

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# By this JupyterLab's half shows the text beside it where the widget is gone, and keeps it current.
OUTPUT = "application/vnd.trainhub.output+json"


class Served(anywidget.AnyWidget):
    """One object, ``view``, of a ``kind``: ``job``, ``instance``, ``tensorboard`` or ``cluster``.

    The front end refreshes it and acts through the Jupyter server. Where it reaches none, it asks
    the kernel by messages ``{"ask": NAME}``, which ``answers`` has the calls for: each returns the
    new view, or None where nothing is to be shown.
    """

    _esm = front_end.module()
    _css = front_end.style()

    kind = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    # What went wrong with the last thing asked of the kernel, as a sentence.
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, kind: str, name: str, view: View, answers: Mapping[str, Callable[[], View | None]]
    ) -> None:
        super().__init__(kind=kind, name=name, view=view)
        self._answers = dict(answers)
        self.on_msg(self._asked)

    def html(self) -> str:
        """The state as HTML, for pages that show no widgets."""
        return f"<b>{escape(self.name)}</b>"

    def text(self) -> str:
        """The state as text."""
        return self.name

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget, with HTML and text that stay in the notebook when the kernel is gone."""
        self.display_begun()
        bundle, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        kept = {OUTPUT: {"kind": self.kind, "name": self.name}}
        return {**bundle, **kept, "text/html": self.html(), "text/plain": self.text()}, metadata

    def display_begun(self) -> None:
        """Called when it is displayed, each time."""

    def _asked(self, widget: Any, content: Any, buffers: Any) -> None:
        call = self._answers.get(str(content.get("ask")))
        if call is not None:
            threading.Thread(target=self._answer, args=(call,), daemon=True).start()

    def _answer(self, call: Callable[[], View | None]) -> None:
        try:
            view = call()
        except TrainHubError as error:
            self.problem = str(error)
            return
        self.problem = ""
        if view is not None:
            self.view = view
