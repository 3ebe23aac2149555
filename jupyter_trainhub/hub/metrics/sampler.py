"""Measures the pods of running jobs at regular times, while there are any."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Sequence
from datetime import datetime

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.metrics.history import History, Track
from jupyter_trainhub.hub.metrics.source import Missing, Source, Target
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.frameworks.registry import rank_of
from jupyter_trainhub.manifests.labels import RUN, Object, owner, selector, user_name
from jupyter_trainhub.manifests.usage import Metric, asked

# Seconds for which whoever has asked for a job counts as looking at it.
LOOKING_SECONDS = 120.0
# While nobody looks, costly sources are asked each so many times only.
SELDOM = 4
# Sweeps that find nothing to measure, or fail, after which it ends; it begins anew when asked.
IDLE_SWEEPS = 8

_log = logging.getLogger(__name__)


class Sampler:
    """Fills a history: the jobs of ``user``, and whosever job somebody looks at.

    A sweep takes one list of the namespace's running pods and what the sources take.
    """

    def __init__(
        self,
        client: KubeClient,
        sources: Sequence[Source],
        history: History,
        *,
        interval: float,
        gpu_resources: Collection[str],
        user: str,
    ) -> None:
        self._client = client
        self._sources = sources
        self._history = history
        self._interval = interval
        self._gpu_resources = gpu_resources
        self._user = user
        self._looked: dict[str, float] = {}
        self._lock = threading.Lock()
        self._sweeping = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._sweeps = 0
        self._measured: dict[str, float] = {}
        self._missing: dict[str, list[Missing]] = {}
        self._useful: set[str] = set()

    @property
    def missing(self) -> list[Missing]:
        """What the sources could not tell the last time."""
        return [said for source in list(self._missing.values()) for said in source]

    @property
    def useful(self) -> list[str]:
        """The sources that have told something."""
        return sorted(self._useful)

    def start(self) -> None:
        """Begin to measure, unless it goes on already; returns at once."""
        with self._lock:
            if self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(
                    target=self._run, name="trainhub-metrics", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End for good; a sweep under way is not waited for."""
        self._ending.set()

    def look(self, job: str) -> None:
        """Somebody looks at a running job: measure it at once where that was not done lately."""
        self._looked[job] = time.monotonic()
        with self._sweeping:
            if time.monotonic() - self._measured.get(job, -1e9) >= 2 * self._interval:
                self.sweep()
        self.start()

    def sweep(self) -> int:
        """Measure once; how many pods there were. Raises what listing pods raises."""
        now, self._sweeps = time.monotonic(), self._sweeps + 1
        looked = {job for job, at in self._looked.items() if now - at < LOOKING_SECONDS}
        pods = {
            pod["metadata"]["name"]: pod
            for pod in self._client.list(
                PODS, label_selector=selector("job"), field_selector="status.phase=Running"
            )
            if user_name(pod) in looked or owner(pod) == self._user
        }
        tracks = {name: self.track(pod) for name, pod in pods.items()}
        self._history.follow(tracks.values())
        targets = [Target.of(pod, self._gpu_resources) for pod in pods.values()]
        seldom = self._sweeps % SELDOM != 1
        taken: set[tuple[str, Metric]] = set()
        for source in self._sources:
            due = [
                target
                for target in targets
                if any((target.pod, metric) not in taken for metric in source.metrics)
                and not (seldom and source.costly and tracks[target.pod].job not in looked)
            ]
            if not due:
                continue
            answer = source.read(due)
            self._missing[source.name] = answer.missing
            for reading in answer.readings:
                if (reading.pod, reading.metric) not in taken:
                    self._history.add(tracks[reading.pod].key, reading)
                    self._useful.add(source.name)
            taken |= {(reading.pod, reading.metric) for reading in answer.readings}
        self._measured = {track.job: time.monotonic() for track in tracks.values()}
        return len(pods)

    def track(self, pod: Object) -> Track:
        """The pod as the history follows it."""
        metadata, status = pod["metadata"], pod.get("status") or {}
        run = (metadata.get("labels") or {}).get(RUN)
        name = metadata["name"]
        started = status.get("startTime")
        return Track(
            key=f"{run}/{name}" if run else metadata["uid"],
            pod=name,
            job=user_name(pod),
            run=run,
            rank=rank_of(pod),
            started=_seconds(started) if started else None,
            host_network=bool(pod["spec"].get("hostNetwork")),
            asked=asked(pod, rank_of(pod), self._gpu_resources),
        )

    def _run(self) -> None:
        idle = 0
        while idle < IDLE_SWEEPS and not self._ending.wait(self._interval):
            try:
                with self._sweeping:
                    measured = self.sweep()
            except TrainHubError as error:
                # The cluster is away. If it stays so, whoever connects anew begins anew.
                _log.debug("jobs were not measured: %s", error)
                measured = 0
            except Exception:
                _log.exception("measuring jobs failed")
                measured = 0
            idle = 0 if measured else idle + 1
        with self._lock:
            self._thread = None


def _seconds(time_text: str) -> float:
    return datetime.fromisoformat(time_text.replace("Z", "+00:00")).timestamp()
