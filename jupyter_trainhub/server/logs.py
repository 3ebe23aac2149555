"""``jobs/{name}/logs``: what a job prints, as it prints it, or to download."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE

if TYPE_CHECKING:
    from jupyter_trainhub.hub.jobs.log.reader import JobLog

ALL = "all"


class JobLogsHandler(ApiHandler):
    """The log of one rank or of all, streamed."""

    auth_resource = RESOURCE

    _job_log: JobLog | None = None

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``?rank=all|N&attempt=N&previous=true&timestamps=true&follow=true&tail=N&download=true``.

        It is ``text/plain`` in chunks. The next chunk is read when the browser has taken the last
        one, and nothing is kept.
        """
        asked = self._asked()
        download = self.flag("download")
        hub = await self.hub()
        self._job_log = log = await self.run(hub.jobs.logs, name, **asked)
        # A thread of its own: a log can be silent for hours, and the shared threads are few.
        thread = ThreadPoolExecutor(1, thread_name_prefix="trainhub-log")
        try:
            # What cannot be read at all is an answer with a status, unless it may be waited for.
            first = b"" if asked["follow"] else await self._next(log, thread)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.set_header("Cache-Control", "no-store")
            # nginx, where it stands in front, would hold the log back to fill its buffers.
            self.set_header("X-Accel-Buffering", "no")
            if download:
                # Names of jobs need no quotes.
                self.set_header(
                    "Content-Disposition", f'attachment; filename="{_file(name, asked)}"'
                )
            await self._stream(first, log, thread, download)
        except StreamClosedError:
            return
        finally:
            log.close()
            thread.shutdown(wait=False)

    def _asked(self) -> dict[str, Any]:
        rank = self.get_query_argument("rank", ALL)
        return {
            "rank": None if rank == ALL else self.count("rank", least=0),
            "attempt": self.count("attempt", least=1),
            "tail": self.count("tail", least=0),
            **{name: self.flag(name) for name in ("previous", "timestamps", "follow")},
        }

    async def _stream(
        self, chunk: bytes | None, log: JobLog, thread: ThreadPoolExecutor, download: bool
    ) -> None:
        try:
            while chunk is not None:
                self.write(chunk)
                await self.flush()
                chunk = await self._next(log, thread)
        except TrainHubError as error:
            # The status is sent, so the reason can only stand where the log breaks off.
            self.write(f"\n{error}\n")
            if download:
                # A browser takes for complete what ends in order.
                await self.flush()
                self.request.connection.stream.close()  # type: ignore[union-attr]
                return
        self.finish(set_content_type="text/plain; charset=utf-8")

    @staticmethod
    async def _next(log: JobLog, thread: ThreadPoolExecutor) -> bytes | None:
        return await asyncio.get_running_loop().run_in_executor(thread, next, log, None)

    def on_connection_close(self) -> None:
        """Ends the log when nobody reads it any more."""
        super().on_connection_close()
        if self._job_log is not None:
            self._job_log.close()


def _file(name: str, asked: dict[str, Any]) -> str:
    """What to call a log on the user's machine."""
    parts = [f"{part}-{asked[part]}" for part in ("attempt", "rank") if asked[part] is not None]
    return "-".join([name, *parts, *(["previous"] if asked["previous"] else [])]) + ".log"
