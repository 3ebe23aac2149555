"""The log of one rank, read on wherever it breaks off.

Kubernetes ends a followed log when the container ends, but also when a connection breaks or an API
server restarts: it is read on from the last line until the container has ended.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from jupyter_trainhub.errors import ClusterRefused, ClusterUnavailable, NotFound
from jupyter_trainhub.hub.jobs.log.lines import LONGEST, Line, Lines
from jupyter_trainhub.hub.jobs.log.ranks import PodOfRank
from jupyter_trainhub.hub.jobs.log.request import LogRequest
from jupyter_trainhub.hub.waiting import LONGEST_OUTAGE
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.kube.stream import Stream
from jupyter_trainhub.manifests import log_record
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import main_container

# Seconds between two looks at a pod that has not started, or whose log broke off.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
# Seconds for which the log of a container that has ended may fail to be read.
_PATIENCE = 10.0


class Recording(Protocol):
    """A log that was kept: chunks of bytes, and a way to end them.

    ``is_whole`` says that it holds all that was printed, which the cluster's need not.
    """

    @property
    def is_whole(self) -> bool: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


FindPod = Callable[[int], PodOfRank]
# What was kept of a rank in an attempt, the last lines of it or all; raises NotFound.
Recorded = Callable[[int, int, int | None], Recording]


class RankLog:
    """What one rank has written, and while it is followed, what it goes on to write."""

    def __init__(
        self, client: KubeClient, rank: int, find: FindPod, recorded: Recorded, request: LogRequest
    ) -> None:
        self._client = client
        self._rank = rank
        self._find = find
        self._recorded = recorded
        self._request = request
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._source: Stream | Recording | None = None
        self._heard = time.monotonic()

    def close(self) -> None:
        """End it, also for a thread that waits for the next lines."""
        self._closed.set()
        with self._lock:
            source = self._source
        if source is not None:
            source.close()

    def __iter__(self) -> Iterator[list[Line]]:
        """Lines as they come. Raises Forbidden and what else the cluster refuses for good."""
        for lines in self._lines():
            shown = lines if self._request.records else map(_without_record, lines)
            if left := [line for line in shown if line.text]:
                yield left

    def _lines(self) -> Iterator[list[Line]]:
        pause = _SHORTEST_PAUSE
        reading: _Reading | None = None
        while not self._closed.is_set():
            found = self._look()
            if found is not None and found.pod is None and found.final:
                if reading is None and (kept := self._kept(found.attempt)):
                    yield from self._read(kept)
                return
            if reading is None and found is not None and self._request.is_whole:
                # The kubelet puts a log file aside that is full, 10 MiB by default, and shows the
                # one that is being written.
                kept = self._kept(found.attempt)
                if kept and kept.is_whole:
                    yield from self._read(kept)
                    return
            if found is not None and found.pod is not None:
                if reading is None or reading.pod != found.pod["metadata"]["name"]:
                    if reading is not None:
                        yield [Line(reading.lines.stamp, _attempt(found))]
                    reading = _Reading(found.pod, parts=self._request.rank is not None)
                before = reading.lines.stamp
                yield from self._once(reading, found.pod)
                if reading.complete and (found.final or not self._request.follow):
                    return
                if reading.lines.stamp != before:
                    pause = _SHORTEST_PAUSE
            elif found is not None and not self._request.follow:
                return
            self._closed.wait(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _look(self) -> PodOfRank | None:
        """The pod at the moment; None while the cluster is away that is waited for."""
        try:
            found = self._find(self._rank)
        except ClusterUnavailable:
            if not self._request.follow or time.monotonic() - self._heard > LONGEST_OUTAGE:
                raise
            return None
        self._heard = time.monotonic()
        return found

    def _once(self, reading: _Reading, pod: Object) -> Iterator[list[Line]]:
        """The log from where it is, until the server ends it or the connection breaks."""
        started, ended = _state(pod)
        if reading.complete or not (started or self._request.previous):
            reading.complete |= ended or not self._request.follow
            return
        try:
            stream = self._client.stream(PODS, reading.pod, "log", self._query(reading, pod, ended))
            with self._reading(stream):
                for chunk in stream:
                    reading.heard = time.monotonic()
                    yield reading.lines.take(chunk)
            # The server has ended it; what it ends before the container has is read on.
            yield reading.lines.end() if ended else []
            reading.complete = ended or not self._request.follow
        except NotFound:
            # Between looking and asking the pod has gone.
            return
        except (ClusterRefused, ClusterUnavailable):
            # The container may not have started after all, or the connection broke.
            if time.monotonic() - reading.heard > (_PATIENCE if ended else LONGEST_OUTAGE):
                raise

    def _query(self, reading: _Reading, pod: Object, ended: bool) -> dict[str, str | int | bool]:
        query: dict[str, str | int | bool] = {
            "container": main_container(pod),
            "timestamps": True,
            # Once it has ended the log is complete, and this is the last time that it is read.
            "follow": self._request.follow and not ended,
            "previous": self._request.previous,
        }
        reading.lines.resume()
        since = reading.lines.since
        if since is not None:
            query["sinceTime"] = since
        elif self._request.tail is not None:
            query["tailLines"] = self._request.tail
        return query

    def _kept(self, attempt: int) -> Recording | None:
        """What was recorded of the rank."""
        if self._request.previous:
            return None
        with contextlib.suppress(NotFound):
            return self._recorded(self._rank, attempt, self._request.tail)
        return None

    def _read(self, recording: Recording) -> Iterator[list[Line]]:
        rest, begins = b"", True
        with self._reading(recording):
            for chunk in recording:
                *whole, rest = (rest + chunk).split(b"\n")
                if whole:
                    first, *others = whole
                    lines = [Line(b"", raw + b"\n") for raw in others]
                    yield [Line(b"", first + b"\n", begins), *lines]
                    begins = True
                if len(rest) > LONGEST:
                    yield [Line(b"", rest, begins)]
                    rest, begins = b"", False
        if rest:
            yield [Line(b"", rest, begins)]

    @contextlib.contextmanager
    def _reading(self, source: Stream | Recording) -> Iterator[None]:
        """``source`` is ended by :meth:`close` meanwhile."""
        with self._lock:
            self._source = source
        try:
            if self._closed.is_set():
                source.close()
            yield
        finally:
            with self._lock:
                self._source = None
            source.close()


class _Reading:
    """How far the log of one pod is read."""

    def __init__(self, pod: Object, *, parts: bool) -> None:
        self.pod: str = pod["metadata"]["name"]
        self.lines = Lines(parts=parts)
        self.complete = False
        self.heard = time.monotonic()


def _without_record(line: Line) -> Line:
    text = log_record.shown(line.text)
    return line if text is line.text else line._replace(text=text)


def _attempt(found: PodOfRank) -> bytes:
    return b"[trainhub] attempt %d\n" % found.attempt


def _state(pod: Object) -> tuple[bool, bool]:
    """Whether the main container of ``pod`` has started, and whether it has ended for good."""
    status = pod.get("status", {})
    if status.get("phase") in ("Succeeded", "Failed"):
        return bool(status.get("containerStatuses")), True
    name = main_container(pod)
    for container in status.get("containerStatuses", []):
        if container["name"] == name:
            state = container.get("state", {})
            return "running" in state or "terminated" in state, "terminated" in state
    return False, False
