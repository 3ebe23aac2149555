"""``runs``: what is kept of jobs that ran."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.contents import shown_folders
from jupyter_trainhub.server.jobs import RESOURCE

CHUNK = 1 << 18


class RunsHandler(ApiHandler):
    """All runs of the user."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``, the newest first; ``?search=`` for words that each occur in them."""
        hub = await self.hub()
        search = self.get_query_argument("search", "")
        self.finish({"items": await self.run(hub.runs.list, search)})


class RunHandler(ApiHandler):
    """One run."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """The run."""
        hub = await self.hub()
        self.finish(await self.run(hub.runs.get, run))

    @web.authenticated
    @authorized
    async def patch(self, run: str) -> None:
        """Pins it, or not, by ``{"pinned"}``."""
        pinned = self.json_object().get("pinned")
        if not isinstance(pinned, bool):
            raise InvalidField(
                "pinned must be true or false",
                field="pinned",
                remedy='Send {"pinned": true} or {"pinned": false}.',
            )
        hub = await self.hub()
        self.finish(await self.run(hub.runs.pin, run, pinned))

    @web.authenticated
    @authorized
    async def delete(self, run: str) -> None:
        """Deletes its record."""
        hub = await self.hub()
        await self.run(hub.runs.delete, run)
        self.set_status(204)
        self.finish()


class RunsComparisonHandler(RunHandler):
    """What differs between two runs.

    It shares its path with the run that may well be called ``compare``: there is none, for all
    names end with a number of their own.
    """

    @web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Of the runs ``?a=`` and ``?b=``."""
        a, b = (self.get_query_argument(name) for name in ("a", "b"))
        hub = await self.hub()
        self.finish(await self.run(hub.runs.compare, a, b))


class RunFilesHandler(ApiHandler):
    """The files of a record."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """``{items: [{path, size, modified}]}``."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.runs.files, run)})


class RunSubmitHandler(ApiHandler):
    """A run once more."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Submits its code and spec as a new job, called ``{"name"}`` or like the old one."""
        name = _text(self.json_object(), "name", needed=False)
        hub = await self.hub(start=True)
        view = await self.run(hub.runs.submit, run, name)
        self.set_status(201)
        self.finish(view)


class RunExportHandler(ApiHandler):
    """A record as a folder of the user's."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Copies it into ``{"folder"}``, a contents path or one inside the allowed roots."""
        folder = _text(self.json_object(), "folder", needed=True)
        roots = shown_folders(self.contents_manager)
        hub = await self.hub()
        target = await self.run(hub.runs.export_within, run, folder, roots)
        self.set_status(201)
        self.finish({"path": str(target)})


class StreamHandler(ApiHandler):
    """Base of what sends a part of a record piece by piece."""

    auth_resource = RESOURCE

    async def send(self, pieces: Iterator[bytes], close: Callable[[], None], name: str) -> None:
        """Sends all ``pieces``, as the file ``name`` with ``?download=true``, and closes them."""
        # What programs wrote is text to look at, whatever it may look like to a browser.
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        if self.flag("download"):
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        try:
            while (piece := await self.run(next, pieces, b"")) != b"":
                self.write(piece)
                await self.flush()
            self.finish(set_content_type="text/plain; charset=utf-8")
        except StreamClosedError:
            return
        finally:
            close()


class RunFileHandler(StreamHandler):
    """One file of a record."""

    @web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """The file ``?path=``."""
        path = self.get_query_argument("path")
        hub = await self.hub()
        file = await self.run(hub.runs.open, run, path)
        pieces = iter(partial(file.read, CHUNK), b"")
        await self.send(pieces, file.close, posixpath.basename(path))


class RunLogHandler(StreamHandler):
    """The log of a run."""

    @web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Of ``?rank=N`` or all, of ``?attempt=N`` or the last, the last lines with ``?tail=N``."""
        rank = (
            None if self.get_query_argument("rank", "all") == "all" else self.count("rank", least=0)
        )
        attempt, tail = self.count("attempt", least=1), self.count("tail", least=0)
        hub = await self.hub()
        log = await self.run(hub.runs.log, run, rank, attempt, tail, records=False)
        of_rank = "" if rank is None else f"-rank-{rank}"
        await self.send(log, log.close, f"{run}{of_rank}.log")


def _text(body: dict[str, Any], name: str, *, needed: bool) -> Any:
    value = body.get(name)
    if (value is None and not needed) or (isinstance(value, str) and value):
        return value
    raise InvalidField(f"{name} must be a text", field=name, remedy=f'Send {{"{name}": "…"}}.')
