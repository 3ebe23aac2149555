"""What the pods of jobs use, now and since they started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.metrics.cadvisor import CAdvisor
from jupyter_trainhub.hub.metrics.history import History, Track
from jupyter_trainhub.hub.metrics.kubelets import Kubelets
from jupyter_trainhub.hub.metrics.node_stats import NodeStats
from jupyter_trainhub.hub.metrics.nvidia_smi import NvidiaSmi
from jupyter_trainhub.hub.metrics.pod_metrics import PodMetrics
from jupyter_trainhub.hub.metrics.prometheus import Prometheus
from jupyter_trainhub.hub.metrics.sampler import Sampler
from jupyter_trainhub.hub.metrics.source import Missing
from jupyter_trainhub.hub.policy import gpu_resources
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests import usage
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.usage import METRICS, Metric, Series

# Points in one answer, of all series together, and the least that each then has.
MOST_POINTS = 40_000
LEAST_POINTS = 120


class Metrics:
    """What jobs use. Methods may be called by any thread, and block."""

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        user: str,
        job: Callable[[str], Object],
        record: Callable[[str], Iterable[str | bytes]],
    ) -> None:
        """``job(name)`` gives a job's view; ``record(run)`` the lines of a run's ``metrics.jsonl``.

        The latter raises nothing: what cannot be read is empty.
        """
        self._client = client
        self._interval = config.metrics_interval
        self._job = job
        self._record = record
        self._history = History()
        self._prometheus = Prometheus(config)
        self._restored: set[str] = set()
        self._lock = threading.Lock()
        kubelets = Kubelets(client)
        self._sampler = Sampler(
            client,
            # What the first of them knows the others are not asked for.
            [PodMetrics(client), NodeStats(kubelets), CAdvisor(kubelets), NvidiaSmi(client)],
            self._history,
            interval=config.metrics_interval,
            gpu_resources=gpu_resources(config),
            user=user,
        )

    def start(self) -> None:
        """Measure the user's jobs from now on, as long as any runs; returns at once."""
        self._sampler.start()

    def stop(self) -> None:
        """End measuring for good."""
        self._sampler.stop()

    def of(self, name: str, since: str | None = None, pod: str | None = None) -> dict[str, Any]:
        """The Metrics of a job, or of one of its pods, later than ``since`` (ISO 8601).

        Raises NotFound, and InvalidField for what is no time.
        """
        after = _moment(since)
        view = self._job(name)
        run = view.get("run")
        if run:
            self._restore(name, run)
        if view["phase"] == "Running":
            self._sampler.look(name)
        tracks = [track for track in self._tracks(view) if pod in (None, track.pod)]
        finished = _moment(view["finished"]) if view["finished"] else time.time()
        series, missing, useful = self._series(tracks, after, finished)
        told = {one["metric"] for one in series}
        missing = [*missing, *self._sampler.missing] if view["phase"] == "Running" else missing
        most = max(LEAST_POINTS, MOST_POINTS // max(1, len(series)))
        return {
            "job": name,
            "interval": self._interval,
            "sources": useful,
            "missing": _said(missing, told, tracks),
            "asked": [entry for track in tracks for entry in track.asked],
            "series": [{**one, "points": usage.thinned(one["points"], most)} for one in series],
        }

    def samples(self, name: str, run: str | None = None, since: float = 0.0) -> list[Series]:
        """What was seen of a job, or of one run of it, later than ``since`` (Unix time).

        The job may be gone by now. What the run's record holds already is among it.
        """
        return self._series(self._history.tracks(name, run), since, time.time())[0]

    def _series(
        self, tracks: Sequence[Track], since: float, until: float
    ) -> tuple[list[Series], list[Missing], list[str]]:
        found = [one for track in tracks for one in self._history.series(track, since)]
        started = min((track.started for track in tracks if track.started), default=None)
        start = max(started or until, since)
        if start >= until or not self._prometheus.is_named:
            return found, [], self._sampler.useful
        known, missing = self._prometheus.ranges(
            self._client.namespace,
            {track.pod for track in tracks},
            start,
            until,
            {track.pod for track in tracks if track.host_network},
        )
        ranks = {track.pod: track.rank for track in tracks}
        found = [one for one in found if (one["pod"], one["metric"]) not in known]
        found += [
            usage.series(pod, ranks[pod], metric, [point for point in points if point[0] > since])
            for (pod, metric), points in known.items()
        ]
        sources = [*self._sampler.useful, *(["Prometheus"] if known else [])]
        return sorted(found, key=_order), missing, sources

    def _tracks(self, view: Object) -> list[Track]:
        """The job's pods: those measured, and those that only its view tells of."""
        attempts = [view, *(view.get("earlier") or ())]
        pods = {pod["name"]: pod for attempt in attempts for pod in attempt["pods"]}
        run = view.get("run")
        tracks = {track.pod: track for track in self._history.tracks(view["name"], run)}
        found = []
        for pod, entry in pods.items():
            started = entry.get("started") or view["started"]
            track = tracks.pop(pod, None) or Track(pod, pod, view["name"], run, entry["rank"])
            found.append(
                replace(
                    track,
                    # The framework knows it better than the pod alone tells.
                    rank=entry["rank"],
                    started=track.started or (_moment(started) if started else None),
                    asked=[{**asked, "rank": entry["rank"]} for asked in track.asked],
                )
            )
        return sorted([*found, *tracks.values()], key=lambda track: (track.rank, track.pod))

    def _restore(self, name: str, run: str) -> None:
        """Take over what another process measured and wrote into the run's record."""
        with self._lock:
            if run in self._restored:
                return
            self._restored.add(run)
            known = {track.pod: track for track in self._history.tracks(name, run)}
            for one in usage.recorded(self._record(run)):
                pod = one["pod"]
                track = known.get(pod) or Track(f"{run}/{pod}", pod, name, run, one["rank"])
                self._history.follow([track])
                self._history.restore(track.key, one["metric"], one["points"])


def _said(missing: Iterable[Missing], told: set[Metric], tracks: Sequence[Track]) -> list[Object]:
    """Why nothing is known of the metrics of which nothing is told."""
    pods = [track.pod for track in tracks]
    found = [
        {"metric": metric, "why": entry.why, "remedy": entry.remedy}
        for metric in METRICS
        if metric not in told
        for entry in missing
        if entry.concerns(metric, pods)
    ]
    return [entry for index, entry in enumerate(found) if entry not in found[:index]]


def _order(one: Series) -> tuple[int, int, str]:
    return METRICS.index(one["metric"]), one["rank"], one["pod"]


def _moment(text: str | None) -> float:
    """Unix time of an ISO 8601 time, 0 for none. Raises InvalidField."""
    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise InvalidField(
            f"{text!r} is not a time",
            field="since",
            remedy="Write it as 2030-01-31T12:00:00Z.",
        ) from None
