"""The logs of pods while they run, to their last lines: what a node puts aside, or loses with the
pod, cannot be read afterwards.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from jupyter_trainhub.errors import ClusterUnavailable, TrainHubError
from jupyter_trainhub.hub.runs.folder import RunFolder
from jupyter_trainhub.hub.runs.log import saved_name, write_log
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.kube.stream import Stream
from jupyter_trainhub.manifests.frameworks.environment import GRACE
from jupyter_trainhub.manifests.frameworks.template import LAUNCHER_MARGIN
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import main_container

# Seconds that a pod has at most to end, and a moment to notice it.
LONGEST = GRACE + LAUNCHER_MARGIN + 15.0
# Logs that are read at once, each by a connection and a thread of its own. Those of other pods are
# read when they have ended, as far as their nodes still have them.
MOST = 128
# The seconds for which opening logs may hold up a stop, and between two tries to open one again.
_OPENING = 10.0
_PAUSE = 2.0
# Seconds without the cluster after which a log is given up, to be read anew by whoever finds it.
_LONGEST_OUTAGE = 3600.0
# Seconds after which a log that could not be kept is read anew.
_AGAIN = 60.0

_log = logging.getLogger(__name__)

# Takes a run, an attempt, and what was written.
Heard = Callable[[str, int, bytes], None]


class PodLog:
    """Reads the log of one pod into a record, in a thread, until the pod ends or :meth:`close`."""

    def __init__(
        self,
        client: KubeClient,
        folder: RunFolder,
        pod: View,
        limit: int,
        done: Callable[[bool], None],
        heard: Callable[[bytes], None],
    ) -> None:
        """``limit`` is in bytes; ``done(kept)`` is called at the end, ``heard`` with each chunk."""
        self._client = client
        self._folder = folder
        self._pod = pod
        self._limit = limit
        self._done = done
        self._heard = heard
        self._closed = threading.Event()
        self._stream: Stream | None = None
        self.opened = threading.Event()
        self._thread = threading.Thread(target=self._read, name="trainhub-pod-log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; what was read so far is kept."""
        self._closed.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    def _read(self) -> None:
        name = saved_name(self._pod.get("attempt") or 1, self._pod["rank"])
        kept = False
        try:
            chunks = self._chunks()
            # Nothing is written of a pod that is gone before anything could be read.
            first = next(chunks, None)
            if first is not None:
                with self._folder.replacing(name, if_longer=True) as file:
                    file.write(first)
                    write_log(file, chunks, self._limit, self._folder.path)
            kept = True
        except (TrainHubError, OSError) as error:
            _log.warning("the log of %s is not kept: %s", self._pod["name"], error)
        finally:
            self.opened.set()
            self._done(kept)

    def _chunks(self) -> Iterator[bytes]:
        """What the container has written and goes on to write, over connections that break."""
        parameters: dict[str, str | int | bool] = {"follow": True}
        begun, heard = False, time.monotonic()
        while not self._closed.is_set():
            try:
                for chunk in self._once(parameters):
                    begun, heard = True, time.monotonic()
                    self._heard(chunk)
                    yield chunk
                if self._closed.is_set() or self._ends():
                    return
            except ClusterUnavailable:
                if time.monotonic() - heard > _LONGEST_OUTAGE:
                    raise
            except TrainHubError:
                # The pod is gone.
                if begun:
                    return
                raise
            self._closed.wait(_PAUSE)
            # Some lines may come twice, which is better than that some are missing.
            parameters["sinceSeconds"] = int(time.monotonic() - heard) + 2

    def _once(self, parameters: dict[str, str | int | bool]) -> Iterator[bytes]:
        pod = self._client.get(PODS, self._pod["name"])
        parameters["container"] = main_container(pod)
        self._stream = self._client.stream(PODS, self._pod["name"], "log", parameters)
        self.opened.set()
        with contextlib.closing(self._stream):
            yield from self._stream

    def _ends(self) -> bool:
        """Whether the pod has ended, as the log has; its status may be a moment behind."""
        for _ in range(10):
            if _has_ended(self._client.get(PODS, self._pod["name"])):
                return True
            if self._closed.wait(_PAUSE / 4):
                return True
        return False


class LastLogs:
    """The logs of some pods that are about to end, which are being read."""

    def __init__(self, logs: Sequence[PodLog]) -> None:
        self._logs = logs
        # A pod whose node is lost never ends, and neither does its log.
        alarm = threading.Timer(LONGEST, self.close)
        alarm.daemon = True
        alarm.start()
        deadline = time.monotonic() + _OPENING
        for log in logs:
            log.opened.wait(max(0.0, deadline - time.monotonic()))

    def wait(self, seconds: float = LONGEST + 5.0) -> None:
        """Wait until all have been read, at most ``seconds``."""
        deadline = time.monotonic() + seconds
        for log in self._logs:
            log.join(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """End them now; what was read so far is kept."""
        for log in self._logs:
            log.close()


class PodLogs:
    """The logs that this process reads."""

    def __init__(self, client: KubeClient, done: Callable[[str], None], heard: Heard) -> None:
        """``done(run)`` is told when one has been read to its end, ``heard`` what the first ranks
        write.
        """
        self._client = client
        self._done = done
        self._heard = heard
        self._lock = threading.Lock()
        self._logs: dict[tuple[str, str], PodLog] = {}
        # Those that failed, and the time of a clock at which they are tried again.
        self._failed: dict[tuple[str, str], float] = {}

    def follow(self, folder: RunFolder, pods: Sequence[View], limit: int) -> list[PodLog]:
        """Read the logs of ``pods`` from now on, each at most once; ``limit`` in bytes for each."""
        found = []
        with self._lock:
            for pod in pods:
                key = folder.run, pod["name"]
                free = key not in self._logs and len(self._logs) < MOST
                if free and self._failed.get(key, 0.0) <= time.monotonic():
                    first = partial(self._heard, folder.run, pod.get("attempt") or 1)
                    self._logs[key] = PodLog(
                        self._client,
                        folder,
                        pod,
                        limit,
                        partial(self._forget, key),
                        first if pod["rank"] == 0 else lambda chunk: None,
                    )
                if key in self._logs:
                    found.append(self._logs[key])
        return found

    def reads(self, run: str, pod: str) -> bool:
        """Whether the log of a pod is being read."""
        with self._lock:
            return (run, pod) in self._logs

    def _forget(self, key: tuple[str, str], kept: bool) -> None:
        with self._lock:
            self._logs.pop(key, None)
            if kept:
                self._failed.pop(key, None)
            else:
                self._failed[key] = time.monotonic() + _AGAIN
        self._done(key[0])


def _has_ended(pod: Object) -> bool:
    """Whether the main container of a pod will not write any more."""
    if pod["status"].get("phase") in ("Succeeded", "Failed"):
        return True
    main = main_container(pod)
    return any(
        "terminated" in status.get("state", {})
        for status in pod["status"].get("containerStatuses") or ()
        if status["name"] == main
    )
