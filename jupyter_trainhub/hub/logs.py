"""The log of a job while it is written: one pod's as it is, or all ranks' in one.

Kubernetes ends a followed log when the container ends, but also when a connection breaks or an API
server restarts. Each pod's log is therefore read on from where it was until the container has
ended.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jupyter_trainhub.errors import ClusterRefused, ClusterUnavailable, NotFound, TrainHubError
from jupyter_trainhub.hub.waiting import LONGEST_OUTAGE
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.kube.stream import Stream
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER

log = logging.getLogger(__name__)

# Seconds between two looks at a pod that has not started, or whose log broke off.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
# Chunks that may wait for a slow reader before the ranks are made to wait.
_WAITING_CHUNKS = 64
# A line longer than this is passed on in parts, so that no program can fill the memory.
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class PodOfRank:
    """The pod that is or was a rank; none yet, with ``ended`` when none will come."""

    pod: Object | None
    ended: bool


FindPod = Callable[[int], PodOfRank]


class JobLog:
    """Chunks of bytes of a job's log, for one reader. :meth:`close` may be called by any thread.

    With one rank the chunks are what the pod wrote. With several each line starts with ``[rank] ``,
    and lines of one rank keep their order. ``find(rank)`` gives the present pod of a rank.
    """

    def __init__(
        self,
        client: KubeClient,
        ranks: Sequence[int],
        find: FindPod,
        *,
        prefixed: bool,
        follow: bool,
        tail: int | None,
    ) -> None:
        self._client = client
        self._find = find
        self._prefixed = prefixed
        self._follow = follow
        self._tail = tail
        self._chunks: queue.Queue[bytes | TrainHubError | None] = queue.Queue(_WAITING_CHUNKS)
        self._closed = threading.Event()
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()
        self._running = len(ranks)
        self._threads = [
            threading.Thread(
                target=self._read, args=(rank,), name=f"trainhub-log-{rank}", daemon=True
            )
            for rank in ranks
        ]
        self._begun = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next chunk. Raises what the cluster refused, after what could be read."""
        if not self._begun:
            self._begun = True
            for thread in self._threads:
                thread.start()
        while not self._closed.is_set():
            chunk = self._chunks.get()
            if isinstance(chunk, TrainHubError):
                self.close()
                raise chunk
            if chunk is None:
                self.close()
            else:
                return chunk
        raise StopIteration

    def close(self) -> None:
        """End the log now, also for a reader that waits for the next chunk."""
        self._closed.set()
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()
        with contextlib.suppress(queue.Full):
            self._chunks.put_nowait(None)

    def _read(self, rank: int) -> None:
        failure: TrainHubError | None = None
        try:
            for chunk in self._of_rank(rank):
                self._put(chunk)
        except TrainHubError as error:
            failure = error
        except Exception as error:
            # A rank that ends without a word would leave the reader waiting for ever.
            log.exception("The log of rank %d broke off", rank)
            failure = TrainHubError(f"the log of rank {rank} broke off: {error}")
        with self._lock:
            self._running -= 1
            last = self._running == 0
        if failure is not None and not self._closed.is_set():
            self._put(failure)
        elif last:
            self._put(None)

    def _put(self, chunk: bytes | TrainHubError | None) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._chunks.put(chunk, timeout=1.0)
                return

    def _of_rank(self, rank: int) -> Iterator[bytes]:
        written = self._written(rank)
        if not self._prefixed:
            yield from written
            return
        prefix, rest = b"[%d] " % rank, b""
        for chunk in written:
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            if lines:
                yield b"".join(prefix + line + b"\n" for line in lines)
        if rest:
            yield prefix + rest + b"\n"

    def _written(self, rank: int) -> Iterator[bytes]:
        """What the rank's container has written, and while following, what it goes on to write."""
        seen, last_seen, pause = 0, 0.0, _SHORTEST_PAUSE
        last_heard = time.monotonic()
        while not self._closed.is_set():
            try:
                found = self._find(rank)
            except ClusterUnavailable:
                if not self._follow or time.monotonic() - last_heard > LONGEST_OUTAGE:
                    raise
                self._closed.wait(pause)
                continue
            last_heard = time.monotonic()
            started, ended = _container_state(found.pod)
            if found.pod is not None and started:
                before = seen
                # Once it has ended the log is complete, and this is the last time that it is read.
                follow = self._follow and not ended
                for chunk in self._once(found.pod, seen, last_seen, follow=follow):
                    seen, last_seen = seen + len(chunk), time.monotonic()
                    yield chunk
                if seen > before:
                    pause = _SHORTEST_PAUSE
            if ended or found.ended or not self._follow:
                return
            self._closed.wait(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _once(self, pod: Object, seen: int, last_seen: float, *, follow: bool) -> Iterator[bytes]:
        """The log after ``seen`` bytes, until the server ends it or the connection breaks."""
        parameters: dict[str, str | int | bool] = {"container": CONTAINER}
        skip = seen
        if follow:
            parameters["follow"] = True
        if self._tail is not None and not seen:
            parameters["tailLines"] = self._tail
        elif self._tail is not None and follow:
            # How many bytes came before a tail is not known, so it goes on from a time instead;
            # a line may come twice, which is better than one missing.
            parameters["sinceSeconds"] = int(time.monotonic() - last_seen) + 1
            skip = 0
        elif self._tail is not None:
            return
        try:
            stream = self._client.stream(PODS, pod["metadata"]["name"], "log", parameters)
        except (NotFound, ClusterRefused, ClusterUnavailable):
            # Between looking and asking the pod may have gone, or not have started after all.
            return
        with self._lock:
            self._streams.add(stream)
        try:
            if self._closed.is_set():
                return
            for chunk in stream:
                fresh = chunk[skip:]
                skip = max(0, skip - len(chunk))
                if fresh:
                    yield fresh
        except ClusterUnavailable:
            return
        finally:
            with self._lock:
                self._streams.discard(stream)
            stream.close()


def _container_state(pod: Object | None) -> tuple[bool, bool]:
    """Whether the container of ``pod`` has started, and whether it has ended for good."""
    status = (pod or {}).get("status", {})
    if status.get("phase") in ("Succeeded", "Failed"):
        return bool(status.get("containerStatuses")), True
    for container in status.get("containerStatuses", []):
        if container["name"] == CONTAINER:
            state = container.get("state", {})
            return "running" in state or "terminated" in state, "terminated" in state
    return False, False
