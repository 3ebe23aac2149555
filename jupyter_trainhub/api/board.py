"""One TensorBoard, as a notebook shows it and asks it."""

from __future__ import annotations

import time
from html import escape
from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.api.log_folders import Folder, here, texts
from jupyter_trainhub.errors import Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.access.reach import bracketed
from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.tensorboards import TensorBoards, TensorBoardView, scalars
from jupyter_trainhub.hub.tensorboards.running import require_running
from jupyter_trainhub.widgets.still import tensorboard_html

# Seconds between two looks at what TensorBoard has read so far.
_TICK = 0.5


class TensorBoard:
    """A TensorBoard. As the last value of a cell it appears in the notebook."""

    def __init__(
        self, boards: TensorBoards, view: TensorBoardView, timeout: float = 60.0, height: int = 600
    ) -> None:
        self._boards = boards
        self._view = view
        self._timeout = timeout
        self._height = height

    @property
    def id(self) -> str:
        """Its id: for a local one the same for the same folders."""
        return self._view["id"]

    @property
    def name(self) -> str:
        """Its name; that of one in the cluster is known to all who may read it."""
        return self._view["name"]

    @property
    def folders(self) -> list[str]:
        """The folders that it shows, each ``path`` or ``name:path``."""
        return list(self._view["folders"])

    @property
    def view(self) -> dict[str, Any]:
        """All that is known, as the REST interface shows it, as of the last look."""
        return dict(self._view)

    @property
    def state(self) -> dict[str, Any]:
        """All that is known now: ``phase``, ``message``, ``memory`` and so on. Raises NotFound."""
        self._view = self._boards.get(self.id)
        return self.view

    @property
    def url(self) -> str:
        """Its address: through this Jupyter server, or else its own, once it runs.

        Raises Conflict where only the cluster's API server reaches it.
        """
        server = session.JupyterServer.of_this_kernel()
        if server is not None:
            return f"{server.url}{self._view['url']}"
        self._wait()
        endpoint = self._boards.endpoint(self.id)
        if endpoint.gateway is not None:
            raise Conflict(
                f"the TensorBoard {self.name!r} is reached through the cluster only",
                reason="NoDirectAddress",
                remedy=f"Run in a terminal: trainhub open tensorboard {self.name}",
            )
        return f"http://{bracketed(endpoint.host)}:{endpoint.port}{endpoint.prefix}/"

    def add(self, *folders: Folder) -> TensorBoard:
        """Show these folders, too. A local one becomes another one, with an id of its own."""
        # The view does not tell whether they are those of an instance: so an absolute path is as
        # its pods see it, or else as we do.
        changes = {"folders": [*self.folders, *texts(folders)]}
        self._view = self._boards.update(self.id, changes, here)
        return self

    def stop(self) -> TensorBoard:
        """End it; ``start`` has it again."""
        self._boards.stop(self.id)
        return self

    def start(self) -> TensorBoard:
        """Start it again."""
        self._view = self._boards.start(self.id)
        return self

    def delete(self) -> None:
        """End it and forget it. What it shows stays."""
        self._boards.delete(self.id)

    def log(self) -> str:
        """The end of what it has printed."""
        return self._boards.log(self.id)

    def tags(self) -> dict[str, list[str]]:
        """The scalar tags of each run that TensorBoard has read so far."""
        self._wait()
        return scalars.tags(self._boards.endpoint(self.id))

    def scalars(
        self, tag: str, run: str | None = None, timeout: float = 30.0
    ) -> list[tuple[int, float]]:
        """The curve of ``tag`` as ``(step, value)``, in the order of steps.

        ``run`` may be left out when one run alone has the tag. TensorBoard reads logs at its own
        pace, so up to ``timeout`` seconds are waited for the tag. Raises NotFound, and Conflict
        when several runs have it.
        """
        runs = self._runs_with(tag, run, timeout)
        if len(runs) > 1:
            raise Conflict(
                f"{len(runs)} runs have the tag {tag!r}: {', '.join(runs)}",
                reason="SeveralRuns",
                field="run",
                remedy="Name one of them with run=.",
            )
        return scalars.points(self._boards.endpoint(self.id), runs[0], tag)

    def __repr__(self) -> str:
        try:
            view = self.state
        except NotFound:
            return f"<TensorBoard {', '.join(self.folders)} deleted>"
        told = "it has seen no event file yet" if view["waiting"] else why(view)
        folders = ", ".join(view["folders"])
        return f"<TensorBoard {folders} {view['phase']}{f': {told}' if told else ''}>"

    def _repr_html_(self) -> str:
        server = session.JupyterServer.of_this_kernel()
        try:
            address = f"{server.base_url}{self._view['url']}" if server else self.url
        except TrainHubError as error:
            return f"{tensorboard_html(self.view)} {escape(str(error))}"
        return (
            f'<iframe src="{escape(address, quote=True)}" width="100%" height="{self._height}" '
            'style="border: none" title="TensorBoard" sandbox="allow-scripts allow-same-origin '
            'allow-forms allow-popups allow-downloads allow-modals"></iframe>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        html = self._repr_html_()
        if not session.in_notebook():
            return {"text/plain": repr(self), "text/html": html}
        from jupyter_trainhub.widgets.tensorboard import TensorBoardFrame

        address = direct = ""
        try:
            address = self.url
            # Its own address holds what keeps others out, so a notebook gets it where it must.
            direct = "" if session.JupyterServer.of_this_kernel() else address
        except TrainHubError as error:
            # The frame tells it where it cannot show the page.
            address = str(error)
        frame = TensorBoardFrame(
            self._boards,
            self.state,
            self._changed,
            direct=direct,
            address=address,
            height=self._height,
        )
        data, metadata = frame._repr_mimebundle_(**kwargs)
        # A page without widgets has the frame nevertheless.
        return {**data, "text/html": html}, metadata

    def _changed(self, view: TensorBoardView) -> None:
        self._view = view

    def _wait(self) -> None:
        """Return once it answers. Raises Conflict when it does not start, or has ended."""
        self._view = self._boards.wait(self.id, self._timeout)
        require_running(self._view)

    def _runs_with(self, tag: str, run: str | None, timeout: float) -> list[str]:
        end = time.monotonic() + timeout
        while True:
            tags = self.tags()
            runs = [name for name, known in tags.items() if tag in known and run in (None, name)]
            if runs:
                return runs
            if time.monotonic() >= end:
                raise self._no_tag(tag, run, tags)
            time.sleep(_TICK)

    def _no_tag(self, tag: str, run: str | None, tags: dict[str, list[str]]) -> NotFound:
        if self._view["waiting"]:
            return NotFound(
                f"no event file has been seen in {', '.join(self.folders)} yet",
                field="tag",
                remedy="Start the training that writes there, or name another folder.",
            )
        shown = [f"{name} in {run}" for run, known in tags.items() for name in known][:20]
        return NotFound(
            f"no run{f' {run!r}' if run else ''} has a scalar {tag!r}",
            field="tag",
            remedy=f"There is: {', '.join(shown) or 'nothing yet'}.",
        )
