"""A job's log for one reader: chunks of bytes, read by threads."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.jobs.log.lines import Line
from jupyter_trainhub.hub.jobs.log.merging import Merge
from jupyter_trainhub.hub.jobs.log.rank_log import FindPod, RankLog, Recorded
from jupyter_trainhub.hub.jobs.log.request import LogRequest
from jupyter_trainhub.kube.client import KubeClient

log = logging.getLogger(__name__)


class JobLog:
    """Chunks of bytes of a job's log. :meth:`close` may be called by any thread.

    With one rank the chunks are what its pods wrote. With all, each line starts with ``[rank] ``,
    lines of one rank keep their order, and those of several are in that of their times.
    """

    def __init__(
        self,
        client: KubeClient,
        ranks: range,
        find: FindPod,
        recorded: Recorded,
        request: LogRequest,
    ) -> None:
        """``find(rank)`` gives its present pod, ``recorded(rank, attempt)`` what was kept of it."""
        self._request = request
        self._merge = Merge(ranks, live=request.follow)
        self._logs = {rank: RankLog(client, rank, find, recorded, request) for rank in ranks}
        self._begun = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next chunk. Raises what the cluster refused, after what could be read."""
        if not self._begun:
            self._begun = True
            for rank in self._logs:
                name = f"trainhub-log-{rank}"
                threading.Thread(target=self._read, args=(rank,), name=name, daemon=True).start()
        try:
            taken = self._merge.take()
        except TrainHubError:
            self.close()
            raise
        if not taken:
            self.close()
            raise StopIteration
        return b"".join(self._shown(rank, line) for rank, line in taken)

    def close(self) -> None:
        """End the log now, also for a reader that waits for the next chunk."""
        self._merge.close()
        for rank_log in self._logs.values():
            rank_log.close()

    def _read(self, rank: int) -> None:
        failure: TrainHubError | None = None
        try:
            with contextlib.closing(iter(self._logs[rank])) as pieces:  # type: ignore[type-var]
                for lines in pieces:
                    self._merge.put(rank, lines)
        except TrainHubError as error:
            failure = error
        except Exception as error:
            # A rank that ends without a word would leave the reader waiting for ever.
            log.exception("The log of rank %d broke off", rank)
            failure = TrainHubError(f"the log of rank {rank} broke off: {error}")
        self._merge.end(rank, failure)

    def _shown(self, rank: int, line: Line) -> bytes:
        text = line.text
        if line.begins and self._request.timestamps and line.stamp:
            text = line.stamp + b" " + text
        if self._request.rank is not None:
            return text
        return b"[%d] %s%s" % (rank, text, b"" if text.endswith(b"\n") else b"\n")
