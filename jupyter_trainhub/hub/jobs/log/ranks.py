"""Which pod is a rank of a job at the moment, and whether another one may follow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.jobs.log.request import LogRequest, pods_of
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.job_status import ENDED, over
from jupyter_trainhub.manifests.labels import Object

# Seconds for which all ranks believe one look at the job.
_FRESH = 0.5


@dataclass(frozen=True)
class PodOfRank:
    """The pod that is or was a rank in ``attempt``; ``final`` when no other one will be it."""

    pod: Object | None
    final: bool
    attempt: int = 1


class Ranks:
    """The pods of one job. Its methods may be called by any thread."""

    def __init__(
        self, client: KubeClient, look: Callable[[], Object], request: LogRequest, view: Object
    ) -> None:
        """``look`` gives the present view of the job, ``view`` was the last one."""
        self._client = client
        self._look = look
        self._request = request
        self._uid = view["uid"]
        self._lock = threading.Lock()
        self._seen: tuple[float, Object] = (time.monotonic(), view)

    def find(self, rank: int) -> PodOfRank:
        """The pod of a rank. Raises what the cluster refuses, and ClusterUnavailable."""
        try:
            view = self._view()
        except NotFound:
            return PodOfRank(None, final=True, attempt=self._request.attempt or 1)
        attempt = self._request.attempt or view["attempt"]
        final = self._is_final(view, attempt)
        names = [pod["name"] for pod in pods_of(view, attempt) if pod["rank"] == rank]
        if names:
            try:
                return PodOfRank(self._client.get(PODS, names[0]), final, attempt)
            except NotFound:
                # It has gone since the look.
                return PodOfRank(None, final, attempt)
        return PodOfRank(None, final and self._is_over(view, attempt), attempt)

    def _view(self) -> Object:
        with self._lock:
            at, view = self._seen
            if time.monotonic() - at > _FRESH:
                view = self._look()
                self._seen = time.monotonic(), view
            return view

    def _is_over(self, view: Object, attempt: int) -> bool:
        return bool(view["attempt"] > attempt or view["phase"] in ENDED)

    def _is_final(self, view: Object, attempt: int) -> bool:
        if self._request.attempt is not None or view["attempt"] >= view["attempts"]:
            return True
        return over(view)
