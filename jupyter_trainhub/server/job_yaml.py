"""``jobs/{name}/yaml``: the objects of a job."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE


class JobYamlHandler(ApiHandler):
    """What was applied, or what there is now, without secrets."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``?as=applied|live``, as ``text/yaml``; ``&download=true`` gives it a name."""
        kind = self.get_query_argument("as", "applied")
        download = self.flag("download")
        hub = await self.hub()
        text = await self.run(hub.jobs.yaml, name, kind)
        if download:
            self.set_header("Content-Disposition", f'attachment; filename="{name}-{kind}.yaml"')
        self.set_header("Cache-Control", "no-store")
        self.finish(text, set_content_type="text/yaml; charset=utf-8")
