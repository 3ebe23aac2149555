"""``instances/{name}/ssh``, ``jobs/{name}/ssh``: ways in; ``ssh/keys``: who may log in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE as JOBS
from jupyter_trainhub.specs.place import Place

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

RESOURCE = "trainhub:instances"


def authorized_keys() -> Path:
    """The file of the public keys with which this server's user may log in to instances."""
    return Path(jupyter_data_dir()) / "trainhub_authorized_keys"


class InstanceSshHandler(ApiHandler):
    """How to reach one instance by SSH."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``Ssh``. The instance's host key is made with the first question."""
        hub = await self.hub()
        place = Place("instance", name)
        address = None
        if await self._sshd(hub, name):
            address = (await self.run(hub.entrances.pod, place))["status"]["podIP"]
        self.finish(await self.run(_view, hub, place, _server(self), address))

    async def _sshd(self, hub: Hub, name: str) -> bool:
        try:
            return (await hub.looks.interfaces(name))["sshd"]
        except Conflict:
            # It does not run, so nothing is known of its image.
            return False


class JobSshHandler(ApiHandler):
    """How to reach the running pods of a job by SSH."""

    auth_resource = JOBS

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``{items}``, an ``Ssh`` with its ``rank`` for each; the host key is made meanwhile."""
        self.require_same_origin()
        hub = await self.hub()
        self.finish({"items": await self.run(self._items, hub, name)})

    def _items(self, hub: Hub, name: str) -> list[dict[str, Any]]:
        ranks = [
            pod["rank"] for pod in hub.entrances.job(name)["pods"] if pod["phase"] == "Running"
        ]
        return [
            {"rank": rank, **_view(hub, Place("job", name, rank), _server(self), None)}
            for rank in sorted(ranks)
        ]


class SshKeysHandler(ApiHandler):
    """The public keys with which the user may log in."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Adds ``{public_key}``; answers ``{fingerprint}``."""
        from jupyter_trainhub.ssh.authorized_keys import add

        text = self.json_object().get("public_key")
        if not isinstance(text, str):
            raise InvalidField(
                "a public key is missing",
                field="public_key",
                remedy="Send the text of a .pub file.",
            )
        self.finish({"fingerprint": await self.run(add, authorized_keys(), text)})


def _server(handler: ApiHandler) -> str:
    """The URL of this Jupyter server, as the browser has it."""
    return f"{handler.request.protocol}://{handler.request.host}{handler.base_url}"


def _view(hub: Hub, place: Place, server: str, sshd: str | None) -> dict[str, Any]:
    from jupyter_trainhub.ssh.host_key import host_key, public_key
    from jupyter_trainhub.ssh.view import ssh_view

    host = hub.entrances.host(place)
    public = public_key(host_key(hub.client, host.secret))
    view = ssh_view(place, host.uid, public, server=server, folder=host.folder, sshd=sshd)
    return {**view}
