"""TensorBoard in a notebook, and the numbers that it shows."""

from __future__ import annotations

import json
import os
import time
from html import escape
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyter_trainhub.api import session
from jupyter_trainhub.errors import Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.tensorboards import TensorBoards, TensorBoardView
from jupyter_trainhub.hub.tensorboards.roots import allowed_folder

# Seconds: between two looks at what TensorBoard has read so far, and for one answer.
_TICK = 0.5
_ANSWER = 30


def tensorboard(
    *folders: str | os.PathLike[str], timeout: float = 60.0, height: int = 600
) -> TensorBoard:
    """The TensorBoard of ``folders``, started unless it runs; default: the folder ``runs``.

    As the last value of a cell it is shown, ``height`` pixels high.

    Returns once it answers. Raises NotFound for a folder that does not exist, InvalidField for one
    outside the allowed roots, and TrainHubError with TensorBoard's own last words when it does not
    start within ``timeout`` seconds.
    """
    boards = TensorBoards(session.config())
    roots = session.log_roots()
    paths = [
        allowed_folder(Path(folder).expanduser(), roots, shown=str(folder), field="folders")
        for folder in folders or ("runs",)
    ]
    view = boards.wait(boards.ensure(paths)["id"], timeout)
    if view["phase"] != "Running":
        raise TrainHubError(
            f"TensorBoard did not start: {view['message']}",
            reason="TensorBoardFailed",
            remedy="Correct what it says, or wait longer with timeout=.",
        )
    return TensorBoard(boards, view, height)


class TensorBoard:
    """A running TensorBoard. Shown as the last value of a cell it appears in the notebook."""

    def __init__(self, boards: TensorBoards, view: TensorBoardView, height: int = 600) -> None:
        self._boards = boards
        self._view = view
        self._height = height

    @property
    def id(self) -> str:
        """Its id, the same for the same folders."""
        return self._view["id"]

    @property
    def folders(self) -> list[str]:
        """The folders that it shows."""
        return list(self._view["folders"])

    @property
    def url(self) -> str:
        """Its address: through this Jupyter server, or else its own on this machine."""
        server = session.JupyterServer.of_this_kernel()
        if server is not None:
            return f"{server.url}{self._path()}"
        endpoint = self._boards.endpoint(self.id)
        return f"http://{endpoint.host}:{endpoint.port}{endpoint.prefix}/"

    def tags(self) -> dict[str, list[str]]:
        """The scalar tags of each run that TensorBoard has read so far."""
        found = self._read("data/plugin/scalars/tags")
        return {run: sorted(tags) for run, tags in sorted(found.items())}

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
        query = urlencode({"tag": tag, "run": runs[0]})
        points = self._read(f"data/plugin/scalars/scalars?{query}")
        return sorted((int(step), float(value)) for _time, step, value in points)

    def stop(self) -> None:
        """End it."""
        self._boards.stop(self.id)

    def __repr__(self) -> str:
        return f"<TensorBoard {', '.join(self.folders)} {self._boards.get(self.id)['phase']}>"

    def _repr_html_(self) -> str:
        server = session.JupyterServer.of_this_kernel()
        address = f"{server.base_url}{self._path()}" if server is not None else self.url
        return (
            f'<iframe src="{escape(address, quote=True)}" width="100%" height="{self._height}" '
            'style="border: none" title="TensorBoard"></iframe>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not session.in_notebook():
            return {"text/plain": repr(self), "text/html": self._repr_html_()}
        from jupyter_trainhub.widgets.tensorboard import TensorBoardFrame

        # Its own address holds what keeps others out, so a notebook gets it where it must.
        direct = "" if session.JupyterServer.of_this_kernel() else self.url
        frame = TensorBoardFrame(self._boards, self.id, direct, self._height)
        data, metadata = frame._repr_mimebundle_(**kwargs)
        # A page without widgets has the frame nevertheless.
        return {**data, "text/html": self._repr_html_()}, metadata

    def _path(self) -> str:
        return f"trainhub/tensorboards/{self.id}/"

    def _runs_with(self, tag: str, run: str | None, timeout: float) -> list[str]:
        end = time.monotonic() + timeout
        while True:
            tags = self.tags()
            runs = [name for name, known in tags.items() if tag in known and run in (None, name)]
            if runs:
                return runs
            if time.monotonic() >= end:
                raise NotFound(
                    f"no run{f' {run!r}' if run else ''} has a scalar {tag!r}",
                    field="tag",
                    remedy=f"There is: {_listed(tags)}.",
                )
            time.sleep(_TICK)

    def _read(self, path: str) -> Any:
        endpoint = self._boards.endpoint(self.id)
        connection = HTTPConnection(endpoint.host, endpoint.port, timeout=_ANSWER)
        try:
            connection.request("GET", f"{endpoint.prefix}/{path}")
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise TrainHubError(
                    f"TensorBoard answered with HTTP status {response.status}",
                    reason="TensorBoardFailed",
                    remedy="Look at it in the browser.",
                )
            return json.loads(body)
        except (OSError, HTTPException, ValueError) as error:
            raise TrainHubError(
                f"TensorBoard does not answer ({type(error).__name__})",
                reason="TensorBoardFailed",
                remedy="Open the folder again: th.tensorboard(...).",
            ) from None
        finally:
            connection.close()


def _listed(tags: dict[str, list[str]]) -> str:
    shown = [f"{tag} in {run}" for run, known in tags.items() for tag in known]
    return ", ".join(shown[:20]) or "nothing yet"
