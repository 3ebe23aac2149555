"""``jobs/{name}/logs``: what a job prints, as it prints it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_trainhub.errors import InvalidField, TrainHubError
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE

if TYPE_CHECKING:
    from jupyter_trainhub.hub.logs import JobLog

ALL = "all"


class JobLogsHandler(ApiHandler):
    """The log of one rank or of all, streamed."""

    auth_resource = RESOURCE

    _job_log: JobLog | None = None

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``?rank=all|N&follow=true&tail=N``, as ``text/plain`` in chunks.

        The next chunk is read when the browser has taken the last one, and nothing is kept.
        """
        rank = None if self.get_query_argument("rank", ALL) == ALL else self.count("rank", least=0)
        follow, tail = self._follow(), self.count("tail", least=0)
        hub = await self.hub()
        self._job_log = await self.run(hub.jobs.logs, name, rank, follow=follow, tail=tail)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        # nginx, where it stands in front, would hold the log back to fill its buffers.
        self.set_header("X-Accel-Buffering", "no")
        try:
            await self._stream(self._job_log)
        except StreamClosedError:
            return
        finally:
            self._job_log.close()

    async def _stream(self, log: JobLog) -> None:
        await self.flush()
        loop = asyncio.get_running_loop()
        # A thread of its own: a log can be silent for hours, and the shared threads are few.
        with_thread = ThreadPoolExecutor(1, thread_name_prefix="trainhub-log")
        try:
            while (chunk := await loop.run_in_executor(with_thread, next, log, None)) is not None:
                self.write(chunk)
                await self.flush()
        except TrainHubError as error:
            # The status is sent, so the reason can only stand where the log breaks off.
            self.write(f"\n{error}\n")
        finally:
            with_thread.shutdown(wait=False)
        self.finish(set_content_type="text/plain; charset=utf-8")

    def _follow(self) -> bool:
        text = self.get_query_argument("follow", "false")
        if text not in ("true", "false"):
            raise InvalidField(
                f"follow must be true or false, not {text!r}",
                field="follow",
                remedy="Send follow=true, or leave it out.",
            )
        return text == "true"

    def on_connection_close(self) -> None:
        """Ends the log when nobody reads it any more."""
        super().on_connection_close()
        if self._job_log is not None:
            self._job_log.close()
