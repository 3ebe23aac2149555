"""What TensorBoard has read so far, asked of TensorBoard itself."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.access.reach import Endpoint
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint

# Seconds, where nobody says how many, and bytes of one answer: the tags of thousands of runs, or
# the points of one curve.
_ANSWER = 30.0
_LONGEST = 64 << 20


def tags(endpoint: TensorBoardEndpoint, seconds: float = _ANSWER) -> dict[str, list[str]]:
    """The scalar tags of each run.

    Raises TrainHubError when TensorBoard does not answer within about ``seconds``.
    """
    found = _read(endpoint, "/data/plugin/scalars/tags", seconds)
    try:
        return {run: sorted(map(str, known)) for run, known in sorted(found.items())}
    except (AttributeError, TypeError):
        raise _silent() from None


def points(
    endpoint: TensorBoardEndpoint, run: str, tag: str, seconds: float = _ANSWER
) -> list[tuple[int, float]]:
    """The curve of a tag as ``(step, value)``, in the order of steps. Raises as :func:`tags`."""
    query = urlencode({"tag": tag, "run": run})
    found = _read(endpoint, f"/data/plugin/scalars/scalars?{query}", seconds)
    try:
        # TensorBoard's JSON writes those that JSON has no numbers for as words: NaN, Infinity.
        return sorted((int(step), float(value)) for _time, step, value in found)
    except (OverflowError, TypeError, ValueError):
        raise _silent() from None


def _read(endpoint: TensorBoardEndpoint, path: str, seconds: float) -> Any:
    host, port, prefix, gateway = endpoint
    answer = Endpoint(host, port, prefix, "", gateway=gateway).get(path, _LONGEST, seconds)
    if answer is None:
        raise _silent()
    status, body = answer
    if status != 200:
        raise TrainHubError(
            f"TensorBoard answered with HTTP status {status}",
            reason="TensorBoardFailed",
            remedy="Look at it in the browser.",
        )
    try:
        return json.loads(body)
    except (RecursionError, ValueError):
        raise _silent() from None


def _silent() -> TrainHubError:
    return TrainHubError(
        "TensorBoard gives no answer that can be read",
        reason="TensorBoardFailed",
        remedy="Open the folder again: th.tensorboard(...).",
    )
