"""The curves of a job as a TensorBoard tells them that runs in the cluster for it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from jupyter_trainhub.hub.jobs.scalars.choice import Curve, chosen
from jupyter_trainhub.hub.jobs.scalars.reader import Point
from jupyter_trainhub.hub.tensorboards import scalars
from jupyter_trainhub.manifests.metric_curves import MOST_POINTS, thinned

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

# Seconds for all answers together: a page asks again, and what has told something is shown.
_PATIENCE = 8.0


def of_tensorboard(hub: Hub, job: str, most: int) -> list[tuple[Curve, list[Point]]]:
    """``most`` curves; none where no TensorBoard shows the job's logs.

    Asking counts as use of the TensorBoard. Raises TrainHubError where it does not answer.
    """
    boards = hub.cluster_tensorboards
    for view in boards.of_job(job):
        if view["phase"] != "Running":
            continue
        endpoint = boards.endpoint(view["id"].removeprefix("cluster-"))
        until = time.monotonic() + _PATIENCE
        tags = scalars.tags(endpoint, _PATIENCE)
        wanted = chosen((Curve(run, tag) for run in tags for tag in tags[run]), most)
        found = []
        for curve in wanted:
            if (left := until - time.monotonic()) <= 0:
                break
            found.append((curve, scalars.points(endpoint, *curve, left)))
        return [
            (curve, [(step, _word(value)) for step, value in thinned(points, MOST_POINTS)])
            for curve, points in found
            if points
        ]
    return []


def _word(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
