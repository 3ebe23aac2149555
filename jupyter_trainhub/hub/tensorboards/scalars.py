"""What TensorBoard has read so far, asked of TensorBoard itself."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.access.reach import bracketed
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint

# Seconds for one answer.
_ANSWER = 30


def tags(endpoint: TensorBoardEndpoint) -> dict[str, list[str]]:
    """The scalar tags of each run. Raises TrainHubError when TensorBoard does not answer."""
    found = _read(endpoint, "data/plugin/scalars/tags")
    return {run: sorted(known) for run, known in sorted(found.items())}


def points(endpoint: TensorBoardEndpoint, run: str, tag: str) -> list[tuple[int, float]]:
    """The curve of a tag as ``(step, value)``, in the order of steps. Raises as :func:`tags`."""
    query = urlencode({"tag": tag, "run": run})
    found = _read(endpoint, f"data/plugin/scalars/scalars?{query}")
    # TensorBoard's JSON writes those that JSON has no numbers for as words: NaN, Infinity.
    return sorted((int(step), float(value)) for _time, step, value in found)


def _read(endpoint: TensorBoardEndpoint, path: str) -> Any:
    connection, way, headers = _way(endpoint)
    try:
        connection.request("GET", f"{way}{endpoint.prefix}/{path}", headers=headers)
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


def _way(endpoint: TensorBoardEndpoint) -> tuple[HTTPConnection, str, dict[str, str]]:
    """A connection, the path that leads to the port, and the headers that let a request pass."""
    gateway = endpoint.gateway
    if gateway is None:
        return HTTPConnection(endpoint.host, endpoint.port, timeout=_ANSWER), "", {}
    url = urlsplit(gateway.url)
    host = bracketed(url.hostname or "")
    connection = (
        HTTPSConnection(host, url.port, timeout=_ANSWER, context=gateway.ssl_context)
        if url.scheme == "https"
        else HTTPConnection(host, url.port, timeout=_ANSWER)
    )
    return connection, url.path + gateway.path, dict(gateway.headers)
