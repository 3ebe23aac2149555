"""The ends of several pods' logs at once, within a time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.pod import main_container

THREADS = 8
# The lines that are read: container runtimes begin a new one after 16 KiB, so this is bounded.
_LINES = 100

# Takes the end of a pod's log, each line with its time; empty where it cannot be read.
Taken = Callable[[bytes], None]


class Tails:
    """Reads ends of logs. Threads that hang on a node do not keep a program from its end."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._containers: dict[str, str] = {}

    def read(self, wanted: Iterable[tuple[str, Taken]], seconds: float) -> None:
        """Read the logs of pods, each for whoever takes it; return when all are, or after a time.

        Those that come later are taken all the same.
        """
        work: queue.SimpleQueue[tuple[str, Taken]] = queue.SimpleQueue()
        count = 0
        for item in wanted:
            work.put(item)
            count += 1
        done = threading.Semaphore(0)
        for _ in range(min(THREADS, count)):
            name = "trainhub-progress-tail"
            threading.Thread(target=self._work, args=(work, done), name=name, daemon=True).start()
        deadline = time.monotonic() + seconds
        for _ in range(count):
            if not done.acquire(timeout=max(0.0, deadline - time.monotonic())):
                return

    def _work(self, work: queue.SimpleQueue[tuple[str, Taken]], done: threading.Semaphore) -> None:
        while True:
            try:
                pod, taken = work.get_nowait()
            except queue.Empty:
                return
            try:
                taken(self._tail(pod))
            except TrainHubError:
                # Its pod or node is gone, or may not be read.
                taken(b"")
            finally:
                done.release()

    def _tail(self, pod: str) -> bytes:
        if pod not in self._containers:
            self._containers[pod] = main_container(self._client.get(PODS, pod))
        parameters: dict[str, str | int | bool] = {
            "container": self._containers[pod],
            "tailLines": _LINES,
            "timestamps": True,
        }
        return b"".join(self._client.stream(PODS, pod, "log", parameters))
