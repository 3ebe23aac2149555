"""The latest curves of a job, of whatever tells them."""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.jobs.scalars.by_tensorboard import of_tensorboard
from jupyter_trainhub.hub.jobs.scalars.choice import Curve, chosen
from jupyter_trainhub.hub.jobs.scalars.reader import Point, ScalarReader
from jupyter_trainhub.hub.tensorboards.job_logs import named_folder, seen_here
from jupyter_trainhub.hub.tensorboards.local.interpreter import interpreter
from jupyter_trainhub.manifests.log_places import LogPlaces
from jupyter_trainhub.manifests.metric_curves import MOST_POINTS
from jupyter_trainhub.specs.job import JobSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.views import View

MOST_SERIES = 8
# Runs whose tags are chosen from.
_MOST_RUNS = 16
# Seconds for which an answer is good enough: several pages may show one job.
_FRESH = 3.0
# Seconds by which clocks of machines may differ.
_SKEW = 60.0

Curves = list[tuple[Curve, list[Point]]]


class Scalars:
    """The curves of the jobs of one hub. Methods may be called by any thread."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._reader = ScalarReader(lambda: interpreter(hub.config.tensorboard_python))
        self._known: dict[str, tuple[float, View]] = {}

    def of(self, name: str) -> View:
        """The Scalars of the job ``name``, as REST shows them. Raises NotFound.

        From its event files where this machine sees them, else from a TensorBoard that the cluster
        runs for it, else from what its log tells.
        """
        at, known = self._known.get(name, (float("-inf"), None))
        if known is None or at + _FRESH < time.monotonic():
            known = self._look(self._hub.jobs.get(name))
            now = time.monotonic()
            fresh = {key: item for key, item in self._known.items() if item[0] + _FRESH > now}
            self._known = {**fresh, name: (now, known)}
        return known

    def close(self) -> None:
        """End the process that reads."""
        self._reader.close()

    def _look(self, view: View) -> View:
        source, folder, curves, message = "tensorboard", None, Curves(), ""
        try:
            folder, curves = self._by_files(view)
            if not curves and (view["log_folders"] or named_folder(JobSpec.parse(view["spec"]))):
                curves = of_tensorboard(self._hub, view["name"], MOST_SERIES)
        except TrainHubError as error:
            message = str(error)
        if not curves:
            source, curves = "log", self._by_log(view)
        return {
            "source": source if curves else None,
            "folder": folder,
            "at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "series": [_series(curve, points) for curve, points in curves],
            "message": "" if curves else message or "The job has told no metrics yet.",
        }

    def _by_files(self, view: View) -> tuple[str | None, Curves]:
        """The log folder as pods see it, and what is in it. Raises TrainHubError."""
        spec = JobSpec.parse(view["spec"])
        places = LogPlaces(view["log_folders"], view["log_runs"])
        named = named_folder(spec)
        for folder in places.folders or ([named] if named else []):
            here = seen_here(self._hub, spec, view["owner"], folder)
            if here is not None:
                runs = [run for run in places.runs if f"{run}/".startswith(f"{folder}/")]
                found = self._read(here, [posixpath.relpath(run, folder) for run in runs], view)
                if found:
                    return folder, found
        return None, []

    def _read(self, folder: Path, runs: Sequence[str], view: View) -> Curves:
        """The curves of ``runs`` of a folder; of none those written to since the job began."""
        # Others may have put many runs beside those of the job.
        top = posixpath.commonpath(runs) if runs else "."
        root = folder / top
        if not root.resolve().is_relative_to(folder):
            return []
        names = [posixpath.relpath(run, top) for run in runs] or None
        found = self._reader.runs(root, names, _MOST_RUNS)
        if names is None:
            found = [run for run in found if run.at + _SKEW > _seconds(view["started"])]
        wanted = chosen((Curve(run.name, tag) for run in found for tag in run.tags), MOST_SERIES)
        read = self._reader.curves(root, wanted, MOST_POINTS) if wanted else []
        return [(Curve(os.path.normpath(f"{top}/{run}"), tag), points)
                for (run, tag), points in read]  # fmt: skip

    def _by_log(self, view: View) -> Curves:
        told = self._hub.progress.curves(view)
        return [
            (curve, [(at, "NaN" if value is None else value) for at, value in told[curve.tag]])
            for curve in chosen((Curve("", tag) for tag in told), MOST_SERIES)
        ]


def _series(curve: Curve, points: Sequence[Point]) -> View:
    step, value = points[-1]
    return {
        "run": curve.run,
        "tag": curve.tag,
        "points": points,
        "last": {"step": step, "value": value},
    }


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() if time else 0.0
