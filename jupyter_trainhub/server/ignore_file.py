"""``notebooks/ignore``: which files beside a notebook do not travel with its jobs.

The contents API shows no hidden files unless it is told to.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook.ignore_file import read_ignored, write_ignored
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.contents import notebook_file


class IgnoreFileHandler(ApiHandler):
    """The ``.trainhubignore`` in the folder of the notebook ``?path=``."""

    auth_resource = "trainhub:jobs"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{text, exists}``; where there is none, a text to begin with."""
        text, exists = await self.run(read_ignored, self._folder())
        self.finish({"text": text, "exists": exists})

    @web.authenticated
    @authorized
    async def put(self) -> None:
        """Makes ``{text}`` its content."""
        text = self.json_object().get("text")
        if not isinstance(text, str):
            raise InvalidField(
                "text must be a text", field="text", remedy='Send {"text": "data/"}.'
            )
        await self.run(write_ignored, self._folder(), text)
        self.set_status(204)
        self.finish()

    def _folder(self) -> Path:
        path = self.get_query_argument("path", "")
        return notebook_file(self.contents_manager, path, field="path").parent
