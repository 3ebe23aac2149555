"""The logs of pods that are about to go: opened before, read until the pods have ended."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.runs.folder import RunFolder
from jupyter_trainhub.hub.runs.log import saved_name, write_log
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.kube.stream import Stream
from jupyter_trainhub.manifests.frameworks.environment import GRACE
from jupyter_trainhub.manifests.frameworks.template import LAUNCHER_MARGIN
from jupyter_trainhub.manifests.pod import main_container

# Seconds that a pod has at most to end, and a moment to notice it.
LONGEST = GRACE + LAUNCHER_MARGIN + 15.0

# Logs that are read at once, each by a connection and a thread of its own; of a larger job the
# others are left out. And the seconds for which opening them may hold up a stop.
MOST = 64
_OPENING = 10.0

_log = logging.getLogger(__name__)


class LastLogs:
    """Reads the logs of ``pods`` to their ends, each in a thread, into ``folder``.

    All are opened when it is made, so that somebody may tell the pods to end then. ``limit`` is the
    most bytes to keep of each, ``done`` is called once after the last. A log that cannot be read or
    written is left out: the record then says so.
    """

    def __init__(
        self,
        client: KubeClient,
        folder: RunFolder,
        pods: Sequence[View],
        limit: int,
        done: Callable[[], None],
    ) -> None:
        self._client = client
        self._folder = folder
        self._limit = limit
        self._done = done
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._left = len(pods[:MOST])
        self._opened = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._read, args=(pod,), name="trainhub-last-log", daemon=True)
            for pod in pods[:MOST]
        ]
        # A pod whose node is lost never ends, and neither does its log.
        self._alarm = threading.Timer(LONGEST, self._close)
        self._alarm.daemon = True
        self._alarm.start()
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + _OPENING
        for _ in self._threads:
            self._opened.acquire(timeout=max(0.0, deadline - time.monotonic()))

    def wait(self, seconds: float = LONGEST + 5.0) -> None:
        """Wait until all have been read, at most ``seconds``."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _close(self) -> None:
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    def _read(self, pod: View) -> None:
        try:
            stream = self._open(pod)
        except TrainHubError as error:
            _log.info("the last log of %s cannot be read: %s", pod["name"], error)
            stream = None
        finally:
            self._opened.release()
        try:
            if stream is not None:
                name = saved_name(pod.get("attempt") or 1, pod["rank"])
                with contextlib.closing(stream), self._folder.replacing(name) as file:
                    write_log(file, stream, self._limit, self._folder.path)
        except (TrainHubError, OSError) as error:
            _log.warning("the last log of %s is not kept: %s", pod["name"], error)
        finally:
            with self._lock:
                if stream is not None:
                    self._streams.discard(stream)
                self._left -= 1
                last = not self._left
            if last:
                self._alarm.cancel()
                self._done()

    def _open(self, pod: View) -> Stream:
        container = main_container(self._client.get(PODS, pod["name"]))
        stream = self._client.stream(
            PODS, pod["name"], "log", {"container": container, "follow": True}
        )
        with self._lock:
            self._streams.add(stream)
        return stream
